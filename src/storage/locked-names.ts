// The names by which writers, and the readers of a group, wait for each other.

import { join } from "node:path";
import type { StagedFile } from "./staged-file.ts";

/**
 * What a writer locks: the same for all names that lead to one place through links. Of a group also the folders that it
 * makes, and the lists that it changes: their readers wait for these names.
 */
export function namesOf(file: StagedFile, isGroup: boolean): readonly string[] {
  const { folderPath, missing, name } = file;
  const path = join(folderPath, ...missing, name.base);
  if (!isGroup) return [path];
  const folders = missing.map((_, depth) => join(folderPath, ...missing.slice(0, depth + 1)));
  return [path, ...folders, listOf(folderPath), ...folders.map(listOf)];
}

/** What stands for the list of a folder among the names that are locked. */
export function listOf(realPath: string): string {
  return realPath + "/";
}
