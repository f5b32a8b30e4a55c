// The served directory as the system sees it, and the guard of its walls: what counts is the real path of what was
// opened, whatever links lead there.

import { closeSync, constants, openSync, readlinkSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { systemCode } from "./system-fault.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** O_NONBLOCK: opening a named pipe must not wait for its other end. */
const READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** The folder `path`, which may come into being later. */
export class ServedRoot {
  /** As given. */
  readonly path: string;
  readonly #followsLinks: boolean;
  #realPath: string | null = null;

  /** `followsLinks`: links may leave the directory. */
  constructor(path: string, followsLinks: boolean) {
    this.path = path;
    this.#followsLinks = followsLinks;
  }

  /** The path of a name below the directory. */
  pathOf(name: { readonly path: string }): string {
    return name.path === "" ? this.path : join(this.path, name.path);
  }

  /** True when what has this real path may be served. Throws the system's error when the directory is missing. */
  holds(realPath: string): boolean {
    if (this.#followsLinks) return true;
    if (this.#realPath !== null && liesIn(realPath, this.#realPath)) return true;
    // A link on the way to the directory may have been turned to another one.
    this.#realPath = realpathSync(this.path);
    return liesIn(realPath, this.#realPath);
  }

  /** Opens for reading; null when it lies outside. Throws the system's error. The caller closes the descriptor. */
  open(path: string): number | null {
    const descriptor = openFollowing(path);
    try {
      if (this.holds(realPathOf(descriptor, path))) return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    closeSync(descriptor);
    return null;
  }
}

function liesIn(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** A last segment that is a link is followed by its real path, which is then judged like any other. */
function openFollowing(path: string): number {
  try {
    return openSync(path, READ_FLAGS);
  } catch (error) {
    if (systemCode(error) !== "ELOOP") throw error;
    return openSync(realpathSync(path), READ_FLAGS);
  }
}

/** The path of what the descriptor has open; where the system does not tell, that of the name. */
function realPathOf(descriptor: number, path: string): string {
  try {
    return readlinkSync("/proc/self/fd/" + descriptor);
  } catch (error) {
    // EMFILE and its like are no answer to where the file is.
    if (systemCode(error) !== "ENOENT") throw error;
    return realpathSync(path);
  }
}
