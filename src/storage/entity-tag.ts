// What tells one version of a file from every other.

import type { BigIntStats } from "node:fs";

/** Two writes within one tick of the file system's clock look alike; ticks of 2 s are the longest that there are. */
const SETTLED_MS = 2000;
const NS_PER_SECOND = 1_000_000_000n;

/** The numbers that an entity tag is made of. */
export type VersionNumbers = Pick<BigIntStats, "ino" | "mtimeNs" | "ctimeNs" | "size">;

/**
 * The entity tag of a version (RFC 9110 8.8.3): inode, modification time, change time and size. The change time is the
 * kernel's own, so a modification time that somebody puts back does not make two versions one. Weak while the next
 * version could still get the same tag: younger than 2 s where times are whole seconds. `now` in milliseconds.
 */
export function etagOf(stats: BigIntStats, now: number): string {
  return tagOf(stats, mayRepeat(stats, now));
}

/** The same, for numbers of which it is known whether they may come again. */
export function tagOf({ ino, mtimeNs, ctimeNs, size }: VersionNumbers, isWeak: boolean): string {
  const tag = `"${ino.toString(36)}-${mtimeNs.toString(36)}-${ctimeNs.toString(36)}-${size.toString(36)}"`;
  return isWeak ? "W/" + tag : tag;
}

/** True while the next version could get the same numbers. */
export function mayRepeat(stats: BigIntStats, now: number): boolean {
  return isCoarse(stats) && !isSettled(stats, now);
}

/**
 * True when a write from now on would show in the times: in the change time, which nobody can set. The modification time
 * may lie ahead, where uploads are stamped apart.
 */
export function isSettled({ ctimeMs }: BigIntStats, now: number): boolean {
  return now - Number(ctimeMs) >= SETTLED_MS;
}

/** True when the file system seems to count whole seconds. */
function isCoarse({ mtimeNs, ctimeNs }: BigIntStats): boolean {
  return mtimeNs % NS_PER_SECOND === 0n && ctimeNs % NS_PER_SECOND === 0n;
}
