// The files of a directory in the order in which they were used, in memory: some 600 bytes for each (measured with 100,000).

import { loopShare } from "./loop-share.ts";
import type { Surveyed } from "./survey.ts";

/** A file, and when it was last read or written: milliseconds since the epoch. */
export interface KnownFile extends Surveyed {
  used: number;
}

/** What became of a path: the file as it is known, when it was used if it is not, null when it has gone. */
type Change = KnownFile | number | null;

/** By their paths. */
export class KnownFiles {
  /** The least recently used first. */
  #files = new Map<string, KnownFile>();
  #bytes = 0;
  /** By path, in the order of the last change, while somebody walks. */
  #changes: Map<string, Change> | null = null;

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

  /** For the log, in their order; they may change meanwhile. */
  *uses(): Generator<[path: string, time: number]> {
    for (const { path, used } of this.#files.values()) yield [path, used];
  }

  /** The file is used now. */
  use(path: string, now: number): void {
    const file = this.#files.get(path);
    this.#note(path, file ?? now);
    if (file === undefined) return;
    file.used = now;
    this.#files.delete(path);
    this.#files.set(path, file);
  }

  /** A version that is used now. */
  put(file: KnownFile): void {
    this.forget(file.path);
    this.#note(file.path, file);
    this.#files.set(file.path, file);
    this.#bytes += file.size;
  }

  forget(path: string): void {
    this.#note(path, null);
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#bytes -= file.size;
  }

  /** Somebody begins to look at what there is; `merge` ends it. What changes in between is known better than he sees it. */
  beginWalk(): void {
    this.#changes = new Map();
  }

  /**
   * Takes what a walk has found for all there is; what was known keeps the time of its use. In short turns, but for what
   * has changed meanwhile.
   */
  async merge(found: readonly KnownFile[]): Promise<void> {
    for (const file of found) {
      const known = this.#files.get(file.path);
      if (known?.tag === file.tag) file.used = known.used;
      if (loopShare.isOver) await loopShare.next();
    }
    const merged = new KnownFiles();
    for (const file of await sortByUse(found)) {
      merged.put(file);
      if (loopShare.isOver) await loopShare.next();
    }
    for (const [path, change] of this.#changes ?? []) merged.#apply(path, change);
    this.#changes = null;
    this.#files = merged.#files;
    this.#bytes = merged.#bytes;
  }

  #apply(path: string, change: Change): void {
    if (change === null) this.forget(path);
    else if (typeof change === "number") this.use(path, change);
    else this.put(change);
  }

  #note(path: string, change: Change): void {
    if (this.#changes === null) return;
    this.#changes.delete(path);
    this.#changes.set(path, change);
  }
}

const RUN = 1024;

/** The least recently used first. In short turns: 100,000 at once would hold up the loop. */
export async function sortByUse(files: readonly KnownFile[]): Promise<readonly KnownFile[]> {
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
