// A clock that the test moves.

import { dateLines } from "../../src/http/response-head.ts";
import { type Clock, TICK_MS } from "../../src/net/clock.ts";

/** Stands still until `pass`; ticks as the system's does. */
export class HandClock implements Clock {
  /** A whole number: sums of times are exact then. */
  now = 1_000_000;
  readonly dateLines = dateLines("Sun, 06 Nov 1994 08:49:37 GMT");
  #afterTick: (() => void) | null = null;
  #sinceTick = 0;

  start(afterTick: () => void): () => void {
    this.#afterTick = afterTick;
    return () => {
      this.#afterTick = null;
    };
  }

  /** Lets time pass, with all ticks on the way. */
  pass(ms: number): void {
    this.#sinceTick += ms;
    for (; this.#sinceTick >= TICK_MS; this.#sinceTick -= TICK_MS) {
      this.now += TICK_MS;
      this.#afterTick?.();
    }
  }
}
