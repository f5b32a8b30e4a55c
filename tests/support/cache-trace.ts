// What many clients ask of a cache, and what a cache that always forgets the least recently used would answer.

import { Random } from "../fuzz/random.ts";

/** An object of a trace: its content follows from its number. */
export interface CachedObject {
  /** Below the folder. */
  readonly name: string;
  readonly size: number;
}

const SIZES = [200, 1000, 4000, 16_000] as const;
/** The largest. */
export const MOST_BYTES = 16_000;
/** A rank is asked for in proportion to one over its power; build caches and web caches have 0.6 to 0.9. */
const SKEW = 0.8;
const FOLDERS = 64;

/** So many objects in some folders, of several sizes. */
export function cachedObjects(count: number): readonly CachedObject[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${(i % FOLDERS).toString(16)}/object-${i}`,
    size: SIZES[(i % 7) % SIZES.length]! - (i % 100),
  }));
}

/** What an object holds: nothing that belongs to another one. */
export function contentOf({ name, size }: CachedObject): Buffer {
  return Buffer.alloc(size, name + "\n", "latin1");
}

/** Numbers of objects in the order in which they are asked for: few of them often, most seldom. */
export function zipfTrace(objects: number, length: number, random: Random): Uint32Array {
  const upTo = new Float64Array(objects);
  let sum = 0;
  for (let rank = 0; rank < objects; rank++) upTo[rank] = sum += (rank + 1) ** -SKEW;
  const ranked = shuffled(objects, random);
  return Uint32Array.from({ length }, () => ranked[firstAbove(upTo, (random.below(2 ** 30) / 2 ** 30) * sum)]!);
}

/** All numbers below `count`, in any order. */
export function shuffled(count: number, random: Random): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const k = random.below(i + 1);
    [numbers[i], numbers[k]] = [numbers[k]!, numbers[i]!];
  }
  return numbers;
}

function firstAbove(ascending: Float64Array, value: number): number {
  let [from, to] = [0, ascending.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle]! > value) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Holds what was used last, and never more bytes than its limit. */
export class ExactCache {
  readonly #limit: number;
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when it is there; otherwise it is from now on. */
  use(object: number, size: number): boolean {
    const isThere = this.#sizes.delete(object);
    this.#sizes.set(object, size);
    if (!isThere) this.#bytes += size;
    for (const [oldest, bytes] of this.#sizes) {
      if (this.#bytes <= this.#limit) break;
      this.#sizes.delete(oldest);
      this.#bytes -= bytes;
    }
    return isThere;
  }
}
