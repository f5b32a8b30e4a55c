// The modification times of what is uploaded: no two uploads of this process share one, and a version is younger than
// the one whose place it takes. So no two versions of a name share an entity tag, however fast they follow.

import type { FileCalls } from "./file-calls.ts";
import { systemCode } from "./system-fault.ts";

const MICROSECOND_S = 1e-6;
const MICROSECONDS_PER_MS = 1000;
/** Past the two seconds of the coarsest clock; a file system whose times end there cannot go on. */
const MOST_STEP = 4_194_304;
let last = 0;

/**
 * Stamps the file with the time, later than `previous` (nanoseconds since the epoch; 0 for none). Where the system lets
 * only a file's owner set times, those of the kernel stay.
 */
export async function stampVersion(calls: FileCalls, descriptor: number, previous: bigint): Promise<void> {
  last = Math.max(Date.now() * MICROSECONDS_PER_MS, last + 1);
  // In microseconds. The system is told a fraction of a second in floating point, which for times far ahead is coarse,
  // and some count whole seconds, or two: the step grows until the time has moved. A file from the future moves its own
  // next version there, and no other's.
  for (let step = 2; step <= MOST_STEP; step *= 2) {
    const stamp = Math.max(last, Number(previous / 1000n) + step);
    if (!(await setTimes(calls, descriptor, stamp * MICROSECOND_S))) return;
    if (previous === 0n || (await calls.fstat(descriptor)).mtimeNs > previous) return;
  }
}

async function setTimes(calls: FileCalls, descriptor: number, seconds: number): Promise<boolean> {
  try {
    await calls.futimes(descriptor, seconds);
    return true;
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return false;
  }
}
