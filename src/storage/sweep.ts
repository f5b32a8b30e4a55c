// What killed servers left behind: groups are finished first, then what nobody works on any more is removed.

import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { isSomebodyElses, JOURNAL_TOUCH_MS, REDO, UNDO } from "./journal-format.ts";
import { loopShare } from "./loop-share.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { liesIn, segmentsBelow } from "./real-path.ts";
import { recover, type RecoveryGround } from "./recovery.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { ownerOf } from "./temporary-name.ts";
import { walkTree } from "./tree.ts";
import { walk } from "./way.ts";

/** How often a server touches what it has in hand for long. */
export const TOUCH_MS = 10 * 60 * 1000;
/** What nobody has touched for so long, and whose owner cannot be asked, is nobody's. */
const ABANDONED_MS = 6 * TOUCH_MS;
/** Of a journal that nobody has touched for so long. */
const ABANDONED_JOURNAL_MS = 3 * JOURNAL_TOUCH_MS;

/** The names of the directory's own that look like somebody's unfinished work. */
interface Leftover {
  readonly segments: readonly string[];
  readonly name: string;
}

/** Finishes or removes the leftovers; gives how many there were. What cannot be removed stays. */
export async function sweepLeftovers(ground: RecoveryGround, calls: FileCalls): Promise<number> {
  const { root } = ground;
  const found: Leftover[] = [];
  for await (const { dirent, segments } of walkTree(root, calls)) {
    if (dirent.name.startsWith(TEMPORARY_PREFIX) && dirent.isFile()) found.push({ segments, name: dirent.name });
  }
  let swept = 0;
  const unfinished = new Set<string>();
  for (const each of found.filter(({ name }) => isJournalName(name))) {
    if (await sweepOne(ground, calls, each)) swept += 1;
    else unfinished.add(makerOf(each.name));
  }
  for (const name of await journalsIn(root, calls)) unfinished.add(makerOf(name));
  // A journal that stays names files that would be removed otherwise, and older versions among them.
  for (const each of found.filter(({ name }) => !isJournalName(name) && !unfinished.has(makerOf(name)))) {
    if (await sweepOne(ground, calls, each)) swept += 1;
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

/** What became of groups that were found. */
export interface Recovered {
  readonly finished: number;
  /** Those that cannot be finished now: the system does not let it. */
  readonly left: number;
}

/**
 * Finishes the groups whose journals lie in the directory itself, and in those of these folders (real paths) that are
 * below it: quick enough to be waited for. Rejects with the system's error when there is no directory.
 */
export async function recoverGroups(
  ground: RecoveryGround,
  calls: FileCalls,
  folders: readonly string[],
): Promise<Recovered> {
  const { root } = ground;
  const top = await root.open(calls);
  let all = await recoverIn(ground, calls, top).finally(() => top.close());
  for (const path of new Set(folders)) {
    if (path === root.realPath || !liesIn(path, root.realPath)) continue;
    const found = await recoverBelow(ground, calls, segmentsBelow(path, root.realPath));
    all = { finished: all.finished + found.finished, left: all.left + found.left };
    if (loopShare.isOver) await loopShare.next();
  }
  return all;
}

/** A folder that is gone, or was never made, holds none. */
async function recoverBelow(ground: RecoveryGround, calls: FileCalls, segments: readonly string[]): Promise<Recovered> {
  try {
    const folder = await walk(ground.root, calls, segments, null);
    return await recoverIn(ground, calls, folder).finally(() => folder.close());
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return { finished: 0, left: 0 };
  }
}

async function recoverIn(ground: RecoveryGround, calls: FileCalls, folder: Folder): Promise<Recovered> {
  const count = { finished: 0, left: 0 };
  for (const { name } of await calls.readEntries(folder.itself)) {
    if (!isJournalName(name)) continue;
    const outcome = await recoverOne(ground, calls, folder, name);
    if (outcome !== "none") count[outcome] += 1;
  }
  return count;
}

/** One that cannot be read, or not be done, keeps none of the others from it. "none": it is nobody's to finish. */
async function recoverOne(
  ground: RecoveryGround,
  calls: FileCalls,
  folder: Folder,
  name: string,
): Promise<keyof Recovered | "none"> {
  try {
    if (!(await isAbandoned(calls, folder, name))) return "none";
    return (await recover(ground, calls, folder, name)) ? "finished" : "none";
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return systemCode(error) === "ENOENT" ? "none" : "left";
  }
}

async function sweepOne(ground: RecoveryGround, calls: FileCalls, { segments, name }: Leftover): Promise<boolean> {
  try {
    const folder = await walk(ground.root, calls, segments, null);
    try {
      if (!(await isAbandoned(calls, folder, name))) return false;
      if (isJournalName(name)) {
        if (await recover(ground, calls, folder, name)) return true;
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
