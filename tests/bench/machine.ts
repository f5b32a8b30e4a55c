// The machine that a run was on: what a reader needs to judge its numbers.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import { CLOCK_TICKS_PER_SECOND } from "./process-cost.ts";

/** Processor, cores and kernel in a line. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${model}, ${availableParallelism()} cores, Linux ${release()}`;
}

/** The load averages over 1, 5 and 15 minutes. */
export function loadAverage(): string {
  return readFileSync("/proc/loadavg", "latin1").split(" ").slice(0, 3).join(" ");
}

/** The time that all processors together spent in programs since the machine started. */
export function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0] =
    readFileSync("/proc/stat", "latin1").split("\n", 1)[0]?.split(/ +/).map(Number) ?? [];
  return (user + nice + system) / CLOCK_TICKS_PER_SECOND;
}

/** How many files this process, and so each process that it starts, may have open. */
export function descriptorLimit(): number {
  const row = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "latin1"));
  return row?.[1] === "unlimited" ? Infinity : Number(row?.[1] ?? 0);
}

/** Threads of the load generator: the server needs a core of its own. */
export function clientThreads(): number {
  const MOST = 4;
  return Math.max(1, Math.min(MOST, availableParallelism() - 1));
}

/** The first line that a program prints about its version; null when it is not installed. */
export function versionOf(command: readonly [string, ...string[]], pattern: RegExp): string | null {
  if (Bun.which(command[0]) === null) return null;
  const { stdout, stderr } = Bun.spawnSync([...command], { stdin: "ignore" });
  return pattern.exec(stdout.toString() + stderr.toString())?.[1] ?? "unknown version";
}
