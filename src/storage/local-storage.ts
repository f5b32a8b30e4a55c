// A directory of this machine. Nothing outside it is ever read or written, whatever links lead there: what counts is
// the real path of what was opened.

import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { DescriptorBudget } from "./descriptor-budget.ts";
import type { ObjectName } from "./object-name.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { LocalFile } from "./opened-file.ts";
import { LocalWrite } from "./pending-write.ts";
import type { OpenedFile, PendingWrite, ReadFault, Storage, WriteFault } from "./storage.ts";
import { readFault, systemCode, writeFault } from "./system-fault.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
/** O_NONBLOCK: opening a named pipe must not wait for its other end. */
const READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const CREATE_FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const NOT_OPEN = -1;
/** Less the umask. */
const NEW_FILE_MODE = 0o666;

/** Serves the folder `root`, which the first upload creates if need be. */
export class LocalStorage implements Storage {
  readonly #root: string;
  readonly #budget: DescriptorBudget;
  #realRoot: string | null = null;

  /** `maxOpenFiles`: files that may be open at once, for reading and writing together. */
  constructor(root: string, maxOpenFiles: number) {
    this.#root = root;
    this.#budget = new DescriptorBudget(maxOpenFiles);
  }

  open(name: ObjectName): OpenedFile | ReadFault {
    if (!this.#budget.take()) return "no-descriptors";
    const file = this.#openFile(name);
    if (typeof file === "string") this.#budget.giveBack();
    return file;
  }

  begin(name: ObjectName): PendingWrite | WriteFault {
    if (!this.#budget.take()) return "no-descriptors";
    const pending = this.#beginWrite(name);
    if (typeof pending === "string") this.#budget.giveBack();
    return pending;
  }

  #openFile(name: ObjectName): OpenedFile | ReadFault {
    const path = join(this.#root, name.path);
    let descriptor = NOT_OPEN;
    try {
      descriptor = this.#openInside(path);
      const stats = fstatSync(descriptor, { bigint: true });
      if (stats.isFile() && this.#isInside(realPath(descriptor, path))) {
        const file = new LocalFile(descriptor, stats, this.#budget);
        descriptor = NOT_OPEN;
        return file;
      }
      return stats.isDirectory() ? "directory" : "missing";
    } catch (error) {
      return readFault(error);
    } finally {
      if (descriptor !== NOT_OPEN) closeSync(descriptor);
    }
  }

  #beginWrite(name: ObjectName): PendingWrite | WriteFault {
    try {
      mkdirSync(this.#root, { recursive: true });
      const refused = this.#createFolders(name.segments.slice(0, -1));
      if (refused !== null) return refused;
      const folder = realpathSync(join(this.#root, name.folder));
      const target = join(folder, name.base);
      const fault = judgeTarget(target);
      if (fault !== null) return fault;
      const temporary = join(folder, temporaryName());
      return new LocalWrite(openSync(temporary, CREATE_FLAGS, NEW_FILE_MODE), temporary, target, this.#budget);
    } catch (error) {
      return writeFault(error);
    }
  }

  /** A last segment that is a link is followed by its real path, which is then judged like any other. */
  #openInside(path: string): number {
    try {
      return openSync(path, READ_FLAGS);
    } catch (error) {
      if (systemCode(error) !== "ELOOP") throw error;
      return openSync(realpathSync(path), READ_FLAGS);
    }
  }

  /** Makes the folders one by one, so that none is made behind a link that leaves the directory. */
  #createFolders(segments: readonly string[]): WriteFault | null {
    let folder = this.#root;
    for (const segment of segments) {
      folder = join(folder, segment);
      try {
        mkdirSync(folder);
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
        if (!statSync(folder).isDirectory()) return "not-a-directory";
      }
      if (!this.#isInside(realpathSync(folder))) return "not-allowed";
    }
    return null;
  }

  #isInside(path: string): boolean {
    this.#realRoot ??= realpathSync(this.#root);
    const root = this.#realRoot;
    return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
  }
}

/** The path of what the descriptor has open; where the system does not tell, that of the name. */
function realPath(descriptor: number, path: string): string {
  try {
    return readlinkSync("/proc/self/fd/" + descriptor);
  } catch (error) {
    // EMFILE and its like are no answer to where the file is.
    if (systemCode(error) !== "ENOENT") throw error;
    return realpathSync(path);
  }
}

/** Refuses early what a rename would refuse at the end: a folder, or a name that the file system cannot hold. */
function judgeTarget(target: string): WriteFault | null {
  try {
    return statSync(target).isDirectory() ? "is-directory" : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ELOOP") return null;
    throw error;
  }
}

function temporaryName(): string {
  return TEMPORARY_PREFIX + process.pid + "-" + crypto.randomUUID();
}
