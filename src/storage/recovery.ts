// Groups that a killed server left half visible: finished, or taken back, as their journal says. Each step looks first
// whether it was done, so that recovery may be killed too, and may run twice at once.
// Writers and readers wait for it as for any group that is made visible.

import { constants } from "node:fs";
import { join } from "node:path";
import { type Coordinator, ifFree } from "./coordinator.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { Hold } from "./hold.ts";
import { isJournal, type JournalEntry, UNDO } from "./journal-format.ts";
import { namesOf } from "./locked-names.ts";
import { loopShare } from "./loop-share.ts";
import { candidateNames } from "./numbered-name.ts";
import { type NameRules, ObjectName, TEMPORARY_PREFIX } from "./object-name.ts";
import { enterOrMake } from "./place.ts";
import { type Alone, createExclusively, removeFolderIfEmpty, removeIfOwn } from "./publish.ts";
import type { ServedRoot } from "./served-root.ts";
import { lstatIfAny } from "./target.ts";
import { markOf } from "./temporary-name.ts";
import { walkFar } from "./way.ts";

const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MOST_JOURNAL_BYTES = 16n * 1024n * 1024n;

/** Where groups are recovered. */
export interface RecoveryGround {
  readonly root: ServedRoot;
  readonly rules: NameRules;
  /** The one of all writers on the directory. */
  readonly coordinator: Coordinator;
  /** Names that are locked for the group already; after their end they are locked anew. */
  readonly hold: Pick<Hold, "isHeld" | "names"> | null;
  /** False: a group that needs other names is left alone. Two who held each other's names would wait in a circle. */
  readonly waits: boolean;
}

/** One group. */
interface Recovery {
  readonly root: ServedRoot;
  readonly calls: FileCalls;
  readonly coordinator: Coordinator;
  /** All that are locked for it. */
  readonly names: ReadonlySet<string>;
}

/**
 * Does what the journal in this folder says, then removes it. False when it is none of ours, or left alone. Rejects with
 * the system's error.
 */
export async function recover(
  ground: RecoveryGround,
  calls: FileCalls,
  folder: Folder,
  name: string,
): Promise<boolean> {
  const { root, rules, coordinator, hold, waits } = ground;
  const entries = await readJournal(calls, rules, folder.at(name));
  if (entries === null) return false;
  const held = new Set(hold?.isHeld === true ? hold.names : []);
  const { names, folderPaths } = await placesOfAll(root, calls, entries);
  const missing = names.filter((each) => !held.has(each));
  if (missing.length > 0 && !waits) return false;
  const own = await Hold.takeGroup(coordinator, missing, held.size > 0 ? [] : folderPaths);
  const recovery = { root, calls, coordinator, names: new Set(names) };
  try {
    if (name.endsWith(UNDO)) await forEach(entries.toReversed(), (entry) => takeBack(recovery, entry));
    else await forEach(entries, (entry) => finish(recovery, entry));
    await calls.unlink(folder.at(name));
    return true;
  } finally {
    own.end();
  }
}

async function forEach<T>(all: readonly T[], act: (each: T) => Promise<void>): Promise<void> {
  for (const each of all) {
    await act(each);
    if (loopShare.isOver) await loopShare.next();
  }
}

/** What a commit of the same files holds. */
interface Places {
  readonly names: readonly string[];
  readonly folderPaths: readonly string[];
}

/** A folder that is gone has no names. */
async function placesOfAll(root: ServedRoot, calls: FileCalls, entries: readonly JournalEntry[]): Promise<Places> {
  const names: string[] = [];
  const realPaths = new Map<string, string | null>();
  await forEach(entries, async ({ folder, target }) => {
    const asked = folder.join("/");
    if (!realPaths.has(asked)) realPaths.set(asked, await realPathOf(root, calls, folder));
    const folderPath = realPaths.get(asked) ?? null;
    if (folderPath === null) return;
    const missing = target.slice(folder.length, -1);
    names.push(...namesOf({ folderPath, missing, name: { base: target.at(-1)! } }, true));
  });
  return { names, folderPaths: [...realPaths.values()].filter((path) => path !== null) };
}

async function realPathOf(root: ServedRoot, calls: FileCalls, segments: readonly string[]): Promise<string | null> {
  const { folder, left } = await walkFar(root, calls, segments);
  folder.close();
  return left.length === 0 ? folder.realPath : null;
}

/** Null for a file that is no journal, or not ours. */
async function readJournal(calls: FileCalls, rules: NameRules, path: string): Promise<readonly JournalEntry[] | null> {
  const descriptor = await calls.open(path, READ_FLAGS);
  try {
    const stats = await calls.fstat(descriptor);
    if (!isJournal(stats) || stats.size > MOST_JOURNAL_BYTES) return null;
    const text = Buffer.from(await calls.readAll(descriptor, Number(stats.size))).toString();
    const entries = JSON.parse(text) as readonly JournalEntry[];
    return entries.every((entry) => isSafe(entry, rules)) ? entries : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await calls.close(descriptor);
  }
}

