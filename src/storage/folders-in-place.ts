// Which folders were found where they were, in this turn of the event loop: what lies in memory of files below them may be
// sent without another look at the way there.

import type { MaybePromise } from "../http/byte-source.ts";
import type { FileCalls } from "./file-calls.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";

/** The folders of one served directory. */
export class FoldersInPlace {
  readonly #root: ServedRoot;
  /** Real paths; forgotten with the end of the turn. */
  readonly #known = new Set<string>();

  constructor(root: ServedRoot) {
    this.#root = root;
  }

  /** True when this real path was looked at in this turn. */
  has(folder: string): boolean {
    return this.#known.has(folder);
  }

  /**
   * Asks once in a turn of the loop: a folder that was moved away takes its files with it, and the directory's own path
   * may lead elsewhere by now.
   */
  look(folder: string, calls: FileCalls): MaybePromise<boolean> {
    const { path, realPath } = this.#root;
    const isFolder = leadsTo(calls, folder, folder);
    const isRoot = path === realPath || leadsTo(calls, path, realPath);
    if (!(isFolder instanceof Promise) && !(isRoot instanceof Promise)) return this.#note(folder, isFolder && isRoot);
    return Promise.all([isFolder, isRoot]).then(([one, other]) => this.#note(folder, one && other));
  }

  #note(folder: string, isInPlace: boolean): boolean {
    if (!isInPlace) return false;
    this.#root.lookAtMounts();
    if (this.#known.size === 0) setImmediate(() => this.#known.clear());
    this.#known.add(folder);
    return true;
  }
}

/** True when this path has this real path. */
function leadsTo(calls: FileCalls, path: string, realPath: string): MaybePromise<boolean> {
  try {
    const real = calls.realpath(path);
    return real instanceof Promise ? real.then((found) => found === realPath, isGone) : real === realPath;
  } catch (error) {
    return isGone(error);
  }
}

/** False for what the system says; a fault of ours goes on. */
export function isGone(error: unknown): false {
  if (systemCode(error) === "") throw error;
  return false;
}
