// What tells one version of a file from every other.

import type { BigIntStats } from "node:fs";

/** Two writes within one tick of the file system's clock look alike; ticks of 2 s are the longest that there are. */
const SETTLED_MS = 2000;
const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;

/** What of a file's stats tells its version. */
export type VersionStats = Pick<BigIntStats, "ino" | "mtimeNs" | "ctimeNs" | "size">;

/**
 * The entity tag of a version (RFC 9110 8.8.3): inode, modification time, change time and size. The change time is the
 * kernel's own, so a modification time that somebody puts back does not make two versions one. Weak while the next
 * version could still get the same tag: younger than 2 s where times are whole seconds. `now` in milliseconds.
 */
export function etagOf(stats: VersionStats, now: number): string {
  const { ino, mtimeNs, ctimeNs, size } = stats;
  const tag = `"${ino.toString(36)}-${mtimeNs.toString(36)}-${ctimeNs.toString(36)}-${size.toString(36)}"`;
  return isCoarse(stats) && !isSettled(stats, now) ? "W/" + tag : tag;
}

/** True when a write from now on would show in the times. */
export function isSettled({ mtimeNs, ctimeNs }: VersionStats, now: number): boolean {
  return now - Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / NS_PER_MS) >= SETTLED_MS;
}

/** True when the file system seems to count whole seconds. */
function isCoarse({ mtimeNs, ctimeNs }: VersionStats): boolean {
  return mtimeNs % NS_PER_SECOND === 0n && ctimeNs % NS_PER_SECOND === 0n;
}
