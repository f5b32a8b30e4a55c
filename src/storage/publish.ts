// Single steps by which names change hands.

import { constants } from "node:fs";
import { type FileCalls, LARGE_BYTES } from "./file-calls.ts";
import { type Folder, O_PATH } from "./folder.ts";
import { HAS_PROC } from "./real-path.ts";
import { systemCode } from "./system-fault.ts";
import { lstatIfAny } from "./target.ts";

const FOLDER_READ_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;
/** A file system that has no such thing as a folder that is synced. */
const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** How file systems say that they have no hard links, or none for this file. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "EACCES",
  "EROFS",
  "EXDEV",
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** Acts while nobody else of this server writes to the path; false when somebody does already. */
export type Alone = (act: () => Promise<boolean>) => Promise<boolean>;

/**
 * Gives the temporary file a name if nothing has it; false when something has. `alone` is for file systems without links,
 * where one name has to be kept from the other writers of this server.
 */
export async function createExclusively(
  calls: FileCalls,
  temporary: string,
  path: string,
  alone: Alone,
): Promise<boolean> {
  try {
    await calls.link(temporary, path);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (!NO_LINKS.has(systemCode(error))) throw error;
    // Exclusive among those only who create by this server: without links there is nothing better.
    return alone(() => renameIfFree(calls, temporary, path));
  }
  try {
    await calls.unlink(temporary);
  } catch {
    // The file has its name, which is what was asked for; the sweep comes after the other one.
  }
  return true;
}

async function renameIfFree(calls: FileCalls, temporary: string, path: string): Promise<boolean> {
  if ((await lstatIfAny(calls, path)) !== null) return false;
  await calls.rename(temporary, path);
  return true;
}

/**
 * Does what takes a large file its last name (removes it, unless told otherwise), without waiting for the system to free
 * what it held. Rejects with the error of what was told; a mere removal never rejects.
 */
export async function removeQuietly(
  calls: FileCalls,
  path: string,
  size: number,
  act?: () => Promise<void> | void,
): Promise<void> {
  const held = size < LARGE_BYTES || !HAS_PROC ? null : await hold(calls, path);
  try {
    if (act !== undefined) await act();
    else await calls.unlink(path);
  } catch (error) {
    if (act !== undefined) throw error;
    // The sweep comes after it.
  } finally {
    if (held !== null) void calls.closeLater(held).catch(() => {});
  }
}

/** Removes a file off the event loop, where that may take its time. Resolves when the disk has got back what it held. */
export async function removeAndFree(calls: FileCalls, path: string, size: number): Promise<void> {
  const held = size < LARGE_BYTES || !HAS_PROC ? null : await hold(calls, path);
  try {
    await calls.unlink(path);
  } finally {
    if (held !== null) await calls.closeLater(held).catch(() => {});
  }
}

/** An open descriptor keeps the content; this one does not act on what it opens. */
async function hold(calls: FileCalls, path: string): Promise<number | null> {
  try {
    return await calls.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | O_PATH);
  } catch {
    return null;
  }
}

/** What somebody else has put in its place meanwhile stays. */
export async function removeIfOwn(calls: FileCalls, path: string, inode: bigint): Promise<void> {
  const there = await lstatIfAny(calls, path);
  if (there?.ino === inode) await calls.unlink(path);
}

/** One that somebody has put something into stays. */
export async function removeFolderIfEmpty(calls: FileCalls, path: string): Promise<void> {
  try {
    await calls.rmdir(path);
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY" && systemCode(error) !== "ENOENT") throw error;
  }
}

/** False when the system did not confirm it. */
export async function syncFolder(calls: FileCalls, folder: Folder): Promise<boolean> {
  try {
    const descriptor = await calls.open(folder.itself, FOLDER_READ_FLAGS);
    try {
      await calls.fsync(descriptor);
    } finally {
      await calls.close(descriptor);
    }
    return true;
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return NO_FOLDER_SYNC.has(systemCode(error));
  }
}
