// What stands in a folder, as far as it can be read under its name: what would be refused or missing is not listed.

import { type BigIntStats, type Dirent, realpathSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type NameRules, ObjectName } from "./object-name.ts";
import { etagOf } from "./opened-file.ts";
import type { ServedRoot } from "./served-root.ts";
import type { Entry, ListedEntry } from "./storage.ts";

/** Entries that are looked at before other clients have their turn: about half a millisecond. */
const ENTRIES_A_TURN = 256;

/** The entries of the folder in no order. Rejects with the system's error; null when the folder lies outside. */
export async function listFolder(
  root: ServedRoot,
  folder: ObjectName,
  rules: NameRules,
): Promise<readonly ListedEntry[] | null> {
  const path = realpathSync(root.pathOf(folder));
  if (!root.holds(path)) return null;
  const found = await readdir(path, { withFileTypes: true });
  const entries: ListedEntry[] = [];
  for (const [i, dirent] of found.entries()) {
    if (i % ENTRIES_A_TURN === ENTRIES_A_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    const { name } = dirent;
    // Names that are no UTF-8 come with replacement characters, and there is no file of that name.
    if (!(folder.join([name], rules) instanceof ObjectName)) continue;
    const entry = lookAt(root, join(path, name), dirent);
    if (entry !== null) entries.push({ name, ...entry });
  }
  return entries;
}

function lookAt(root: ServedRoot, path: string, dirent: Dirent): Entry | null {
  try {
    if (dirent.isSymbolicLink() && !root.holds(realpathSync(path))) return null;
    return entryOf(statSync(path, { bigint: true }));
  } catch {
    // Gone meanwhile, or a link to nowhere: for a reader it is not there.
    return null;
  }
}

/** What readers see of it; null for devices, pipes and sockets. */
export function entryOf(stats: BigIntStats): Entry | null {
  const modified = Number(stats.mtimeMs);
  if (stats.isDirectory()) return { type: "directory", size: 0, modified, etag: etagOf(stats) };
  return stats.isFile() ? { type: "file", size: Number(stats.size), modified, etag: etagOf(stats) } : null;
}
