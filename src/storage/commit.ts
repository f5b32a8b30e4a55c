// How uploads become visible: all of a group or none, each in one step of the file system, and never against a
// condition that no longer holds. The caller holds the locks of their names.

import {
  type BigIntStats,
  chmodSync,
  close,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { NOTHING, type Usage } from "./coordinator.ts";
import { entryOf } from "./folder-list.ts";
import { candidateNames } from "./numbered-name.ts";
import type { ObjectName } from "./object-name.ts";
import { etagOf } from "./opened-file.ts";
import type { LocalWrite } from "./pending-write.ts";
import type { ServedRoot } from "./served-root.ts";
import type { Entry, Stored, WriteFault, WritePlan } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { temporaryName } from "./temporary-name.ts";
import { stampVersion } from "./version-time.ts";

/** What a new version inherits: not setuid and setgid, which the system clears too when content is written. */
const PERMISSION_BITS = 0o777;

/** Undoes one step of a commit that cannot be finished. */
type Undo = () => void;

/** A write that is visible, and what the folder holds more than before. */
interface Published extends Stored {
  readonly change: Usage;
}

/** One commit of one or more sealed writes. */
export class Commit {
  /** Folders whose entries have changed. */
  readonly changedFolders = new Set<string>();
  readonly #root: ServedRoot;
  readonly #undo: Undo[] = [];
  /** Older versions, kept under temporary names until the whole group is visible. */
  readonly #kept: string[] = [];

  constructor(root: ServedRoot) {
    this.#root = root;
  }

  /** Makes the writes visible one after the other. After a fault, or a throw, everything is as before. */
  run(writes: readonly LocalWrite[]): readonly Stored[] | WriteFault {
    try {
      const published: Published[] = [];
      for (const write of writes) {
        const result = this.#publish(write, writes.length > 1);
        if (typeof result === "string") {
          this.#rollBack();
          return result;
        }
        published.push(result);
      }
      for (const path of this.#kept) rmSync(path, { force: true });
      for (const [i, { change }] of published.entries()) writes[i]!.settle(change);
      return published;
    } catch (error) {
      this.#rollBack();
      return writeFault(error);
    }
  }

  #rollBack(): void {
    for (const undo of this.#undo.reverse()) {
      try {
        undo();
      } catch {
        // A folder that someone has put something into meanwhile stays.
      }
    }
  }

  #publish(write: LocalWrite, isOneOfMany: boolean): Published | WriteFault {
    const { plan, temporary, size } = write;
    const folder = this.#makeFolders(plan.name.parent);
    if (typeof folder === "string") return folder;
    const target = join(folder.path, plan.name.base);
    const there = lookAtTarget(this.#root, target);
    const fault = judge(plan, there);
    if (fault !== null) return fault;
    this.changedFolders.add(folder.path);
    // What must not be there yet is created by `link`, which every process on the folder has to respect.
    if (plan.onExisting !== "replace" || (plan.condition !== null && there.entry === null)) {
      const name = this.#create(write, target);
      if (name === null) return plan.onExisting === "replace" ? "precondition" : "exists";
      const path = join(folder.path, name.base);
      return { name, isNew: true, etag: etagAt(path), change: { bytes: size, files: 1 } };
    }
    if (statSync(temporary, { bigint: true }).mtimeNs <= there.mtimeNs) stampVersion(temporary, there.mtimeNs);
    if (there.mode !== null) chmodSync(temporary, there.mode);
    const etag = etagAt(temporary);
    this.#replace(write, target, there, isOneOfMany);
    const change = { bytes: size - there.usage.bytes, files: 1 - there.usage.files };
    return { name: plan.name, isNew: there.entry === null, etag, change };
  }

  /** Gives the write a name that nothing has; null when there is none. */
  #create({ plan, temporary }: LocalWrite, target: string): ObjectName | null {
    for (const name of candidates(plan)) {
      const path = join(dirname(target), name.base);
      if (!createExclusively(temporary, path)) continue;
      this.#undo.push(() => unlinkSync(path));
      return name;
    }
    return null;
  }

  #replace({ temporary }: LocalWrite, target: string, there: Target, isOneOfMany: boolean): void {
    if (there.exists && isOneOfMany) {
      const kept = join(dirname(target), temporaryName());
      keepVersion(target, kept);
      this.#kept.push(kept);
      this.#undo.push(() => renameSync(kept, target));
    } else if (!there.exists) this.#undo.push(() => unlinkSync(target));
    const free = holdContent(target, there.usage.bytes);
    try {
      renameSync(temporary, target);
    } finally {
      free();
    }
  }

  /** Makes the folders one by one, so that none is made behind a link that leaves the directory. */
  #makeFolders(folder: ObjectName): { readonly path: string } | WriteFault {
    const found = findFolder(this.#root, folder);
    if (found !== null) return { path: found };
    let path = this.#root.path;
    for (const segment of folder.segments) {
      path = join(path, segment);
      try {
        mkdirSync(path);
        const made = path;
        this.changedFolders.add(dirname(made));
        this.#undo.push(() => rmdirSync(made));
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
        if (!statSync(path).isDirectory()) return "not-a-directory";
      }
      if (!this.#root.holds(realpathSync(path))) return "not-allowed";
    }
    return { path: realpathSync(path) };
  }
}

