// A file or a folder gets another name: one step of the file system, in the two folders that were opened, under the locks
// of both names.

import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import { NO_CLAIM } from "./coordinator.ts";
import { entryOf } from "./entry.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { type ChangeHouse, nameFault, parentFault } from "./name-changes.ts";
import { isTooLong } from "./place.ts";
import { createExclusively, removeIfOwn, removeQuietly, syncFolder } from "./publish.ts";
import type { Move, Moved, WriteFault } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { placeOf } from "./locked-names.ts";
import { lookAtTarget, lstatIfAny, type Target } from "./target.ts";
import { find, free, walk } from "./way.ts";

/** Gives what it is now, or why it is what it was. */
export async function moveName(house: ChangeHouse, calls: FileCalls, move: Move): Promise<Moved | WriteFault> {
  const { from, to } = move;
  if (from.base === "" || to.base === "") return "not-allowed";
  if (isTooLong(to)) return "bad-name";
  if (to.path === from.path) return "same-name";
  if (`${to.path}/`.startsWith(`${from.path}/`)) return "into-itself";
  let source: Folder;
  try {
    source = await walk(house.root, calls, from.parent.segments, null);
  } catch (error) {
    return nameFault(error);
  }
  try {
    return await new NameMove(house, calls, move, source).run();
  } finally {
    source.close();
  }
}

/** A link to a folder. */
interface FolderLink {
  readonly inode: bigint;
  /** The real path of what it leads to. */
  readonly folderPath: string;
}

/** One move, from a folder that is open. */
class NameMove {
  readonly #house: ChangeHouse;
  readonly #calls: FileCalls;
  readonly #move: Move;
  readonly #source: Folder;

  constructor(house: ChangeHouse, calls: FileCalls, move: Move, source: Folder) {
    this.#house = house;
    this.#calls = calls;
    this.#move = move;
    this.#source = source;
  }

