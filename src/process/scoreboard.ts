// What all workers must know of each other at any time: how many connections they have, so that their limit is one for
// the server, and whether one of them is making a group of files visible. A page of memory that the workers share, in
// which each writes its own numbers and reads those of the others. Nobody waits for anybody.

import { ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAILURE_TABLE_BYTES } from "../admission/failures.ts";
import { METRICS_BYTES, MetricsMemory } from "../observe/metrics-memory.ts";
import type { AnsweredCount } from "./request-count.ts";
import type { GroupCount } from "../storage/remote-coordinator.ts";

const SLOT_BYTES = 4;
const COUNT_BYTES = 4096;
/** Behind the numbers, the table of failed logins; behind that, what each worker counts for the metrics. */
const PAGE_BYTES = COUNT_BYTES + FAILURE_TABLE_BYTES;
/**
 * The numbers of connections come first, then those of groups; last how many requests were answered, how many groups have
 * begun, and how many there are.
 */
const FIRST_GROUP_SLOT = 480;
const ANSWERED_SLOT = 1021;
const GROUPS_BEGUN_SLOT = 1022;
const ALL_GROUPS_SLOT = 1023;

/**
 * The descriptor under which a worker inherits the page. The parent's own `/proc` entry would be closed to it where the
 * executable has capabilities of its own (`setcap cap_net_bind_service`).
 */
export const PAGE_DESCRIPTOR = 3;

/** One process's view of the page. */
export class Scoreboard implements GroupCount, AnsweredCount {
  readonly #counts: Int32Array;
  readonly #own: number;
  /** `FAILURE_TABLE_BYTES` that all share. */
  readonly failureMemory: Uint8Array;
  /** The numbers of all workers, in their order; none without `--metrics`. */
  readonly metrics: readonly MetricsMemory[];

  /** `own` is which of the numbers this process writes. */
  constructor(descriptor: number, own: number) {
    // The file is nobody's but ours and keeps its size, so the mapping cannot fault.
    const page = Bun.mmap(`/proc/self/fd/${descriptor}`, { shared: true });
    this.#counts = new Int32Array(page.buffer, page.byteOffset, COUNT_BYTES / SLOT_BYTES);
    this.failureMemory = page.subarray(COUNT_BYTES, PAGE_BYTES);
    this.metrics = Array.from({ length: (page.length - PAGE_BYTES) / METRICS_BYTES }, (_, i) => {
      const start = PAGE_BYTES + i * METRICS_BYTES;
      return new MetricsMemory(page.subarray(start, start + METRICS_BYTES));
    });
    this.#own = own;
  }

  /** Those of this worker. */
  get ownMetrics(): MetricsMemory | null {
    return this.metrics[this.#own] ?? null;
  }

  /** Connections of all other workers. */
  get elsewhere(): number {
    let sum = 0;
    for (let i = 0; i < FIRST_GROUP_SLOT; i++) if (i !== this.#own) sum += Atomics.load(this.#counts, i);
    return sum;
  }

  /** Tells the others how many connections this worker has. */
  set here(count: number) {
    Atomics.store(this.#counts, this.#own, count);
  }

  /** One more request is answered; how many all have answered with it. */
  next(): number {
    return Atomics.add(this.#counts, ANSWERED_SLOT, 1) + 1;
  }

  /** Groups that are being made visible, by whichever worker. */
  get total(): number {
    return Atomics.load(this.#counts, ALL_GROUPS_SLOT);
  }

  get begun(): number {
    return Atomics.load(this.#counts, GROUPS_BEGUN_SLOT);
  }

  /** This worker begins or ends a group. */
  add(change: 1 | -1): void {
    if (change === 1) Atomics.add(this.#counts, GROUPS_BEGUN_SLOT, 1);
    Atomics.add(this.#counts, FIRST_GROUP_SLOT + this.#own, change);
    Atomics.add(this.#counts, ALL_GROUPS_SLOT, change);
  }

  /** Groups that this worker has begun, and not ended. */
  get ownGroups(): number {
    return Atomics.load(this.#counts, FIRST_GROUP_SLOT + this.#own);
  }

  /** So many that a worker has left are whole. The one that has come in its place may have begun others meanwhile. */
  endGroups(left: number): void {
    Atomics.sub(this.#counts, FIRST_GROUP_SLOT + this.#own, left);
    Atomics.sub(this.#counts, ALL_GROUPS_SLOT, left);
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
export class ScoreboardPage {
  /** For the workers to inherit. */
  readonly descriptor: number;

  /** `measured` processes count for the metrics. Throws one line when there is no place for it. */
  constructor(measured = 0) {
    const folder = makeFolder();
    this.descriptor = openSync(join(folder, "scoreboard"), "w+", 0o600);
    rmSync(folder, { recursive: true });
    ftruncateSync(this.descriptor, PAGE_BYTES + measured * METRICS_BYTES);
  }

  /** Connections of all workers. */
  get connectionCount(): number {
    return new Scoreboard(this.descriptor, FIRST_GROUP_SLOT).elsewhere;
  }

  /** The worker of this number is gone, and its connections with it; its view, for what it has left unfinished. */
  clear(own: number): Scoreboard {
    const scoreboard = new Scoreboard(this.descriptor, own);
    scoreboard.here = 0;
    scoreboard.ownMetrics?.endProcess();
    return scoreboard;
  }
}
