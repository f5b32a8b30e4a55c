// Walks through the whole directory, off the event loop: to measure it, and to sweep what killed servers left behind.

import type { Dirent } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { NOTHING, type Usage } from "./coordinator.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { ownerOf } from "./temporary-name.ts";

/** An upload writes or is cut off long before: what is older and of unknown owner is nobody's. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Bytes and files below the directory, as they are; uploads under way and what links lead to do not count. */
export async function measureTree(root: string): Promise<Usage> {
  let { bytes, files } = NOTHING;
  for await (const { path, dirent } of walk(root)) {
    if (!dirent.isFile() || dirent.name.startsWith(TEMPORARY_PREFIX)) continue;
    const stats = await lstat(path).catch(() => null);
    if (stats === null) continue;
    bytes += stats.size;
    files += 1;
  }
  return { bytes, files };
}

/** Removes the temporary files whose owner is gone; gives how many. What cannot be removed stays. */
export async function sweepLeftovers(root: string, now: number): Promise<number> {
  let swept = 0;
  for await (const { path, dirent } of walk(root)) {
    if (!dirent.isFile() || !(await isLeftover(path, dirent.name, now))) continue;
    swept += await rm(path).then(
      () => 1,
      () => 0,
    );
  }
  return swept;
}

async function isLeftover(path: string, name: string, now: number): Promise<boolean> {
  const owner = ownerOf(name);
  if (owner !== "unknown") return owner === "gone";
  const stats = await lstat(path).catch(() => null);
  return stats !== null && now - stats.mtimeMs > ABANDONED_MS;
}

interface Found {
  readonly path: string;
  readonly dirent: Dirent;
}

/** Everything below the folder but what cannot be read. Links are not followed. */
async function* walk(root: string): AsyncGenerator<Found> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const dirent of found) {
      const path = join(folder, dirent.name);
      if (dirent.isDirectory()) folders.push(path);
      yield { path, dirent };
    }
  }
}