  async run(): Promise<Moved | WriteFault> {
    const { root, coordinator } = this.#house;
    const { from, to } = this.#move;
    let target: Folder;
    try {
      target = await walk(root, this.#calls, to.parent.segments, null);
    } catch (error) {
      return parentFault(error);
    }
    try {
      const [old, path] = [join(this.#source.realPath, from.base), join(target.realPath, to.base)];
      // Two ways to one name, such as by a link to its folder.
      if (old === path) return "same-name";
      const link = await this.#lookForLink();
      const release = await coordinator.lock([old, path, placeOf(link?.folderPath ?? old)]);
      try {
        return await this.#judgeAndMove(target, link);
      } finally {
        release();
      }
    } catch (error) {
      return moveFault(error);
    } finally {
      target.close();
    }
  }

  /** Before the lock, whose names it decides. */
  async #lookForLink(): Promise<FolderLink | null> {
    const { from } = this.#move;
    const own = await lstatIfAny(this.#calls, this.#source.at(from.base));
    if (own?.isSymbolicLink() !== true) return null;
    try {
      const found = await find(this.#house.root, this.#calls, from.segments, null);
      free(found.descriptor);
      return found.stats.isDirectory() ? { inode: own.ino, folderPath: found.realPath } : null;
    } catch (error) {
      // It leads nowhere, or to what is not served.
      if (systemCode(error) === "") throw error;
      return null;
    }
  }

  async #judgeAndMove(folder: Folder, link: FolderLink | null): Promise<Moved | WriteFault> {
    const { from, to, isFolder, condition } = this.#move;
    const { root } = this.#house;
    const moved = await lookAtTarget(root, this.#calls, this.#source, from);
    const { entry, own } = moved;
    // Somebody has put a link there since: what it leads to is not held.
    if (own?.isSymbolicLink() === true && entry?.type === "directory" && own.ino !== link?.inode) return "busy";
    if (entry === null || (isFolder && entry.type === "file")) return "missing";
    if (condition !== null && !condition(entry)) return "precondition";
    // What a link says is meant from where it lies.
    if (own?.isSymbolicLink() === true && folder.realPath !== this.#source.realPath) return "not-allowed";
    const replaced = await lookAtTarget(root, this.#calls, folder, to);
    const fault = this.#judgeReplaced(moved, replaced);
    if (fault !== null) return fault;
    const isNew = replaced.own === null;
    if (!(await this.#step(folder, moved, replaced))) return "exists";
    if (!isNew) {
      const { bytes, files } = replaced.usage;
      this.#house.coordinator.settle(NO_CLAIM, { bytes: -bytes, files: -files });
    }
    return (await this.#sync(folder)) ?? { isNew, etag: await this.#tagAt(folder.at(to.base)) };
  }

  /** Nothing but a file gives way, and only to a file: whoever moves never means to empty a folder. */
  #judgeReplaced({ own }: Target, replaced: Target): WriteFault | null {
    if (replaced.own === null) return this.#move.mayCreate ? null : "absent";
    if (!this.#move.mayReplace) return "exists";
    if (replaced.entry?.type === "directory" || replaced.own.isDirectory()) return "exists";
    if (own?.isDirectory() === true) return "exists";
    return replaced.entry === null && !replaced.own.isSymbolicLink() ? "exists" : null;
  }

  /** False when somebody else has taken the name just now. */
  async #step(folder: Folder, { own }: Target, { own: replaced, usage }: Target): Promise<boolean> {
    const { from, to } = this.#move;
    const [old, path] = [this.#source.at(from.base), folder.at(to.base)];
    // In another case it may be the same name, and is for `rename`.
    const isOneName = folder.realPath === this.#source.realPath && folded(from.base) === folded(to.base);
    if (own !== null && replaced !== null && !isOneName && isOneFile(own, replaced)) {
      await removeIfOwn(this.#calls, old, own.ino);
      return true;
    }
    if (replaced !== null) {
      await removeQuietly(this.#calls, path, usage.bytes, () => this.#calls.rename(old, path));
      return true;
    }
    // A folder cannot have two names. What its rename takes the place of at worst is a folder that has just been made.
    if (own?.isDirectory() === true) {
      await this.#calls.rename(old, path);
      return true;
    }
    if (!(await createExclusively(this.#calls, old, path, (act) => act()))) return false;
    if (own !== null) await this.#takeOldName(old, path, own.ino);
    return true;
  }

  /** Nothing comes after a name that stays, as the sweep does after those of uploads: with the old one stays no new one. */
  async #takeOldName(old: string, path: string, inode: bigint): Promise<void> {
    try {
      await removeIfOwn(this.#calls, old, inode);
    } catch (error) {
      await removeIfOwn(this.#calls, path, inode);
      throw error;
    }
  }

  async #sync(folder: Folder): Promise<WriteFault | null> {
    if (!this.#house.settings.fsync) return null;
    const isDurable = (await syncFolder(this.#calls, folder)) && (await syncFolder(this.#calls, this.#source));
    return isDurable ? null : "not-durable";
  }

  /** Empty for what is no file any more. */
  async #tagAt(path: string): Promise<string> {
    try {
      const entry = entryOf(await this.#calls.lstat(path), Date.now());
      return entry?.type === "file" ? entry.etag : "";
    } catch {
      return "";
    }
  }
}

/**
 * Both are names of one file: hard links, as a move leaves them that was killed half way. `rename` does nothing then, and
 * says that all is well (POSIX).
 */
function isOneFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.nlink > 1n;
}

function folded(base: string): string {
  return base.normalize("NFKC").toUpperCase().toLowerCase();
}

function moveFault(error: unknown): WriteFault {
  switch (systemCode(error)) {
    case "EXDEV":
      return "other-disk";
    case "EINVAL":
      return "into-itself";
    case "ENOTEMPTY":
    case "EEXIST":
    case "EISDIR":
    case "ENOTDIR":
      return "exists";
    default:
      return writeFault(error);
  }
}
