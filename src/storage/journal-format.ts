// How a journal looks, and how it is told from what only looks like one. Other users of the folder can give their files
// any name: a journal counts only with the mark of its maker, whose user is this process's, and whose mode no upload gets.

import type { BigIntStats } from "node:fs";

/** Readable by its owner, and sticky, which means nothing for files and which no upload gets. */
export const JOURNAL_MODE = 0o1400;
const MODE_BITS = 0o7777n;
/** The endings of its name: it is to be finished, or to be taken back. */
export const REDO = ".redo";
export const UNDO = ".undo";

/** How often a server touches the journal of a group that it is still busy with. */
export const JOURNAL_TOUCH_MS = 20 * 1000;

/** One file of the group. Segments lead from the served directory; the inodes are decimal numbers. */
export interface JournalEntry {
  /** Where the temporary file is. */
  readonly folder: readonly string[];
  readonly temporary: string;
  readonly inode: string;
  /** The name it is for. */
  readonly target: readonly string[];
  /** Where something has that name, the file gets another one: nothing is replaced. */
  readonly picksName: boolean;
  /** The inode that has the name before; null for nothing. */
  readonly replaces: string | null;
  /** The name in the same folder under which that is kept meanwhile. */
  readonly aside: string | null;
}

/** True for what a process of this user has made as a journal. */
export function isJournal(stats: BigIntStats): boolean {
  return isMarked(stats) && isOwn(stats);
}

/** True for what looks like the journal of another user's process: it alone can say whether it is one. */
export function isSomebodyElses(stats: BigIntStats): boolean {
  return isMarked(stats) && !isOwn(stats);
}

function isMarked(stats: BigIntStats): boolean {
  return stats.isFile() && stats.nlink === 1n && (stats.mode & MODE_BITS) === BigInt(JOURNAL_MODE);
}

function isOwn({ uid }: BigIntStats): boolean {
  const user = process.geteuid?.();
  return user === undefined || uid === BigInt(user);
}
