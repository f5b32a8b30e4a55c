// What stands in a folder, as far as it can be read under its name: what would be refused or missing is not listed.

import type { Dirent } from "node:fs";
import { entryOf } from "./entry.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { type NameRules, ObjectName } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import type { Entry, ListedEntry } from "./storage.ts";
import { systemCode } from "./system-fault.ts";
import { Turns } from "./turns.ts";
import { find, free } from "./way.ts";

/** The entries of the folder in no order. Rejects with the system's error. */
export async function listFolder(
  root: ServedRoot,
  calls: FileCalls,
  folder: Folder,
  name: ObjectName,
  rules: NameRules,
): Promise<readonly ListedEntry[]> {
  const found = await calls.readEntries(folder.itself);
  const entries: ListedEntry[] = [];
  const turns = new Turns();
  for (const dirent of found) {
    if (turns.isOver) await turns.yield();
    // Names that are no UTF-8 come with replacement characters, and there is no file of that name.
    const child = name.join([dirent.name], rules);
    if (!(child instanceof ObjectName)) continue;
    const entry = await lookAt(root, calls, folder, child, dirent);
    if (entry !== null) entries.push({ name: dirent.name, ...entry });
  }
  return entries;
}

async function lookAt(
  root: ServedRoot,
  calls: FileCalls,
  folder: Folder,
  name: ObjectName,
  dirent: Dirent,
): Promise<Entry | null> {
  try {
    if (!dirent.isSymbolicLink()) return entryOf(await calls.lstat(folder.at(dirent.name)), Date.now());
    const found = await find(root, calls, name.segments, null);
    free(found.descriptor);
    return entryOf(found.stats, Date.now());
  } catch (error) {
    if (systemCode(error) === "") throw error;
    // Gone meanwhile, or a link to nowhere: for a reader it is not there.
    return null;
  }
}
