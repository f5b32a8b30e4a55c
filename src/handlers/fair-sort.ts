// A sort that others need not wait for: it works in small runs, gives the event loop its turns, and stops when nobody
// wants the result any more.

import type { Wanted } from "../storage/shared-work.ts";
import { turns } from "../storage/turns.ts";

/** Sorted at one go, which takes less than a millisecond. */
const RUN_ITEMS = 256;
/** Merged between two looks at the time. */
const MERGE_ITEMS = 64;

/** Below 0 when the first stands before the second. Two different items are never equal. */
export type Compare = (first: number, second: number) => number;

/** Sorts the items; the array is not to be used afterwards. Null when the work was not wanted any more. */
export async function fairSort(items: Uint32Array, compare: Compare, work: Wanted): Promise<Uint32Array | null> {
  for (let start = 0; start < items.length; start += RUN_ITEMS) {
    if (turns.isOver) await turns.next();
    if (!work.isWanted) return null;
    items.subarray(start, start + RUN_ITEMS).sort(compare);
  }
  let from: Uint32Array = items;
  let to: Uint32Array = new Uint32Array(from.length);
  for (let width = RUN_ITEMS; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      const merge = new Merge(from, to, start, width, compare);
      while (!merge.isDone) {
        if (turns.isOver) await turns.next();
        if (!work.isWanted) return null;
        merge.step();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Two runs that stand side by side become one in another array. */
class Merge {
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;
  readonly #compare: Compare;
  readonly #middle: number;
  readonly #end: number;
  #left: number;
  #right: number;
  #at: number;

  constructor(from: Uint32Array, to: Uint32Array, start: number, width: number, compare: Compare) {
    this.#from = from;
    this.#to = to;
    this.#compare = compare;
    this.#left = this.#at = start;
    this.#right = this.#middle = Math.min(start + width, from.length);
    this.#end = Math.min(start + 2 * width, from.length);
  }

  get isDone(): boolean {
    return this.#at === this.#end;
  }

  step(): void {
    const stop = Math.min(this.#at + MERGE_ITEMS, this.#end);
    while (this.#at < stop)
      this.#to[this.#at++] = this.#takesLeft() ? this.#from[this.#left++]! : this.#from[this.#right++]!;
  }

  #takesLeft(): boolean {
    if (this.#left === this.#middle) return false;
    if (this.#right === this.#end) return true;
    return this.#compare(this.#from[this.#left]!, this.#from[this.#right]!) < 0;
  }
}
