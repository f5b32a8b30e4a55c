// What lies in a folder that is kept small, and what its server says that it has removed.

import { readFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hashOf, RECENCY_NAME } from "../../src/storage/recency.ts";
import type { RunningProgram } from "./program.ts";
import { exchange } from "./raw-client.ts";

/** Of a limit, so much is free after an eviction. */
export const FREE_SHARE = 64;
/** Of one use in it. */
export const RECORD_BYTES = 16;

/** Files, and the bytes of all. */
export interface Held {
  readonly files: number;
  readonly bytes: number;
}

/** What a walk sees below a folder, without hidden files; what goes away meanwhile is not there. */
export async function heldIn(folder: string): Promise<Held> {
  let [files, bytes] = [0, 0];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const below = await heldIn(path);
      files += below.files;
      bytes += below.bytes;
    } else if (entry.isFile() && !entry.name.startsWith(".")) {
      const stats = await lstat(path).catch(() => null);
      files += stats === null ? 0 : 1;
      bytes += stats?.size ?? 0;
    }
  }
  return { files, bytes };
}

/** What has gone by itself, as the metrics of a server say. */
export async function evictedBy(program: RunningProgram): Promise<Held> {
  const raw = "GET /-/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  const text = await exchange(program.port, raw);
  const count = (what: string): number =>
    Number(new RegExp(`^mini_http_evicted_${what}_total (\\d+)$`, "m").exec(text)?.[1]);
  return { files: count("files"), bytes: count("bytes") };
}

/** Milliseconds since the epoch when a path was last used, as the folder's log has it; 0 for never. */
export function lastUseOf(folder: string, path: string): number {
  const bytes = readIfAny(join(folder, RECENCY_NAME));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last = 0;
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    if (view.getBigUint64(at, true) === hashOf(path)) last = view.getFloat64(at + 8, true);
  }
  return last;
}

function readIfAny(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
