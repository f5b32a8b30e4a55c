// When a file was modified, as a client may be told.

import type { BigIntStats } from "node:fs";

/**
 * Milliseconds since the epoch, never later than `now`. A time from the future says nothing of when the content was
 * written; the file's last change, which the system itself dates, does. So what is sent as Last-Modified stays the same from
 * one answer to the next, and a condition with it holds (RFC 9110 8.8.2.1, 13.1.4).
 */
export function modifiedOf(stats: BigIntStats, now: number): number {
  const modified = Number(stats.mtimeMs);
  return modified <= now ? modified : Math.min(Number(stats.ctimeMs), now);
}
