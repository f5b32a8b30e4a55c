// How this process itself does, written down for the metrics while it runs.

import { readdir } from "node:fs/promises";
import { LOOP_DELAY, type MetricsMemory } from "../observe/metrics-memory.ts";

/** Between two looks. */
const LOOK_MS = 500;
const MS_PER_SECOND = 1000;

/** Looks from now on, for as long as something else keeps the process alive. `inHand` counts requests. */
export function watchVitalSigns(memory: MetricsMemory, inHand: () => number): void {
  memory.set("started_at", performance.timeOrigin / MS_PER_SECOND);
  memory.set("processes", 1);
  let due = performance.now() + LOOK_MS;
  const look = (): void => {
    const now = performance.now();
    memory.observe(LOOP_DELAY, Math.max(0, now - due) / MS_PER_SECOND);
    due = now + LOOK_MS;
    memory.set("in_hand", inHand());
    memory.set("resident_bytes", process.memoryUsage.rss());
    void countFiles(memory);
  };
  memory.set("resident_bytes", process.memoryUsage.rss());
  void countFiles(memory);
  setInterval(look, LOOK_MS).unref();
}

/** Nothing where the system does not tell. */
async function countFiles(memory: MetricsMemory): Promise<void> {
  const names = await readdir("/proc/self/fd").catch(() => []);
  // Without the one that looks.
  memory.set("open_files", Math.max(0, names.length - 1));
}
