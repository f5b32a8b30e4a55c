// What writers on one folder must agree on: who may change a name now, how much of its limits is left, and whether a
// group is being made visible. In process for one worker; workers of one server ask their parent through the same
// interface.

import type { MaybePromise } from "../http/byte-source.ts";
import { type Lack, type Ledger, MOST_TRIES } from "./ledger.ts";

/** Bytes below the directory, and files and folders. */
export interface Usage {
  readonly bytes: number;
  readonly files: number;
}

/** What an upload holds before its commit. */
export interface Claim extends Usage {
  /** Bytes that may come to the disk before the upload asks again. */
  readonly ahead: number;
}

/** What an upload asks for. */
export interface Request {
  /** To be held in addition. */
  readonly claim: Claim;
  /** Bytes that are announced beside: they are not held, but what cannot fit is refused now. */
  readonly announced: number;
  /** Bytes that the disk has free for us, as the asker sees it. */
  readonly free: number;
}

/** Why a claim is refused; null: it is granted. */
export type Refused = "over-quota" | "no-space" | null;

/** Null: no limit. */
export interface UsageLimits {
  readonly bytes: number | null;
  readonly files: number | null;
  /** Bytes that uploads leave free on the disk. */
  readonly minFree: number;
}

/** Ends a lock; once. */
export type Release = () => void;

/** One for all writers of a server. */
export interface Coordinator {
  /** False when `reserve` always grants: writers may spare themselves the accounts. */
  readonly hasLimits: boolean;
  /** True while some group is being made visible: readers ask for the lock of what they read. Costs nothing to ask. */
  readonly hasGroups: boolean;
  /** Changes with each group that begins: who reads for long sees that one has begun meanwhile, even if it has ended. */
  readonly groupsBegun: number;
  /** Who keeps the folder small, and is told of all that is read and written; null for nobody. */
  readonly ledger: Ledger | null;
  /** Waits until nobody else holds any of these names, and nobody alone those that several may hold at once. */
  lock(names: readonly string[], shared?: readonly string[]): MaybePromise<Release>;
  /** The same for one name, without waiting; null when somebody holds it. */
  tryLock(name: string): MaybePromise<Release | null>;
  /** A group begins, and ends, to be made visible, its names locked. */
  beginGroup(): void;
  endGroup(): void;
  /** Sets something aside for an upload. */
  reserve(request: Request): MaybePromise<Refused>;
  /** Ends a claim; `change` is what has become of it: what the folder holds more, or less, than before. */
  settle(claim: Claim, change: Usage): void;
}

/** No bytes and no files. */
export const NOTHING: Usage = { bytes: 0, files: 0 };
/** Nothing is held. */
export const NO_CLAIM: Claim = { bytes: 0, files: 0, ahead: 0 };

/** Who waits for longer, as behind others on a slow disk, is refused when nothing is left without making room. */
const PATIENCE_MS = 15_000;
const FRESH_MS = 5000;
/** A walk through a large tree takes long; it may take no more than this share of the time. */
const SCAN_SHARE = 20;

/** The coordinator within one process. */
export class LocalCoordinator implements Coordinator {
  readonly hasLimits: boolean;
  /** Set before the first request, if ever. */
  ledger: Ledger | null = null;
  readonly #limits: UsageLimits;
  readonly #scan: () => Promise<Usage>;
  readonly #locks = new NameLocks();
  #groups = 0;
  #groupsBegun = 0;
  #used: Usage = NOTHING;
  #claimed: Claim = NO_CLAIM;
  #freshUntil = 0;
  #scanning: Promise<void> | null = null;
  /** Those who wait for room, and the last of them; never rejects. */
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** What was settled while a scan walks: it may have seen it or not, so what came counts, and what went does not. */
  #settledMeanwhile: Usage = NOTHING;

  /** `scan` measures the folder as it is, without uploads under way. */
  constructor(limits: UsageLimits, scan: () => Promise<Usage>) {
    this.#limits = limits;
    this.#scan = scan;
    this.hasLimits = hasLimits(limits);
  }

  get hasGroups(): boolean {
    return this.#groups > 0;
  }

  lock(names: readonly string[], shared: readonly string[] = []): MaybePromise<Release> {
    return this.#locks.take(names, shared);
  }

  tryLock(name: string): MaybePromise<Release | null> {
    return this.#locks.isHeld(name) ? null : this.#locks.take([name], []);
  }

  get groupsBegun(): number {
    return this.#groupsBegun;
  }

  beginGroup(): void {
    this.#groups += 1;
    this.#groupsBegun += 1;
  }

  endGroup(): void {
    this.#groups -= 1;
  }

