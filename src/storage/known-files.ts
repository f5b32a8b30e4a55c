// The files of a directory in the order in which they were used, in memory: some 400 bytes for each.

import { loopShare } from "./loop-share.ts";
import type { Surveyed } from "./survey.ts";

/** A file, and when it was last read or written: milliseconds since the epoch. */
export interface KnownFile extends Surveyed {
  used: number;
}

/** By their paths. */
export class KnownFiles {
  /** The least recently used first. */
  #files = new Map<string, KnownFile>();
  #bytes = 0;

  /** Of all together. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#files.size;
  }

  get(path: string): KnownFile | undefined {
    return this.#files.get(path);
  }

  /** The least recently used; null for none. */
  oldest(): KnownFile | null {
    return this.#files.values().next().value ?? null;
  }

  /** May change while they are walked through. */
  all(): Iterable<KnownFile> {
    return this.#files.values();
  }

  /** For the log, in their order. */
  uses(): [path: string, time: number][] {
    return Array.from(this.#files, ([path, { used }]) => [path, used]);
  }

  /** The file is used now. */
  use(path: string, now: number): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    file.used = now;
    this.#files.delete(path);
    this.#files.set(path, file);
  }

  /** A version that is used now. */
  put(file: KnownFile): void {
    this.forget(file.name.path);
    this.#files.set(file.name.path, file);
    this.#bytes += file.size;
  }

  forget(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#bytes -= file.size;
  }

  /**
   * Takes what a walk has found for all there is. What was used since the walk began is known better than the walk
   * knows it; of the rest, what was known keeps the time of its use.
   */
  async merge(found: readonly KnownFile[], walkBegan: number): Promise<void> {
    const rest: KnownFile[] = [];
    for (const file of found) {
      const known = this.#files.get(file.name.path);
      if (known?.tag === file.tag) file.used = known.used;
      rest.push(file);
      if (loopShare.isOver) await loopShare.next();
    }
    const sorted = await sortByUse(rest);
    this.#replace(sorted, walkBegan);
  }

  #replace(sorted: readonly KnownFile[], walkBegan: number): void {
    const before = this.#files;
    this.#files = new Map();
    this.#bytes = 0;
    for (const file of sorted) if ((before.get(file.name.path)?.used ?? 0) < walkBegan) this.put(file);
    for (const file of before.values()) if (file.used >= walkBegan) this.put(file);
  }
}

const RUN = 1024;

/** In short turns: 100,000 at once would hold up the loop. */
async function sortByUse(files: readonly KnownFile[]): Promise<readonly KnownFile[]> {
  let runs: KnownFile[][] = [];
  for (let at = 0; at < files.length; at += RUN) {
    runs.push(files.slice(at, at + RUN).sort((a, b) => a.used - b.used));
    if (loopShare.isOver) await loopShare.next();
  }
  while (runs.length > 1) {
    const merged: KnownFile[][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(await mergeRuns(runs[i]!, runs[i + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergeRuns(one: readonly KnownFile[], other: readonly KnownFile[]): Promise<KnownFile[]> {
  const merged: KnownFile[] = [];
  let [i, k] = [0, 0];
  while (i < one.length || k < other.length) {
    const isFirst = k >= other.length || (i < one.length && one[i]!.used <= other[k]!.used);
    merged.push(isFirst ? one[i++]! : other[k++]!);
    if (merged.length % RUN === 0 && loopShare.isOver) await loopShare.next();
  }
  return merged;
}
