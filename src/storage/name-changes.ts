// What becomes of names without any bytes that come: folders are made, and files and empty folders are removed. Each is
// one step of the file system, in the folder that was opened, under the lock of the name.

import { join } from "node:path";
import { type Coordinator, NO_CLAIM, NOTHING } from "./coordinator.ts";
import { tagOf } from "./entity-tag.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { actInRoom, ONE_FILE } from "./ledger.ts";
import type { ObjectName } from "./object-name.ts";
import { isTooLong } from "./place.ts";
import { removeAndFree, removeQuietly, syncFolder } from "./publish.ts";
import { Reservation } from "./reservation.ts";
import type { ServedRoot } from "./served-root.ts";
import type { Condition, Removal, WriteFault } from "./storage.ts";
import { LeadsOutside, systemCode, writeFault } from "./system-fault.ts";
import { lookAtTarget, lstatIfAny, type Target } from "./target.ts";
import { walk, walkStraight } from "./way.ts";

/** What the changes of a storage share. */
export interface ChangeHouse {
  readonly root: ServedRoot;
  readonly coordinator: Coordinator;
  readonly settings: { readonly fsync: boolean };
}

/** Makes a folder in one that is there. Null: it is made. */
export async function makeFolder(
  house: ChangeHouse,
  calls: FileCalls,
  name: ObjectName,
  condition: Condition | null,
): Promise<WriteFault | null> {
  if (isTooLong(name)) return "bad-name";
  try {
    await house.root.make(calls);
    return await inFolderOf(house, calls, name, async (folder) => {
      const target = await lookAtTarget(house.root, calls, folder, name);
      if (condition !== null && !condition(target.entry)) return "precondition";
      return target.own === null ? makeIn(house, calls, folder, name.base) : "exists";
    });
  } catch (error) {
    return parentFault(error);
  }
}

/** The same faults for all that has to lie in a folder that is there. Throws what is none of the system's. */
export function parentFault(error: unknown): WriteFault {
  return systemCode(error) === "ENOENT" && !(error instanceof LeadsOutside) ? "no-parent" : writeFault(error);
}

async function makeIn(
  { coordinator }: ChangeHouse,
  calls: FileCalls,
  folder: Folder,
  base: string,
): Promise<WriteFault | null> {
  const reservation = new Reservation(coordinator, calls, folder, 0);
  let made = NOTHING;
  try {
    const fault = await reservation.begin(1);
    if (fault !== null) return fault;
    await actInRoom(coordinator.ledger, ONE_FILE, () => calls.mkdir(folder.at(base)));
    made = { bytes: 0, files: 1 };
    return null;
  } catch (error) {
    // Another process was quicker.
    if (systemCode(error) === "EEXIST") return "exists";
    throw error;
  } finally {
    reservation.settle(made);
  }
}

/** Removes a file, or a folder that is empty. Null: it is gone. */
export async function removeName(
  house: ChangeHouse,
  calls: FileCalls,
  { name, isFolder, condition }: Removal,
): Promise<WriteFault | null> {
  if (name.base === "") return "not-allowed";
  try {
    return await inFolderOf(house, calls, name, async (folder) => {
      const target = await lookAtTarget(house.root, calls, folder, name);
      const { entry } = target;
      if (entry === null || (isFolder && entry.type === "file")) return "missing";
      if (condition !== null && !condition(entry)) return "precondition";
      return removeIn(house, calls, folder.at(name.base), target);
    });
  } catch (error) {
    return nameFault(error);
  }
}

/** What the server itself wants to go: a version of a file, by its name without links. */
export interface Discard {
  readonly name: ObjectName;
  /** Of the version, were it strong. */
  readonly tag: string;
}

/**
 * Removes a file that is still this version, and lies where it was seen: what a link leads to by now is another one, and
 * stays. Whoever writes to the name is not waited for: that is another version soon ("in-use"). Null: it is gone, and the
 * disk has its room.
 */
export async function discardFile(
  { root, coordinator }: ChangeHouse,
  calls: FileCalls,
  { name, tag }: Discard,
): Promise<WriteFault | "in-use" | null> {
  try {
    const folder = await walkStraight(root, calls, name.parent.segments);
    try {
      const release = await coordinator.tryLock(join(folder.realPath, name.base));
      if (release === null) return "in-use";
      return await discardIn(coordinator, calls, folder.at(name.base), tag).finally(release);
    } finally {
      folder.close();
    }
  } catch (error) {
    return nameFault(error);
  }
}

async function discardIn(
  coordinator: Coordinator,
  calls: FileCalls,
  path: string,
  tag: string,
): Promise<WriteFault | null> {
  const stats = await lstatIfAny(calls, path);
  if (stats?.isFile() !== true) return "missing";
  if (tagOf(stats, false) !== tag) return "precondition";
  await removeAndFree(calls, path, Number(stats.size));
  coordinator.settle(NO_CLAIM, { bytes: -Number(stats.size), files: -1 });
  return null;
}

/** As `parentFault`, for what has to be there itself. */
export function nameFault(error: unknown): WriteFault {
  const code = systemCode(error);
  return code === "ENOTDIR" || code === "ENOENT" || code === "ELOOP" ? "missing" : writeFault(error);
}

/** A link goes by itself; what it leads to stays. */
async function removeIn(
  { coordinator }: ChangeHouse,
  calls: FileCalls,
  path: string,
  { own, entry, usage }: Target,
): Promise<WriteFault | null> {
  if (own?.isDirectory() === true) {
    try {
      await calls.rmdir(path);
    } catch (error) {
      // POSIX lets a system say either.
      if (systemCode(error) === "ENOTEMPTY" || systemCode(error) === "EEXIST") return "not-empty";
      throw error;
    }
    coordinator.settle(NO_CLAIM, { bytes: 0, files: -1 });
    return null;
  }
  if (entry?.type === "directory") return "is-directory";
  await removeQuietly(calls, path, usage.bytes, () => calls.unlink(path));
  coordinator.settle(NO_CLAIM, { bytes: -usage.bytes, files: -usage.files });
  return null;
}

/** Acts in the folder that holds the name, while nobody else of this server writes to it, and puts on the disk what was done. */
async function inFolderOf(
  { root, coordinator, settings }: ChangeHouse,
  calls: FileCalls,
  name: ObjectName,
  act: (folder: Folder) => Promise<WriteFault | null>,
): Promise<WriteFault | null> {
  const folder = await walk(root, calls, name.parent.segments, null);
  try {
    const release = await coordinator.lock([join(folder.realPath, name.base)]);
    try {
      const fault = await act(folder);
      if (fault !== null || !settings.fsync) return fault;
      return (await syncFolder(calls, folder)) ? null : "not-durable";
    } finally {
      release();
    }
  } finally {
    folder.close();
  }
}
