// The files of a directory in the order in which they were used, in memory: some 650 bytes for each (measured with
// 1,000,000; half as much again while the folder is looked at).

import { loopShare } from "./loop-share.ts";
import type { Surveyed } from "./survey.ts";

/** A file, and when it was last read or written: milliseconds since the epoch. */
export interface KnownFile extends Surveyed {
  used: number;
}

/** A file that was used then. */
export function knownOf({ path, size, modified, tag }: Surveyed, used: number): KnownFile {
  return { path, size, modified, tag, used };
}

/** What became of a path: the file as it is known, when it was used if it is not, null when it has gone. */
type Change = KnownFile | number | null;

/** A file in the order of use: a use moves it without a hash table, which would be made anew now and then (24 ms of 100,000). */
interface Link {
  readonly file: KnownFile;
  older: Link | null;
  newer: Link | null;
}

/** By their paths, and in the order in which they were used. */
export class KnownFiles {
  #links = new Map<string, Link>();
  #oldest: Link | null = null;
  #newest: Link | null = null;
  #bytes = 0;
  /** By path, in the order of the last change, while somebody walks. */
  #changes: Map<string, Change> | null = null;

  /** Of all together. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#links.size;
  }

  get(path: string): KnownFile | undefined {
    return this.#links.get(path)?.file;
  }

  /** The version as it is known, with the time of its use; null when it is not. */
  same({ path, tag }: Surveyed): KnownFile | null {
    const known = this.get(path);
    return known?.tag === tag ? known : null;
  }

  /** The least recently used; null for none. */
  oldest(): KnownFile | null {
    return this.#oldest?.file ?? null;
  }

  /** Those that were put last come last. They may change while they are walked through. */
  *all(): Generator<KnownFile> {
    for (const { file } of this.#links.values()) yield file;
  }

  /** For the log; they may change meanwhile. */
  *uses(): Generator<[path: string, time: number]> {
    for (const { path, used } of this.all()) yield [path, used];
  }

  /** The file is used now. */
  use(path: string, now: number): void {
    const link = this.#links.get(path);
    // What is told late, of a file that has gone meanwhile, does not bring it back.
    if (link !== undefined || this.#changes?.get(path) !== null) this.#note(path, link?.file ?? now);
    if (link === undefined) return;
    link.file.used = now;
    this.#cut(link);
    this.#append(link);
  }

  /** A version that is used now. */
  put(file: KnownFile): void {
    this.forget(file.path);
    this.#note(file.path, file);
    const link = { file, older: null, newer: null };
    this.#links.set(file.path, link);
    this.#append(link);
    this.#bytes += file.size;
  }

  forget(path: string): void {
    this.#note(path, null);
    const link = this.#links.get(path);
    if (link === undefined) return;
    this.#links.delete(path);
    this.#cut(link);
    this.#bytes -= link.file.size;
  }

  /** Somebody begins to look at what there is; `merge` ends it. What changes in between is known better than he sees it. */
  beginWalk(): void {
    this.#changes = new Map();
  }

  /**
   * Takes what a walk has found for all there is: what was the same as it was known, and what was not. In short turns, but
   * for what has changed meanwhile.
   */
  async merge(found: readonly KnownFile[]): Promise<void> {
    const merged = new KnownFiles();
    for (const file of await sortByUse(found)) {
      merged.put(file);
      if (loopShare.isOver) await loopShare.next();
    }
    for (const [path, change] of this.#changes ?? []) merged.#apply(path, change);
    this.#changes = null;
    this.#links = merged.#links;
    this.#oldest = merged.#oldest;
    this.#newest = merged.#newest;
    this.#bytes = merged.#bytes;
  }

  #append(link: Link): void {
    link.older = this.#newest;
    if (this.#newest === null) this.#oldest = link;
    else this.#newest.newer = link;
    this.#newest = link;
  }

  #cut(link: Link): void {
    if (link.older === null) this.#oldest = link.newer;
    else link.older.newer = link.newer;
    if (link.newer === null) this.#newest = link.older;
    else link.newer.older = link.older;
    link.older = null;
    link.newer = null;
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
