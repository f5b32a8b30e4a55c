// Removes a folder with all that is in it, in time that grows with what there is, and not with the square of how deep it
// lies. Nothing outside goes: each folder is opened, never through a link, and what is in it is removed through that; what
// is mounted in it stays.

import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from "node:fs";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** Opens without the right to read (Linux). */
const O_PATH = 0o10000000;
const OWNERS_RIGHTS = 0o700;
/** Folders that are open within each other; what lies deeper moves up before it goes. */
const MOST_OPEN = 16;
/** Somebody who ends at this moment may still put something into it. */
const MOST_TRIES = 5;
const PAUSE_MS = 20;
/** What was removed by somebody else, and what is not empty since something in it had a fault of its own, or is new. */
const OF_OTHERS: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTEMPTY"]);

/** Removes all that it can, for as long as that takes; then throws the first of the system's errors, if there was one. */
export function removeFolder(path: string): void {
  if (process.platform !== "linux") return rmSync(path, { recursive: true, force: true, maxRetries: MOST_TRIES });
  for (let tries = 1; ; tries++) {
    const fault = empty(path);
    if (fault !== null) throw fault;
    try {
      return rmdirSync(path);
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      Bun.sleepSync(PAUSE_MS);
    }
  }
}

/** Null when all went, otherwise the first fault. */
function empty(path: string): unknown {
  const top = openFolder(Buffer.from(path));
  try {
    const emptying = new Emptying(top);
    while (emptying.pass()) continue;
    return emptying.fault;
  } finally {
    closeSync(top);
  }
}

/** A folder is somebody else's file system. Worded as the system does it where something would cross over (EXDEV). */
class OtherDevice extends Error {
  readonly code = "EXDEV";
}

/** Of one folder, by its descriptor. */
class Emptying {
  readonly #top: number;
  readonly #device: number;
  #haveMovedUp = false;
  /** Of the last pass. */
  fault: unknown = null;

  constructor(top: number) {
    this.#top = top;
    this.#device = fstatSync(top).dev;
  }

  /** Goes down as far as it may; true when what lay deeper stands at the top now. */
  pass(): boolean {
    this.#haveMovedUp = false;
    this.fault = null;
    this.#emptyOpen(this.#top, 1);
    return this.#haveMovedUp;
  }

  #emptyOpen(folder: number, depth: number): void {
    // Names are bytes, which need not be UTF-8.
    for (const entry of readdirSync(pathOf(folder), { withFileTypes: true, encoding: "latin1" })) {
      try {
        const path = pathIn(folder, entry.name);
        if (!entry.isDirectory()) unlinkSync(path);
        else if (depth < MOST_OPEN) this.#remove(path, depth);
        else this.#moveUp(path);
      } catch (error) {
        if (!OF_OTHERS.has((error as NodeJS.ErrnoException).code)) this.fault ??= error;
      }
    }
  }

  #remove(path: Buffer, depth: number): void {
    const folder = openFolder(path);
    try {
      if (fstatSync(folder).dev !== this.#device) throw new OtherDevice();
      this.#emptyOpen(folder, depth + 1);
    } finally {
      closeSync(folder);
    }
    rmdirSync(path);
  }

  #moveUp(path: Buffer): void {
    // Only one that we may write moves: its way to the folder above is in it.
    closeSync(openFolder(path));
    renameSync(path, pathIn(this.#top, crypto.randomUUID()));
    this.#haveMovedUp = true;
  }
}

/** With all of its owner's rights. */
function openFolder(path: Buffer): number {
  const found = openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    const { mode } = fstatSync(found);
    if ((mode & OWNERS_RIGHTS) !== OWNERS_RIGHTS) chmodSync(pathOf(found), OWNERS_RIGHTS);
    return openSync(pathOf(found), O_RDONLY | O_DIRECTORY);
  } finally {
    closeSync(found);
  }
}

function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

function pathIn(folder: number, name: string): Buffer {
  return Buffer.from(`${pathOf(folder)}/${name}`, "latin1");
}
