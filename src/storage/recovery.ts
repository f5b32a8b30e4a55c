// Groups that a killed server left half visible: finished, or taken back, as their journal says. Each step looks first
// whether it was done, so that recovery may be killed too, and may run twice at once.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { isJournal, type JournalEntry, UNDO } from "./journal-format.ts";
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

/** A recovery knows of no other writer. */
const atOnce: Alone = (act) => act();

/** Does what the journal in this folder says, then removes it. False when it is none of ours. Throws the system's error. */
export async function recover(
  root: ServedRoot,
  calls: FileCalls,
  rules: NameRules,
  folder: Folder,
  name: string,
): Promise<boolean> {
  const entries = await readJournal(calls, rules, folder.at(name));
  if (entries === null) return false;
  if (name.endsWith(UNDO)) for (const entry of entries.toReversed()) await takeBack(root, calls, entry);
  else for (const entry of entries) await finish(root, calls, entry);
  await calls.unlink(folder.at(name));
  return true;
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
  root: ServedRoot,
  calls: FileCalls,
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
async function finish(root: ServedRoot, calls: FileCalls, entry: JournalEntry): Promise<void> {
  await withFolders(root, calls, entry, true, async (staging, folder) => {
    if (folder === null) return;
    const inode = BigInt(entry.inode);
    const temporary = staging.at(entry.temporary);
    const path = folder.at(entry.target.at(-1)!);
    const staged = await lstatIfAny(calls, temporary);
    const there = await lstatIfAny(calls, path);
    if (staged?.ino === inode && entry.picksName) await giveFreeName(calls, temporary, inode, folder, entry);
    else if (staged?.ino === inode) {
      if (there === null) await createExclusively(calls, temporary, path, atOnce);
      else if (there.ino !== inode && String(there.ino) === entry.replaces) await calls.rename(temporary, path);
      else await calls.unlink(temporary);
    }
    if (entry.aside !== null) await removeIfOwn(calls, folder.at(entry.aside), BigInt(entry.replaces ?? 0));
  });
}

/** Its own name, or the first that nothing has; none when it has one already. */
async function giveFreeName(
  calls: FileCalls,
  temporary: string,
  inode: bigint,
  folder: Folder,
  entry: JournalEntry,
): Promise<void> {
  const { target } = entry;
  for (const base of candidateNames(target.at(-1)!, markOf(entry.temporary))) {
    const there = await lstatIfAny(calls, folder.at(base));
    if (there?.ino === inode) return calls.unlink(temporary);
    if (there === null && (await createExclusively(calls, temporary, folder.at(base), atOnce))) return;
  }
}

async function takeBack(root: ServedRoot, calls: FileCalls, entry: JournalEntry): Promise<void> {
  await withFolders(root, calls, entry, false, async (staging, folder) => {
    const inode = BigInt(entry.inode);
    await removeIfOwn(calls, staging.at(entry.temporary), inode);
    if (folder === null) return;
    const path = folder.at(entry.target.at(-1)!);
    const there = await lstatIfAny(calls, path);
    const aside = entry.aside === null ? null : folder.at(entry.aside);
    const kept = aside === null ? null : await lstatIfAny(calls, aside);
    if (aside !== null && String(kept?.ino) === entry.replaces && (there === null || there.ino === inode))
      await calls.rename(aside, path);
    else await removeIfOwn(calls, path, inode);
    if (!entry.picksName) return;
    for (const base of candidateNames(entry.target.at(-1)!, markOf(entry.temporary)))
      await removeIfOwn(calls, folder.at(base), inode);
  });
  await removeMadeFolders(root, calls, entry);
}

/** The folders that the group had to make, where nobody has put anything into them. */
async function removeMadeFolders(root: ServedRoot, calls: FileCalls, entry: JournalEntry): Promise<void> {
  for (let depth = entry.target.length - 1; depth > entry.folder.length; depth--) {
    const { folder, left } = await walkFar(root, calls, entry.target.slice(0, depth - 1));
    try {
      if (left.length === 0) await removeFolderIfEmpty(calls, folder.at(entry.target[depth - 1]!));
    } finally {
      folder.close();
    }
  }
}
