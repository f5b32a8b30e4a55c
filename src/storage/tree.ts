// Walks through the whole directory, in short turns: to measure it, and to find what killed servers left behind.

import type { Dirent } from "node:fs";
import { NOTHING, type Usage } from "./coordinator.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { RECENCY_NAME } from "./recency.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { lstatIfAny } from "./target.ts";
import { ownerOf } from "./temporary-name.ts";
import { loopShare } from "./loop-share.ts";
import { walkStraight } from "./way.ts";

/** An entry somewhere below the directory. */
export interface Found {
  /** The folder that holds it; open until the next step. */
  readonly folder: Folder;
  readonly dirent: Dirent;
  /** The folder's segments below the directory. */
  readonly segments: readonly string[];
}

/**
 * Everything below the directory, or below a folder in it, but what cannot be read. Links are not followed. One folder is
 * open at a time.
 */
export async function* walkTree(
  root: ServedRoot,
  calls: FileCalls,
  from: readonly string[] = [],
): AsyncGenerator<Found> {
  const ahead: (readonly string[])[] = [from];
  for (let segments = ahead.pop(); segments !== undefined; segments = ahead.pop()) {
    const path = segments;
    const folder = await unlessRefused(() => walkStraight(root, calls, path));
    if (folder === null) continue;
    try {
      for (const dirent of (await unlessRefused(async () => calls.readEntries(folder.itself))) ?? []) {
        if (loopShare.isOver) await loopShare.next();
        yield { folder, dirent, segments };
        if (dirent.isDirectory()) ahead.push([...segments, dirent.name]);
      }
    } finally {
      folder.close();
    }
  }
}

function nothingThere(error: unknown): null {
  if (systemCode(error) === "") throw error;
  return null;
}

/** Null where the system refuses: the rest is walked all the same. */
export async function unlessRefused<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    return nothingThere(error);
  }
}

/**
 * What is below the directory. Folders count as files do; uploads that a server of this system has in hand, and the order of
 * reads, do not.
 */
export async function measureTree(root: ServedRoot, calls: FileCalls): Promise<Usage> {
  let { bytes, files } = NOTHING;
  for await (const { folder, dirent, segments } of walkTree(root, calls)) {
    if (dirent.isDirectory()) files += 1;
    if (!dirent.isFile() || (dirent.name === RECENCY_NAME && segments.length === 0)) continue;
    if (dirent.name.startsWith(TEMPORARY_PREFIX) && ownerOf(dirent.name) === "alive") continue;
    const stats = await unlessRefused(async () => lstatIfAny(calls, folder.at(dirent.name)));
    if (stats === null) continue;
    bytes += Number(stats.size);
    files += 1;
  }
  return { bytes, files };
}
