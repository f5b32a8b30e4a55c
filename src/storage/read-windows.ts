// The memory that file reads pass through: few windows for many readers, so that a thousand clients that stopped
// reading hold none of them.

import type { MaybePromise } from "../http/byte-source.ts";

/** One read of the disk. */
export const WINDOW_BYTES = 256 * 1024;
/** 8 MiB in all: more reads than this at once gain nothing from the disk. */
const MOST_OUT = 32;
/** While fewer are out, a reader that has to wait may keep its window: reading again costs more. */
const PLENTY_OUT = 16;
/** Windows kept for the next reads: what is made anew for each waits for the garbage collector (+50 MiB when tried). */
const MOST_FREE = 64;

/** Lends windows. */
export class WindowPool {
  #free: Uint8Array[] = [];
  #out = 0;
  #waiting: ((window: Uint8Array) => void)[] = [];

  /** True when a reader that cannot use its window now should give it back. */
  get isScarce(): boolean {
    return this.#out > PLENTY_OUT;
  }

  /** A window; the caller waits for one when too many are out. */
  borrow(): MaybePromise<Uint8Array> {
    if (this.#out >= MOST_OUT) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#out += 1;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(WINDOW_BYTES);
  }

  /** Takes a window back, which nobody may use any more. */
  giveBack(window: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(window);
      return;
    }
    this.#out -= 1;
    if (this.#free.length < MOST_FREE) this.#free.push(window);
  }
}

/** One for the process: the bound is on all of its memory. */
export const readWindows = new WindowPool();
