// What killed servers left behind: groups are finished first, then what nobody works on any more is removed.

import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { isSomebodyElses, REDO, UNDO } from "./journal-format.ts";
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
  const unfinished = new Set<string>();
  for (const each of found.filter(({ name }) => isJournalName(name))) {
    if (await sweepOne(root, calls, rules, each)) swept += 1;
    else unfinished.add(makerOf(each.name));
  }
  for (const name of await journalsIn(root, calls)) unfinished.add(makerOf(name));
  // A journal that stays names files that would be removed otherwise, and older versions among them.
  for (const each of found.filter(({ name }) => !isJournalName(name) && !unfinished.has(makerOf(name)))) {
    if (await sweepOne(root, calls, rules, each)) swept += 1;
  }
  return swept;
}

/** Those that are there now: a group may have begun since the walk, and have put something aside. */
async function journalsIn(root: ServedRoot, calls: FileCalls): Promise<readonly string[]> {
  try {
    const folder = await root.open(calls);
    try {
      return (await calls.readEntries(folder.itself)).map(({ name }) => name).filter(isJournalName);
    } finally {
      folder.close();
    }
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return [];
  }
}

/** Finishes the groups whose journals lie in the directory itself: quick enough to be waited for before it is served. */
export async function recoverGroups(root: ServedRoot, calls: FileCalls, rules: NameRules): Promise<number> {
  let recovered = 0;
  const folder = await root.open(calls);
  try {
    for (const { name } of await calls.readEntries(folder.itself)) {
      if (isJournalName(name) && (await recoverOne(root, calls, rules, folder, name))) recovered += 1;
    }
  } finally {
    folder.close();
  }
  return recovered;
}

/** One that cannot be read, or not be done, keeps none of the others from it. */
async function recoverOne(
  root: ServedRoot,
  calls: FileCalls,
  rules: NameRules,
  folder: Folder,
  name: string,
): Promise<boolean> {
  try {
    return (await isAbandoned(calls, folder, name)) && (await recover(root, calls, rules, folder, name));
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return false;
  }
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
      if (isJournalName(name)) {
        if (await recover(root, calls, rules, folder, name)) return true;
        if (isSomebodyElses(await calls.lstat(folder.at(name)))) return false;
      }
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

/** Whose process made the temporary file, without what tells it from the others of that process. */
function makerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("-"));
}

async function isAbandoned(calls: FileCalls, folder: Folder, name: string): Promise<boolean> {
  const owner = ownerOf(name);
  if (owner !== "unknown") return owner === "gone";
  const age = Date.now() - Number((await calls.lstat(folder.at(name))).mtimeMs);
  return age > (isJournalName(name) ? ABANDONED_JOURNAL_MS : ABANDONED_MS);
}
