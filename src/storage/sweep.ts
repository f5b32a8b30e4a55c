// What killed servers left behind: groups are finished first, then what nobody works on any more is removed.

import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { REDO, UNDO } from "./journal-format.ts";
import { type NameRules, TEMPORARY_PREFIX } from "./object-name.ts";
import { recover } from "./recovery.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { ownerOf } from "./temporary-name.ts";
import { walkTree } from "./tree.ts";
import { walk } from "./way.ts";

/** How often a server touches what it has in hand for long. */
export const TOUCH_MS = 10 * 60 * 1000;
/** What nobody has touched for so long, and whose owner cannot be asked, is nobody's. */
const ABANDONED_MS = 6 * TOUCH_MS;
/** A commit takes moments: a journal this old has lost its server. */
const ABANDONED_JOURNAL_MS = 60 * 1000;

/** The names of the directory's own that look like somebody's unfinished work. */
interface Leftover {
  readonly segments: readonly string[];
  readonly name: string;
}

/** Finishes or removes the leftovers; gives how many there were. What cannot be removed stays. */
export async function sweepLeftovers(root: ServedRoot, calls: FileCalls, rules: NameRules): Promise<number> {
  const found: Leftover[] = [];
  for await (const { dirent, segments } of walkTree(root, calls)) {
    if (dirent.name.startsWith(TEMPORARY_PREFIX) && dirent.isFile()) found.push({ segments, name: dirent.name });
  }
  let swept = 0;
  // A journal names files that would be removed otherwise.
  const isFirst = ({ name }: Leftover): boolean => isJournalName(name);
  for (const each of [...found.filter(isFirst), ...found.filter((other) => !isFirst(other))]) {
    if (await sweepOne(root, calls, rules, each)) swept += 1;
  }
  return swept;
}

/** Finishes the groups whose journals lie in the directory itself: quick enough to be waited for before it is served. */
export async function recoverGroups(root: ServedRoot, calls: FileCalls, rules: NameRules): Promise<number> {
  let recovered = 0;
  const folder = await root.open(calls);
  try {
    for (const { name } of await calls.readEntries(folder.itself)) {
      if (!isJournalName(name) || !(await isAbandoned(calls, folder, name))) continue;
      if (await recover(root, calls, rules, folder, name)) recovered += 1;
    }
  } finally {
    folder.close();
  }
  return recovered;
}

async function sweepOne(
  root: ServedRoot,
  calls: FileCalls,
  rules: NameRules,
  { segments, name }: Leftover,
): Promise<boolean> {
  try {
    const folder = await walk(root, calls, segments, null);
    try {
      if (!(await isAbandoned(calls, folder, name))) return false;
      if (isJournalName(name) && (await recover(root, calls, rules, folder, name))) return true;
      await calls.unlink(folder.at(name));
      return true;
    } finally {
      folder.close();
    }
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return false;
  }
}

function isJournalName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX) && (name.endsWith(REDO) || name.endsWith(UNDO));
}

async function isAbandoned(calls: FileCalls, folder: Folder, name: string): Promise<boolean> {
  const owner = ownerOf(name);
  if (owner !== "unknown") return owner === "gone";
  const age = Date.now() - Number((await calls.lstat(folder.at(name))).mtimeMs);
  return age > (isJournalName(name) ? ABANDONED_JOURNAL_MS : ABANDONED_MS);
}
