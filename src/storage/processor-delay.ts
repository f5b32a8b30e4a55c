// How long the thread of the event loop was ready to go on, and had no processor: what took long for want of one took long
// on a busy machine, not on a slow disk.

import { openSync, readSync } from "node:fs";

/** Milliseconds in all of the thread's life, which never fall; null where the system does not tell. Throws nothing. */
export type ReadDelay = () => number | null;

/** Time on a processor, time without one (both in nanoseconds), and how often it had one (Linux: sched-stats.rst). */
const LINE = /^(\d+) (\d+) \d+\n?$/;
/** Three numbers of 64 bits, and what stands between them. */
const LINE_BYTES = 64;
const NS_PER_MS = 1e6;

/** Of the process: there is one loop. */
let ofLoop: ReadDelay | null = null;

/**
 * For the calling thread, which must be the loop's: others ask for the same thing. The first to ask opens one descriptor
 * that stays open with the process: with it a look costs two thirds of a call on a file, without it four calls.
 */
export function delayOfLoop(): ReadDelay {
  return (ofLoop ??= openDelay("/proc/thread-self/schedstat"));
}

/** Reads from a file of the system; one that cannot be opened tells nothing. */
export function openDelay(path: string): ReadDelay {
  const descriptor = openOrNull(path);
  if (descriptor === null) return () => null;
  const line = Buffer.alloc(LINE_BYTES);
  return () => {
    try {
      return delayIn(line.latin1Slice(0, readSync(descriptor, line, 0, LINE_BYTES, 0)));
    } catch {
      return null;
    }
  };
}

/** A thread that reads has had a processor: without any time on one, the kernel does not count. */
export function delayIn(line: string): number | null {
  const [, ran, delayed] = LINE.exec(line) ?? [];
  return ran === undefined || Number(ran) === 0 ? null : Number(delayed) / NS_PER_MS;
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}
