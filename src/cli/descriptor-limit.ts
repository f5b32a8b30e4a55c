// How many files and sockets the system lets this process have open.

import { readFileSync } from "node:fs";

/** Where the system does not tell, the least that today's systems give. */
const ASSUMED = 1024;
/** Kept for files, the log, and what the run time needs; a quarter of a small limit, so that reads go on. */
const RESERVE_SHARE = 4;

/** RLIMIT_NOFILE of this process. */
export function descriptorLimit(): number {
  try {
    const row = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    if (row === null) return ASSUMED;
    return row[1] === "unlimited" ? Infinity : Number(row[1]);
  } catch {
    return ASSUMED;
  }
}

/** The connections that can be open at once without running out: `wanted`, or what the limit leaves. */
export function affordableConnections(wanted: number, descriptors: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(descriptors - descriptors / RESERVE_SHARE)));
}