/** Its names pass the gate that all names pass; the server that wrote them may have served hidden ones. */
function isSafe({ folder, temporary, target, aside }: JournalEntry, now: NameRules): boolean {
  const rules = { ...now, hidden: true };
  const isPlain = (name: string): boolean => name.startsWith(TEMPORARY_PREFIX) && !name.includes("/");
  return (
    [folder, target].every((segments) => ObjectName.ROOT.join(segments, rules) instanceof ObjectName) &&
    target.length > folder.length &&
    isPlain(temporary) &&
    (aside === null || isPlain(aside))
  );
}

/** Where the entry's files are: the folder of the temporary file, and that of the target, which may be missing. */
async function withFolders(
  { root, calls }: Recovery,
  { folder: segments, target }: JournalEntry,
  makes: boolean,
  act: (staging: Folder, folder: Folder | null) => Promise<void>,
): Promise<void> {
  const { folder: staging, left } = await walkFar(root, calls, segments);
  const opened: Folder[] = [staging];
  try {
    if (left.length > 0) return;
    let folder: Folder | null = staging;
    for (const segment of target.slice(segments.length, -1)) {
      if (folder === null) break;
      if (!makes && (await lstatIfAny(calls, folder.at(segment))) === null) folder = null;
      else opened.push((folder = await enterOrMake(root, calls, folder, segment, () => {})));
    }
    await act(staging, folder);
  } finally {
    for (const each of opened) each.close();
  }
}

/** What somebody has put under the name since then is newer, and stays. */
async function finish(recovery: Recovery, entry: JournalEntry): Promise<void> {
  const { calls } = recovery;
  await withFolders(recovery, entry, true, async (staging, folder) => {
    if (folder === null) return;
    const inode = BigInt(entry.inode);
    const temporary = staging.at(entry.temporary);
    const base = entry.target.at(-1)!;
    const path = folder.at(base);
    const staged = await lstatIfAny(calls, temporary);
    const there = await lstatIfAny(calls, path);
    if (staged?.ino === inode && entry.picksName) await giveFreeName(recovery, temporary, folder, entry);
    else if (staged?.ino === inode) {
      if (there === null) await createIn(recovery, temporary, folder, base);
      else if (there.ino !== inode && String(there.ino) === entry.replaces) await calls.rename(temporary, path);
      else await calls.unlink(temporary);
    }
    if (entry.aside !== null) await removeIfOwn(calls, folder.at(entry.aside), BigInt(entry.replaces ?? 0));
  });
}

/** Its own name, or the first that nothing has; none when it has one already. */
async function giveFreeName(recovery: Recovery, temporary: string, folder: Folder, entry: JournalEntry): Promise<void> {
  const { calls } = recovery;
  for (const base of namesToPick(entry)) {
    const there = await lstatIfAny(calls, folder.at(base));
    if (there?.ino === BigInt(entry.inode)) return calls.unlink(temporary);
    if (there === null && (await createIn(recovery, temporary, folder, base))) return;
  }
}

/** The same as the commit had. */
function namesToPick({ target, temporary }: JournalEntry): Iterable<string> {
  return candidateNames(target.at(-1)!, markOf(temporary));
}

/** The names that were asked for are locked for the group; one that is picked is not. */
function createIn(recovery: Recovery, temporary: string, folder: Folder, base: string): Promise<boolean> {
  const { calls, coordinator, names } = recovery;
  const path = join(folder.realPath, base);
  const alone: Alone = (act) => (names.has(path) ? act() : ifFree(coordinator, path, act));
  return createExclusively(calls, temporary, folder.at(base), alone);
}

async function takeBack(recovery: Recovery, entry: JournalEntry): Promise<void> {
  const { calls } = recovery;
  await withFolders(recovery, entry, false, async (staging, folder) => {
    const inode = BigInt(entry.inode);
    await removeIfOwn(calls, staging.at(entry.temporary), inode);
    if (folder === null) return;
    const path = folder.at(entry.target.at(-1)!);
    const there = await lstatIfAny(calls, path);
    const aside = entry.aside === null ? null : folder.at(entry.aside);
    const kept = aside === null ? null : await lstatIfAny(calls, aside);
    const isFree = there === null || there.ino === inode;
    if (aside === null || String(kept?.ino) !== entry.replaces) await removeIfOwn(calls, path, inode);
    else if (isFree) await calls.rename(aside, path);
    // What has come since then would have taken its place.
    else await calls.unlink(aside);
    if (!entry.picksName) return;
    for (const base of namesToPick(entry)) await removeIfOwn(calls, folder.at(base), inode);
  });
  await removeMadeFolders(recovery, entry);
}

/** The folders that the group had to make, where nobody has put anything into them. */
async function removeMadeFolders({ root, calls }: Recovery, entry: JournalEntry): Promise<void> {
  for (let depth = entry.target.length - 1; depth > entry.folder.length; depth--) {
    const { folder, left } = await walkFar(root, calls, entry.target.slice(0, depth - 1));
    try {
      if (left.length === 0) await removeFolderIfEmpty(calls, folder.at(entry.target[depth - 1]!));
    } finally {
      folder.close();
    }
  }
}
