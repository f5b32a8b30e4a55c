// How many files and sockets the system lets this process have open, and who may have how many of them. The sum never
// reaches the limit: a listener that cannot accept would spin.

import { readFileSync } from "node:fs";

/** Where the system does not tell, the least that today's systems give. */
const ASSUMED = 1024;
/** For the run time, the listeners, the log, and what a system call opens in passing. */
const RUNTIME_RESERVE = 32;
const MAX_TURNED_AWAY = 64;

/** Descriptors by purpose. */
export interface DescriptorPlan {
  readonly connections: number;
  /** Connections over the limit that are answered 503. */
  readonly turnedAway: number;
  /** Files that are read or written; a quarter as many folders may be open beside them, for moments. */
  readonly files: number;
}

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

/** Shares out the descriptors; `wanted` connections if there are enough, never less than one of each. */
export function planDescriptors(limit: number, wanted: number): DescriptorPlan {
  const spare = Math.max(4, limit - RUNTIME_RESERVE);
  const turnedAway = Math.max(1, Math.min(MAX_TURNED_AWAY, Math.floor(spare / 8)));
  const connections = Math.max(1, Math.min(wanted, Math.floor((spare * 5) / 8)));
  return { connections, turnedAway, files: Math.max(1, Math.floor(((spare - turnedAway - connections) * 4) / 5)) };
}