  reserve(request: Request): MaybePromise<Refused> {
    if (!this.hasLimits) return null;
    const { bytes, files } = this.#limits;
    // Others change the folder too: accounts of our own are believed for a while only.
    if ((bytes === null && files === null) || performance.now() < this.#freshUntil) return this.#grant(request);
    this.#scanning ??= this.#rescan();
    return this.#scanning.then(() => this.#grant(request));
  }

  settle(claim: Claim, change: Usage): void {
    if (!this.hasLimits) return;
    this.#claimed = subtractClaim(this.#claimed, claim);
    this.#used = add(this.#used, change);
    if (this.#scanning === null) return;
    const came = { bytes: Math.max(0, change.bytes), files: Math.max(0, change.files) };
    this.#settledMeanwhile = add(this.#settledMeanwhile, came);
  }

  /** Measures the folder now, so that the first upload need not wait for it. */
  prepare(): void {
    if (this.#limits.bytes === null && this.#limits.files === null) return;
    this.#scanning ??= this.#rescan();
    // Who needs it asks again, and hears why it failed.
    this.#scanning.catch(() => {});
  }

  #grant(request: Request): MaybePromise<Refused> {
    const { ledger } = this;
    if (ledger === null) return this.#judge(request);
    // Whoever waits for room gets it before whoever comes now.
    const refused = this.#waiting > 0 ? "over-quota" : this.#judge(request);
    return refused === "over-quota" ? this.#waitForRoom(request, ledger) : refused;
  }

  /** One after the other. */
  #waitForRoom(request: Request, ledger: Ledger): Promise<Refused> {
    const end = performance.now() + PATIENCE_MS;
    this.#waiting += 1;
    const turn = this.#turn
      .then(() => this.#makeRoom(request, ledger, end))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#turn = turn.then(ignore, ignore);
    return turn;
  }

  /** Something goes, where it can go by itself. */
  async #makeRoom(request: Request, ledger: Ledger, end: number): Promise<Refused> {
    let refused = this.#judge(request);
    for (let tries = 0; refused === "over-quota" && tries < MOST_TRIES && performance.now() < end; tries++) {
      await ledger.runShort(this.#lackOf(request));
      refused = this.#judge(request);
    }
    return refused;
  }

  #lackOf({ claim, announced }: Request): Lack {
    const { bytes, files } = add(add(this.#used, this.#claimed), claim);
    return {
      bytes: Math.max(0, bytes + announced - (this.#limits.bytes ?? Infinity)),
      files: Math.max(0, files - (this.#limits.files ?? Infinity)),
    };
  }

  #judge({ claim, announced, free }: Request): Refused {
    const { minFree, bytes, files } = this.#limits;
    if (minFree > 0 && free - this.#claimed.ahead - claim.ahead < minFree) return "no-space";
    const total = add(add(this.#used, this.#claimed), claim);
    const more = claim.bytes + announced;
    if (bytes !== null && more > 0 && total.bytes + announced > bytes) return "over-quota";
    if (files !== null && claim.files > 0 && total.files > files) return "over-quota";
    this.#claimed = addClaim(this.#claimed, claim);
    return null;
  }

  async #rescan(): Promise<void> {
    this.#settledMeanwhile = NOTHING;
    const start = performance.now();
    try {
      this.#used = add(await this.#scan(), this.#settledMeanwhile);
      const end = performance.now();
      this.#freshUntil = end + Math.max(FRESH_MS, SCAN_SHARE * (end - start));
    } finally {
      this.#scanning = null;
    }
  }
}

/** Who holds a name last: one alone, or some who share it. */
interface Holders {
  /** Resolves when the last of them is done. */
  readonly ended: Promise<void>;
  /** Of those who share it: those before them, and one more or less of them. */
  readonly shared: { readonly before: Promise<void> | undefined; readonly change: (by: 1 | -1) => void } | null;
}

/** Waiting lines, one for each name that someone holds. */
class NameLocks {
  readonly #lines = new Map<string, Holders>();

  isHeld(name: string): boolean {
    return this.#lines.has(name);
  }

  /**
   * All of the names at once. Whoever asks first gets them first, so nobody waits in a circle; who shares a name waits
   * for those before him who want it alone.
   */
  take(names: readonly string[], shared: readonly string[]): MaybePromise<Release> {
    const before = names.map((name) => this.#lines.get(name)?.ended);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const own: Holders = { ended, shared: null };
    for (const name of names) this.#lines.set(name, own);
    const joined = shared.map((name) => this.#join(name));
    const release = (): void => {
      for (const name of names) this.#leave(name, own);
      resolve();
      for (const { change } of joined) change(-1);
    };
    const waits = [...before, ...joined.map((each) => each.before)].filter((line) => line !== undefined);
    return waits.length === 0 ? release : Promise.all(waits).then(() => release);
  }

  #join(name: string): NonNullable<Holders["shared"]> {
    const last = this.#lines.get(name);
    const shared = last?.shared ?? this.#share(name, last?.ended);
    shared.change(1);
    return shared;
  }

  #share(name: string, before: Promise<void> | undefined): NonNullable<Holders["shared"]> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const change = (by: 1 | -1): void => {
      count += by;
      if (count > 0) return;
      this.#leave(name, holders);
      resolve();
    };
    const holders: Holders = { ended, shared: { before, change } };
    this.#lines.set(name, holders);
    return holders.shared!;
  }

  /** The last in line takes the line away. */
  #leave(name: string, holders: Holders): void {
    if (this.#lines.get(name) === holders) this.#lines.delete(name);
  }
}

/** Acts while nobody else holds the name. */
export async function whileLocked<T>(coordinator: Coordinator, name: string, act: () => Promise<T>): Promise<T> {
  const release = await coordinator.lock([name]);
  return act().finally(release);
}

/** The same if nobody holds it now; false when somebody does. */
export async function ifFree(coordinator: Coordinator, name: string, act: () => Promise<boolean>): Promise<boolean> {
  const release = await coordinator.tryLock(name);
  return release === null ? false : act().finally(release);
}

/** True when some claim may be refused. */
export function hasLimits({ bytes, files, minFree }: UsageLimits): boolean {
  return bytes !== null || files !== null || minFree > 0;
}

function add(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes + b.bytes, files: a.files + b.files };
}

/** Both together. */
export function addClaim(a: Claim, b: Claim): Claim {
  return { ...add(a, b), ahead: a.ahead + b.ahead };
}

/** What is left of `a`. */
export function subtractClaim(a: Claim, b: Claim): Claim {
  return { bytes: a.bytes - b.bytes, files: a.files - b.files, ahead: a.ahead - b.ahead };
}

function ignore(): void {}
