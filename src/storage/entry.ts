// What readers see of what the system says.

import type { BigIntStats } from "node:fs";
import { etagOf } from "./entity-tag.ts";
import { modifiedOf } from "./modified-time.ts";
import type { Entry } from "./storage.ts";

/** Null for devices, pipes and sockets. `now` in milliseconds. */
export function entryOf(stats: BigIntStats, now: number): Entry | null {
  const modified = modifiedOf(stats, now);
  if (stats.isDirectory()) return { type: "directory", size: 0, modified, etag: etagOf(stats, now) };
  return stats.isFile() ? { type: "file", size: Number(stats.size), modified, etag: etagOf(stats, now) } : null;
}
