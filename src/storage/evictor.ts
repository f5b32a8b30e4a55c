// Keeps the directory small: what was not read for longest goes when there is too much, and what is too old goes in any
// case. One for a server: workers tell it what they read and write. What somebody writes to just now stays, and so does a
// version that has come meanwhile.

import { NOTHING } from "./coordinator.ts";
import { type KnownFile, KnownFiles, knownOf, sortByUse } from "./known-files.ts";
import type { Lack, Ledger } from "./ledger.ts";
import type { LocalStorage } from "./local-storage.ts";
import { loopShare } from "./loop-share.ts";
import { MovedFolders } from "./moved-folders.ts";
import type { RecencyLog } from "./recency.ts";
import { type RecencyNews, RecencyWriter } from "./recency-writer.ts";
import type { Surveyed, SurveyedName } from "./survey.ts";

/** Why a file went. */
export type EvictionReason = "limit" | "age";

/** What became of a version: the system does not let it go, or somebody writes another one. */
type Became = "gone" | "kept" | "in-use";

/** What it tells. */
export interface EvictionNews extends RecencyNews {
  /** Once for each file. */
  evicted(files: number, bytes: number, reason: EvictionReason): void;
}

/** Null: no limit. */
export interface EvictionLimits {
  /** Bytes of all files together. */
  readonly bytes: number | null;
  /** Milliseconds since a file was modified. */
  readonly ageMs: number | null;
}

/** Of the limit, so much is free after an eviction. */
const FREE_SHARE = 64;
/** Times of this size keep so much of a millisecond. */
const LEAST_BETWEEN_MS = 0.001;
/** Other programs change the folder, too. */
const SURVEY_MS = 10 * 60 * 1000;
const LONGEST_SWEEP_MS = 60 * 1000;
const SHORTEST_SWEEP_MS = 1000;
const SWEEPS_IN_AGE = 20;
/** So long an upload waits for room at most: a limit that was lowered, or a slow disk, holds nobody up for minutes. */
const PATIENCE_MS = 5000;
/** Files in a row that the system does not let go: then the rest waits for the next time. */
const MOST_REFUSED = 100;

const KEPT = "Files that --evict should remove cannot be removed; the folder holds more than it should.";

const DONE = Promise.resolve();

/** Begins with `begin`. */
export class Evictor implements Ledger {
  readonly #storage: LocalStorage;
  readonly #limits: EvictionLimits;
  readonly #news: EvictionNews;
  readonly #log: RecencyLog;
  readonly #files = new KnownFiles();
  readonly #movedFolders = new MovedFolders();
  /** Null: no order is needed. */
  readonly #writer: RecencyWriter | null;
  /** Nothing goes before all is known. */
  #isReady = false;
  #surveying: Promise<void> | null = null;
  /** Asked for, and not yet begun. */
  #nextSurvey: Promise<void> | null = null;
  #isExpiring = false;
  #makingRoom: Promise<void> | null = null;
  /** What is to go in this turn, however much is allowed. */
  #owed: Lack = NOTHING;
  #lastUse = 0;

  constructor(storage: LocalStorage, limits: EvictionLimits, news: EvictionNews) {
    this.#storage = storage;
    this.#limits = limits;
    this.#news = news;
    this.#log = storage.recency();
    this.#writer = limits.bytes === null ? null : new RecencyWriter(this.#log, this.#files, news);
  }

  /** Bytes of the files that are known. */
  get bytes(): number {
    return this.#files.bytes;
  }

  /** Looks at what is there, and works from then on, as long as the process lives. Never rejects. */
  async begin(): Promise<void> {
    await this.survey();
    await this.expire();
    const { ageMs } = this.#limits;
    this.#writer?.begin();
    setInterval(() => void this.survey(), SURVEY_MS).unref();
    if (ageMs === null) return;
    const pause = Math.min(LONGEST_SWEEP_MS, Math.max(SHORTEST_SWEEP_MS, ageMs / SWEEPS_IN_AGE));
    setInterval(() => void this.expire(), pause).unref();
  }

