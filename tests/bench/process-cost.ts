// What a server costs the machine: CPU time and memory of a process and all that it started. Linux only (/proc).

import { readFileSync } from "node:fs";

/** USER_HZ, which Linux fixes for all of user space. */
export const CLOCK_TICKS_PER_SECOND = 100;

/** The process and its descendants; empty once it is gone. */
export function processTree(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`);
  if (children === null) return [];
  return [pid, ...children.split(" ").filter(Boolean).map(Number).flatMap(processTree)];
}

/** User and system time of all threads of the tree. */
export function cpuSeconds(pid: number): number {
  const ticks = processTree(pid).map((member) => {
    // The second field, the name in parentheses, may hold anything.
    const fields = (read(`/proc/${member}/stat`) ?? "").split(") ").at(-1)?.split(" ") ?? [];
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return sum(ticks) / CLOCK_TICKS_PER_SECOND;
}

/** Resident memory of the tree. Pages that its members share count for each. */
export function residentBytes(pid: number): number {
  const sizes = processTree(pid).map((member) => {
    const row = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${member}/status`) ?? "");
    return Number(row?.[1] ?? 0) * 1024;
  });
  return sum(sizes);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null; // The process ended between two looks.
  }
}