/** The real path of a folder that is there and may be written to, found in one step; else null. */
export function findFolder(root: ServedRoot, folder: ObjectName): string | null {
  try {
    const path = realpathSync(root.pathOf(folder));
    return root.holds(path) && statSync(path).isDirectory() ? path : null;
  } catch {
    return null;
  }
}

function etagAt(path: string): string {
  return etagOf(statSync(path, { bigint: true }));
}

/** Above it, the system takes its time to free what a file held on the disk. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Holds the content of a large file that is about to lose its name; what it gives lets go, off the event loop. */
export function holdContent(path: string, size: number): () => void {
  if (size < LARGE_BYTES) return () => {};
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return () => close(descriptor, () => {});
  } catch {
    // It is freed by the call that removes the name, then.
    return () => {};
  }
}

/** What stands at the target's path. */
interface Target {
  /** What readers see there. */
  readonly entry: Entry | null;
  /** Something has the name, be it a link to nowhere or a pipe. */
  readonly exists: boolean;
  /** It is a pipe, a socket or a device: of use to somebody else, and nothing that an upload may replace. */
  readonly isSpecial: boolean;
  readonly mode: number | null;
  readonly mtimeNs: bigint;
  /** What of the folder's usage goes away with the name: nothing for a link, whose file stays. */
  readonly usage: Usage;
}

/** Nothing is there. */
export const NO_TARGET: Target = {
  entry: null,
  exists: false,
  isSpecial: false,
  mode: null,
  mtimeNs: 0n,
  usage: NOTHING,
};

/** Looks at what a path leads to. Throws the system's error, but for "there is nothing". */
export function lookAtTarget(root: ServedRoot, path: string): Target {
  try {
    const link = lstatSync(path, { bigint: true });
    const usage = link.isFile() ? { bytes: Number(link.size), files: 1 } : NOTHING;
    const stats = link.isSymbolicLink() ? statIfAny(root, path) : link;
    if (stats === null) return { ...NO_TARGET, exists: true, mtimeNs: link.mtimeNs };
    const mode = stats.isFile() ? Number(stats.mode) & PERMISSION_BITS : null;
    const entry = entryOf(stats);
    const isSpecial = entry === null && !link.isSymbolicLink();
    return { entry, exists: true, isSpecial, mode, mtimeNs: stats.mtimeNs, usage };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return NO_TARGET;
    throw error;
  }
}

/** Null for a link to nowhere, or out of the directory. */
function statIfAny(root: ServedRoot, path: string): BigIntStats | null {
  try {
    return root.holds(realpathSync(path)) ? statSync(path, { bigint: true }) : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ELOOP") return null;
    throw error;
  }
}

/** Whether the plan may go on, given what is there. */
export function judge(plan: WritePlan, { entry, exists, isSpecial }: Target): WriteFault | null {
  if (plan.condition !== null && !plan.condition(entry)) return "precondition";
  if (picksName(plan.onExisting)) return null;
  if (entry?.type === "directory") return "is-directory";
  return isSpecial || (plan.onExisting === "refuse" && exists) ? "exists" : null;
}

/** The names that a new file may get, in their order. */
function* candidates({ name, onExisting }: WritePlan): Generator<ObjectName> {
  if (!picksName(onExisting)) yield name;
  else for (const base of candidateNames(name.base)) yield name.sibling(base);
}

/** True when another name is picked for a file whose own is taken. */
function picksName(onExisting: WritePlan["onExisting"]): boolean {
  return onExisting === "rename" || onExisting === "conceal";
}

/** File systems without hard links, such as those of memory cards, and files that the system lets nobody else link. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Gives the version at `target` a second name; where it may get none, a copy of it. */
function keepVersion(target: string, kept: string): void {
  try {
    linkSync(target, kept);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error))) throw error;
    try {
      copyFileSync(target, kept, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    } catch (fault) {
      rmSync(kept, { force: true });
      throw fault;
    }
  }
}

/** Gives the temporary file its name if nothing has it; false when something has. */
function createExclusively(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (!NO_LINKS.has(systemCode(error))) throw error;
    // Exclusive among the writers of this server only, by their lock: without links there is nothing better.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
    renameSync(temporary, path);
    return true;
  }
  unlinkSync(temporary);
  return true;
}
