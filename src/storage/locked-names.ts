// The names by which writers, and the readers of a group, wait for each other.

import { dirname, join } from "node:path";
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

/** What stands for the place of a folder: whoever moves it, or a link that leads to it, locks it alone. */
export function placeOf(realPath: string): string {
  return realPath + "/.";
}

/**
 * What a group shares with other groups: the places of its folders and of all that these lie in. Its journal says where
 * they are, so while there is one they stay there.
 */
export function placesAbove(folderPaths: Iterable<string>): readonly string[] {
  const places = new Set<string>();
  for (const folderPath of new Set(folderPaths)) {
    for (let path = folderPath; path !== dirname(path); path = dirname(path)) places.add(placeOf(path));
  }
  return [...places];
}

/** The real paths of the folders whose lists are among the names. */
export function foldersOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1));
}
