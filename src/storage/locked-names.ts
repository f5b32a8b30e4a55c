// The names by which writers, and the readers of a group, wait for each other.

import { join } from "node:path";
/** Where a file of a commit is to be: some folders below one that is there. */
export interface Placed {
  /** The real path of the folder that is there. */
  readonly folderPath: string;
  readonly missing: readonly string[];
  readonly name: { readonly base: string };
}

/**
 * What a writer locks: the same for all names that lead to one place through links. Of a group also the folders that it
 * makes, and the lists that it changes: their readers wait for these names.
 */
export function namesOf({ folderPath, missing, name }: Placed, isGroup: boolean): readonly string[] {
  const path = join(folderPath, ...missing, name.base);
  if (!isGroup) return [path];
  const folders = missing.map((_, depth) => join(folderPath, ...missing.slice(0, depth + 1)));
  return [path, ...folders, listOf(folderPath), ...folders.map(listOf)];
}

/** What stands for the list of a folder among the names that are locked. */
export function listOf(realPath: string): string {
  return realPath + "/";
}

/** The real paths of the folders whose lists are among the names. */
export function foldersOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1));
}