  /** Takes what is in the directory now for what is known. Who asks while one goes on gets the next. Never rejects. */
  survey(): Promise<void> {
    if (this.#nextSurvey !== null) return this.#nextSurvey;
    if (this.#surveying === null) return this.#beginSurvey();
    this.#nextSurvey = this.#surveying.then(() => this.#beginSurvey());
    return this.#nextSurvey;
  }

  read(paths: readonly string[]): void {
    for (const realPath of paths) {
      const now = this.#now();
      const path = this.#storage.pathBelow(realPath);
      if (path === null) continue;
      this.#writer?.note(path, now);
      this.#files.use(path, now);
    }
  }

  async changed(paths: readonly string[]): Promise<void> {
    try {
      const came = this.#now();
      for (const path of paths) await this.#look(path);
      await soon(this.#makeRoom(came));
    } catch (error) {
      this.#news.fault(error);
    }
  }

  moved(from: string, to: string): Promise<void> {
    return soon(this.#moved(from, to));
  }

  async runShort({ bytes, files }: Lack): Promise<void> {
    const { bytes: knownBytes, count } = this.#files;
    const owed = { bytes: this.#owed.bytes + bytes, files: this.#owed.files + files };
    if (this.#limits.bytes === null || !this.#isReady || owed.bytes > knownBytes || owed.files > count) {
      // What others wait for may do for this one, too.
      return this.#makingRoom === null ? undefined : soon(this.#makingRoom);
    }
    if (this.#makingRoom === null) {
      if (bytes > 0 || files === 0) owed.bytes += Math.ceil(knownBytes / FREE_SHARE);
      if (files > 0) owed.files += Math.ceil(count / FREE_SHARE);
    }
    this.#owed = owed;
    return soon(this.#evictOnce(0));
  }

  /** Removes what is too old. Never rejects. */
  async expire(): Promise<void> {
    const { ageMs } = this.#limits;
    if (ageMs === null || !this.#isReady || this.#isExpiring) return;
    this.#isExpiring = true;
    try {
      // What came before a clock was set back is old when its time is over.
      await this.#removeOlder(Date.now() - ageMs);
    } catch (error) {
      this.#news.fault(error);
    } finally {
      this.#isExpiring = false;
    }
  }

  /** Puts what was used until now on the disk. Resolves when it is there, or soon: a disk may hang. Never rejects. */
  async writeLog(): Promise<void> {
    if (this.#isReady && this.#writer !== null) await soon(this.#writer.write());
  }

  /** No two uses are at one time: their order is what counts. A clock that is set back does not turn it around, either. */
  #now(): number {
    this.#lastUse = Math.max(Date.now(), this.#lastUse + LEAST_BETWEEN_MS);
    return this.#lastUse;
  }

  #beginSurvey(): Promise<void> {
    this.#nextSurvey = null;
    this.#surveying = this.#survey().finally(() => {
      this.#surveying = null;
    });
    return this.#surveying;
  }

  async #survey(): Promise<void> {
    try {
      const start = this.#now();
      this.#files.beginWalk();
      const [found, unknown]: [KnownFile[], KnownFile[]] = [[], []];
      for await (const each of this.#storage.survey()) {
        const known = this.#files.same(each);
        const file = known ?? knownOf(each, this.#isReady ? start : each.modified);
        found.push(file);
        if (known === null) unknown.push(file);
      }
      if (!this.#isReady && this.#writer !== null) await this.#date(unknown, start);
      await this.#files.merge(found);
      this.#isReady = true;
      await this.#removeLarger(found);
      await this.#makeRoom(this.#now());
    } catch (error) {
      this.#news.fault(error);
    }
  }

  /**
   * Gives the files of the first survey the times of their last uses. Those ahead of the clock, as after one that was set
   * back, keep their order, and come before all that follow.
   */
  async #date(files: readonly KnownFile[], start: number): Promise<void> {
    await this.#log.load(files);
    const ahead = await sortByUse(files.filter(({ used }) => used >= start));
    if (ahead.length > 0) this.#log.distrust();
    for (const [i, file] of ahead.entries()) file.used = start - (ahead.length - i) * LEAST_BETWEEN_MS;
  }

  async #look(path: string): Promise<SurveyedName | null> {
    const found = await this.#storage.surveyOne(path);
    if (found === null || found.file === null) this.#files.forget(found?.path ?? path);
    else this.#put(found.file);
    return found;
  }

  #put(file: Surveyed): void {
    const now = this.#now();
    this.#files.put(knownOf(file, now));
    this.#writer?.note(file.path, now);
  }

  async #moved(from: string, to: string): Promise<void> {
    try {
      const came = this.#now();
      const left = await this.#look(from);
      const entered = await this.#look(to);
      if (left !== null && entered?.isFolder === true) await this.#takeAlong(left.path, entered.path);
      await this.#makeRoom(came);
    } catch (error) {
      this.#news.fault(error);
    }
  }

  /** What is in a folder that has another name. As a file that has, it is used now. */
  async #takeAlong(from: string, to: string): Promise<void> {
    const folder = this.#movedFolders.begin(from, to);
    try {
      for await (const file of this.#storage.surveyBelow(to)) {
        if (folder.isTorn) break;
        this.#files.forget(from + file.path.slice(to.length));
        // Whoever has written there meanwhile has told it.
        if (this.#files.get(file.path) === undefined) this.#put(file);
      }
    } finally {
      this.#movedFolders.end(folder);
    }
    if (folder.tears) await this.survey();
  }

  /** What alone is larger than the limit can only go: it does so before it drives out the others. */
  async #removeLarger(found: readonly KnownFile[]): Promise<void> {
    const limit = this.#limits.bytes ?? Infinity;
    for (const file of found) {
      if (file.size > limit) await this.#remove(file, "limit");
    }
  }

