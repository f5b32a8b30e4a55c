// How many connections all workers have, so that their limit is one for the server: a page of memory that the workers
// share, in which each writes its own number and reads those of the others. Nobody waits for anybody.

import { ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SLOT_BYTES = 4;
const PAGE_BYTES = 4096;

/**
 * The descriptor under which a worker inherits the page. The parent's own `/proc` entry would be closed to it where the
 * executable has capabilities of its own (`setcap cap_net_bind_service`).
 */
export const PAGE_DESCRIPTOR = 3;

/** One process's view of the page. */
export class Census {
  readonly #counts: Int32Array;
  readonly #own: number;

  /** `own` is which of the numbers this process writes. */
  constructor(descriptor: number, own: number) {
    // The file is nobody's but ours and keeps its size, so the mapping cannot fault.
    const page = Bun.mmap(`/proc/self/fd/${descriptor}`, { shared: true });
    this.#counts = new Int32Array(page.buffer, page.byteOffset, page.byteLength / SLOT_BYTES);
    this.#own = own;
  }

  /** Connections of all other workers. */
  get elsewhere(): number {
    let sum = 0;
    for (let i = 0; i < this.#counts.length; i++) if (i !== this.#own) sum += Atomics.load(this.#counts, i);
    return sum;
  }

  /** Tells the others how many connections this worker has. */
  set here(count: number) {
    Atomics.store(this.#counts, this.#own, count);
  }
}

/** Memory first: a container may have no other place that can be written. */
function makeFolder(): string {
  for (const place of ["/dev/shm", tmpdir()]) {
    try {
      return mkdtempSync(join(place, "mini-http-"));
    } catch {
      // The next one, then.
    }
  }
  throw new Error(
    `Several workers share a page of memory, and neither /dev/shm nor ${tmpdir()} can be written; set TMPDIR to a folder that can, or use --workers 1.`,
  );
}

/** The page, as its maker has it: without a name, so that nothing is left of it when the process is gone. */
export class CensusPage {
  /** For the workers to inherit. */
  readonly descriptor: number;

  /** Throws one line when there is no place for it. */
  constructor() {
    const folder = makeFolder();
    this.descriptor = openSync(join(folder, "census"), "w+", 0o600);
    rmSync(folder, { recursive: true });
    ftruncateSync(this.descriptor, PAGE_BYTES);
  }

  /** The worker of this number is gone, and its connections with it. */
  clear(own: number): void {
    new Census(this.descriptor, own).here = 0;
  }
}
