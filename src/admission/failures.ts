// How often somebody was wrong lately. Counts by address in a table that never grows and that several processes can share:
// each slot is one word of 64 bits, changed whole or not at all.

import { createHmac, randomBytes } from "node:crypto";
import { ownerBytes, UNIX_PEER } from "../http/address-set.ts";

/** Failures within a minute that are forgiven. */
const MOST_FAILURES = 10;
const WINDOW_S = 60;
/** Slots; an address may have one of two, so that a neighbour does not make it forgotten. */
const SLOTS = 4096;
/** What the table takes of a memory that is shared. */
export const FAILURE_TABLE_BYTES = SLOTS * 8;

const TAG_BITS = 32n;
const TIME_BITS = 24n;
const TIME_MASK = (1n << TIME_BITS) - 1n;
const COUNT_BITS = 8n;
const COUNT_MASK = (1n << COUNT_BITS) - 1n;

/** What a slot holds: whose it is, since which second, and how many failures. */
interface Slot {
  readonly tag: bigint;
  readonly since: number;
  readonly count: number;
}

/** Counts failures. `now` is a clock in milliseconds that all who share the table agree on. */
export class FailureTable {
  readonly #words: BigInt64Array;
  /** Nobody can choose addresses that share a slot. */
  readonly #key: Uint8Array;

  /** Zeroed memory of `FAILURE_TABLE_BYTES`, and a key: whoever shares the one shares the other. */
  constructor(memory: Uint8Array = new Uint8Array(FAILURE_TABLE_BYTES), key: Uint8Array = randomBytes(32)) {
    this.#words = new BigInt64Array(memory.buffer, memory.byteOffset, SLOTS);
    this.#key = key;
  }

  /** Seconds until this address may try again; 0 when it may now. */
  waitOf(address: string, now: number): number {
    if (isManyPeople(address)) return 0;
    const { tag, places } = this.#placeOf(address);
    const second = secondOf(now);
    for (const place of places) {
      const slot = this.#read(place);
      if (slot.tag === tag && isFresh(slot, second) && slot.count >= MOST_FAILURES) return WINDOW_S - age(slot, second);
    }
    return 0;
  }

  /** One more; true when it is the last that is forgiven. */
  add(address: string, now: number): boolean {
    if (isManyPeople(address)) return false;
    const { tag, places } = this.#placeOf(address);
    const second = secondOf(now);
    for (;;) {
      const place = this.#choose(places, tag, second);
      const before = Atomics.load(this.#words, place);
      const slot = unpack(before);
      const isSame = slot.tag === tag && isFresh(slot, second);
      const next = isSame
        ? { ...slot, count: Math.min(slot.count + 1, Number(COUNT_MASK)) }
        : { tag, since: second, count: 1 };
      if (Atomics.compareExchange(this.#words, place, before, pack(next)) === before)
        return next.count === MOST_FAILURES;
    }
  }

  /** Takes one back: it was no failure. */
  forgive(address: string, now: number): void {
    if (isManyPeople(address)) return;
    const { tag, places } = this.#placeOf(address);
    const second = secondOf(now);
    for (const place of places) {
      const before = Atomics.load(this.#words, place);
      const slot = unpack(before);
      if (slot.tag !== tag || !isFresh(slot, second) || slot.count === 0) continue;
      // Who comes in between counts one too many at worst.
      Atomics.compareExchange(this.#words, place, before, pack({ ...slot, count: slot.count - 1 }));
      return;
    }
  }

  #read(place: number): Slot {
    return unpack(Atomics.load(this.#words, place));
  }

  /** Its own slot, otherwise the one whose loss matters least. */
  #choose(places: readonly number[], tag: bigint, second: number): number {
    const weight = (place: number): number => {
      const slot = this.#read(place);
      if (!isFresh(slot, second)) return 0;
      return slot.tag === tag ? -1 : slot.count;
    };
    return places.reduce((best, place) => (weight(place) < weight(best) ? place : best));
  }

  #placeOf(address: string): { readonly tag: bigint; readonly places: readonly number[] } {
    const owner = Uint8Array.from(ownerBytes(address));
    const digest = createHmac("sha256", this.#key).update(owner).digest();
    const first = digest.readUInt32LE(8) % SLOTS;
    // A tag of zero is an empty slot.
    // Two of them, never the same: whoever fails often keeps one while his neighbours come and go in the other.
    const second = (first + 1 + (digest.readUInt32LE(12) % (SLOTS - 1))) % SLOTS;
    return { tag: BigInt(digest.readUInt32LE(0) || 1), places: [first, second] };
  }
}

/** All clients of a unix socket are called the same: one who guesses must not lock out the others. */
function isManyPeople(address: string): boolean {
  return address === UNIX_PEER;
}

function secondOf(now: number): number {
  return Math.floor(now / 1000) & Number(TIME_MASK);
}

/** The time wraps after half a year. */
function age({ since }: Slot, second: number): number {
  return (second - since) & Number(TIME_MASK);
}

function isFresh(slot: Slot, second: number): boolean {
  return slot.tag !== 0n && age(slot, second) < WINDOW_S;
}

function pack({ tag, since, count }: Slot): bigint {
  return BigInt.asIntN(64, (tag << (TIME_BITS + COUNT_BITS)) | (BigInt(since) << COUNT_BITS) | BigInt(count));
}

function unpack(word: bigint): Slot {
  const bits = BigInt.asUintN(64, word);
  return {
    tag: (bits >> (TIME_BITS + COUNT_BITS)) & ((1n << TAG_BITS) - 1n),
    since: Number((bits >> COUNT_BITS) & TIME_MASK),
    count: Number(bits & COUNT_MASK),
  };
}
