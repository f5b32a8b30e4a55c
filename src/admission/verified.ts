// Credentials that were right lately, so that a hash that is slow by intention is not computed for each request. Nothing
// of them is kept but a keyed digest, whose key dies with the memory: accounts that were read again begin with a new one.

import { createHmac, randomBytes } from "node:crypto";

const MOST_ENTRIES = 1000;
/** What was changed elsewhere counts after this at the latest. */
const LIFETIME_MS = 5 * 60 * 1000;

/** A memory of digests; `now` is any clock that only goes forward, in milliseconds. */
export class VerifiedCredentials {
  readonly #key = randomBytes(32);
  /** In the order in which they came: the first one goes first. */
  readonly #ends = new Map<string, number>();

  /** What stands for these credentials here. */
  digest(name: string, secret: string): string {
    return createHmac("sha256", this.#key).update(`${name.length}:${name}${secret}`).digest("base64");
  }

  has(digest: string, now: number): boolean {
    const end = this.#ends.get(digest);
    if (end === undefined) return false;
    if (end > now) return true;
    this.#ends.delete(digest);
    return false;
  }

  add(digest: string, now: number): void {
    this.#ends.delete(digest);
    this.#ends.set(digest, now + LIFETIME_MS);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > MOST_ENTRIES && oldest !== undefined) this.#ends.delete(oldest);
  }
}
