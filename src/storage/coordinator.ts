// What writers on one folder must agree on: who may change a name now, and how much of the quota is left. In process
// for one worker; workers of one server ask their parent through the same interface.

import type { MaybePromise } from "../http/byte-source.ts";

/** Bytes and files below the directory. */
export interface Usage {
  readonly bytes: number;
  readonly files: number;
}

/** Null: no limit. */
export interface UsageLimits {
  readonly bytes: number | null;
  readonly files: number | null;
}

/** Ends a lock; once. */
export type Release = () => void;

/** One for all writers of a server. */
export interface Coordinator {
  /** False when `reserve` always grants: writers may spare themselves the accounts. */
  readonly hasLimits: boolean;
  /** Waits until nobody else holds any of these names. */
  lock(names: readonly string[]): MaybePromise<Release>;
  /** Sets something aside for an upload; false when the folder would pass its limits. */
  reserve(wanted: Usage): MaybePromise<boolean>;
  /** Ends a reservation; `change` is what has become of it: what the folder holds more, or less, than before. */
  settle(reserved: Usage, change: Usage): void;
}

/** No bytes and no files. */
export const NOTHING: Usage = { bytes: 0, files: 0 };

const FRESH_MS = 5000;
/** A walk through a large tree takes long; it may take no more than this share of the time. */
const SCAN_SHARE = 20;

/** The coordinator within one process. */
export class LocalCoordinator implements Coordinator {
  readonly hasLimits: boolean;
  readonly #limits: UsageLimits;
  readonly #scan: () => Promise<Usage>;
  readonly #locks = new NameLocks();
  #used: Usage = NOTHING;
  #reserved: Usage = NOTHING;
  #freshUntil = 0;
  #scanning: Promise<void> | null = null;
  /** What was settled while a scan walks: it may have seen it or not, so what came counts, and what went does not. */
  #settledMeanwhile: Usage = NOTHING;

  /** `scan` measures the folder as it is, without uploads under way. */
  constructor(limits: UsageLimits, scan: () => Promise<Usage>) {
    this.#limits = limits;
    this.#scan = scan;
    this.hasLimits = limits.bytes !== null || limits.files !== null;
  }

  lock(names: readonly string[]): MaybePromise<Release> {
    return this.#locks.take(names);
  }

  reserve(wanted: Usage): MaybePromise<boolean> {
    if (!this.hasLimits) return true;
    // Others change the folder too: accounts of our own are believed for a while only.
    if (performance.now() < this.#freshUntil) return this.#grant(wanted);
    this.#scanning ??= this.#rescan();
    return this.#scanning.then(() => this.#grant(wanted));
  }

  settle(reserved: Usage, change: Usage): void {
    if (!this.hasLimits) return;
    this.#reserved = subtract(this.#reserved, reserved);
    this.#used = add(this.#used, change);
    if (this.#scanning === null) return;
    const came = { bytes: Math.max(0, change.bytes), files: Math.max(0, change.files) };
    this.#settledMeanwhile = add(this.#settledMeanwhile, came);
  }

  #grant(wanted: Usage): boolean {
    const total = add(add(this.#used, this.#reserved), wanted);
    const { bytes, files } = this.#limits;
    if (bytes !== null && wanted.bytes > 0 && total.bytes > bytes) return false;
    if (files !== null && wanted.files > 0 && total.files > files) return false;
    this.#reserved = add(this.#reserved, wanted);
    return true;
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

/** Waiting lines, one for each name that someone holds. */
class NameLocks {
  readonly #lines = new Map<string, Promise<void>>();

  /** All of the names at once. Whoever asks first gets them first, so nobody waits in a circle. */
  take(names: readonly string[]): MaybePromise<Release> {
    const before = names.map((name) => this.#lines.get(name)).filter((line) => line !== undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const name of names) this.#lines.set(name, promise);
    const release = (): void => {
      for (const name of names) if (this.#lines.get(name) === promise) this.#lines.delete(name);
      resolve();
    };
    return before.length === 0 ? release : Promise.all(before).then(() => release);
  }
}

/** Both together. */
export function add(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes + b.bytes, files: a.files + b.files };
}

/** What is left of `a`. */
export function subtract(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes - b.bytes, files: a.files - b.files };
}