  /** For what came since then. */
  #makeRoom(came: number): Promise<void> {
    const { bytes } = this.#limits;
    return bytes === null || !this.#isReady || this.#files.bytes <= bytes ? DONE : this.#evictOnce(came);
  }

  /** One at a time: who comes meanwhile waits for the same. Never rejects. */
  #evictOnce(came: number): Promise<void> {
    this.#makingRoom ??= this.#evict(came);
    return this.#makingRoom;
  }

  async #evict(came: number): Promise<void> {
    // Not before its caller has it: it may end at once.
    await DONE;
    // In a row. What stays is behind all others then: after so many it would come a second time.
    let [refused, inUse] = [0, 0];
    const isStuck = (): boolean => refused === MOST_REFUSED || refused + inUse >= this.#files.count;
    try {
      let file = this.#files.oldest();
      for (; file !== null && !isStuck() && this.#mustGo(file, came); file = this.#files.oldest()) {
        const became = await this.#remove(file, "limit");
        if (became === "gone") [refused, inUse] = [0, 0];
        else if (became === "kept") refused += 1;
        else inUse += 1;
        if (loopShare.isOver) await loopShare.next();
      }
      if (refused > 0 && isStuck()) this.#news.warning(KEPT);
    } catch (error) {
      this.#news.fault(error);
    } finally {
      // In the turn in which it saw that it is done: who comes later begins anew.
      this.#owed = NOTHING;
      this.#makingRoom = null;
    }
  }

  /** Down to the limit; of what was used before, down to what is to be free. */
  #mustGo({ used }: KnownFile, came: number): boolean {
    const limit = this.#limits.bytes ?? Infinity;
    // What came just now need fit only: whoever has sent it is told that it is there.
    const most = used < came ? limit - Math.floor(limit / FREE_SHARE) : limit;
    return this.#files.bytes > most || this.#owed.bytes > 0 || this.#owed.files > 0;
  }

  async #removeOlder(before: number): Promise<void> {
    let [left, refused] = [this.#files.count, 0];
    for (const file of this.#files.all()) {
      // What is read meanwhile, or refused, comes a second time, behind all others.
      if (left === 0 || refused === MOST_REFUSED) break;
      left -= 1;
      if (loopShare.isOver) await loopShare.next();
      if (file.modified >= before) continue;
      const became = await this.#remove(file, "age");
      if (became !== "in-use") refused = became === "gone" ? 0 : refused + 1;
    }
    if (refused > 0) this.#news.warning("Files that --expire should remove cannot be removed.");
  }

  async #remove(file: KnownFile, reason: EvictionReason): Promise<Became> {
    const { path, size, tag } = file;
    const fault = await this.#storage.discard(path, tag);
    if (fault === "precondition") {
      await this.#look(path);
      return "gone";
    }
    if (fault !== null && fault !== "missing") {
      // Behind all others, wherever somebody looks for what is to go.
      const kept = this.#files.same(file);
      if (kept !== null) this.#files.put({ ...kept, used: this.#now() });
      return fault === "in-use" ? "in-use" : "kept";
    }
    if (this.#files.get(path)?.tag === tag) this.#files.forget(path);
    if (fault === "missing") return "gone";
    this.#owed = { bytes: Math.max(0, this.#owed.bytes - size), files: Math.max(0, this.#owed.files - 1) };
    this.#news.evicted(1, size, reason);
    return "gone";
  }
}

/** Resolves with the work, or when it has taken too long for anybody to wait. */
function soon(work: Promise<void>): Promise<void> {
  if (work === DONE) return work;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE_MS);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
