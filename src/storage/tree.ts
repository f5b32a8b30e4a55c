// Walks through the whole directory, in short turns: to measure it, and to find what killed servers left behind.

import type { Dirent } from "node:fs";
import { NOTHING, type Usage } from "./coordinator.ts";
import type { FileCalls } from "./file-calls.ts";
import { type Folder, openFolder } from "./folder.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { lstatIfAny } from "./target.ts";
import { ownerOf } from "./temporary-name.ts";
import { Turns } from "./turns.ts";

/** An entry somewhere below the directory. */
export interface Found {
  readonly folder: Folder;
  readonly dirent: Dirent;
  /** The folder's segments below the directory. */
  readonly segments: readonly string[];
}

/** Everything below the directory but what cannot be read. Links are not followed. A folder is open until the next step. */
export async function* walkTree(root: ServedRoot, calls: FileCalls): AsyncGenerator<Found> {
  const start = await root.open(calls).catch(nothingThere);
  if (start === null) return;
  try {
    yield* walkFolder(root, calls, start, [], new Turns());
  } finally {
    start.close();
  }
}

async function* walkFolder(
  root: ServedRoot,
  calls: FileCalls,
  folder: Folder,
  segments: readonly string[],
  turns: Turns,
): AsyncGenerator<Found> {
  const entries = await unlessRefused(async () => calls.readEntries(folder.itself));
  for (const dirent of entries ?? []) {
    if (turns.isOver) await turns.yield();
    yield { folder, dirent, segments };
    if (!dirent.isDirectory()) continue;
    const below = await unlessRefused(() => openBudgeted(root, calls, folder, dirent.name));
    if (below === null) continue;
    try {
      yield* walkFolder(root, calls, below, [...segments, dirent.name], turns);
    } finally {
      below.close();
    }
  }
}

async function openBudgeted(root: ServedRoot, calls: FileCalls, folder: Folder, name: string): Promise<Folder> {
  root.budget.takeOrThrow();
  try {
    return await openFolder(calls, folder, name, root.budget);
  } catch (error) {
    root.budget.giveBack();
    throw error;
  }
}

function nothingThere(error: unknown): null {
  if (systemCode(error) === "") throw error;
  return null;
}

/** Null where the system refuses: the rest is walked all the same. */
async function unlessRefused<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    return nothingThere(error);
  }
}

/** What is below the directory. Folders count as files do; uploads that a server of this system has in hand do not. */
export async function measureTree(root: ServedRoot, calls: FileCalls): Promise<Usage> {
  let { bytes, files } = NOTHING;
  for await (const { folder, dirent } of walkTree(root, calls)) {
    if (dirent.isDirectory()) files += 1;
    if (!dirent.isFile()) continue;
    if (dirent.name.startsWith(TEMPORARY_PREFIX) && ownerOf(dirent.name) === "alive") continue;
    const stats = await unlessRefused(async () => lstatIfAny(calls, folder.at(dirent.name)));
    if (stats === null) continue;
    bytes += Number(stats.size);
    files += 1;
  }
  return { bytes, files };
}
