// The modification times of what is uploaded: no two uploads of this process share one, and a version is younger than
// the one whose place it takes. So no two versions of a name share an entity tag, however fast they follow.

import { statSync, utimesSync } from "node:fs";

const MICROSECOND_S = 1e-6;
/** A second; a file system whose times end there cannot go on. */
const MOST_STEP = 1_000_000;
let last = 0;

/** Stamps the file with the time, later than `previous` (nanoseconds since the epoch; 0 for none). */
export function stampVersion(path: string, previous: bigint): void {
  last = Math.max(Math.floor((performance.timeOrigin + performance.now()) * 1000), last + 1);
  // In microseconds. The system is told a fraction of a second in floating point, which for times far ahead is coarse:
  // the step grows until the time has moved. A file from the future moves its own next version there, and no other's.
  for (let step = 2; step <= MOST_STEP; step *= 2) {
    const stamp = Math.max(last, Number(previous / 1000n) + step);
    utimesSync(path, stamp * MICROSECOND_S, stamp * MICROSECOND_S);
    if (previous === 0n || statSync(path, { bigint: true }).mtimeNs > previous) return;
  }
}
