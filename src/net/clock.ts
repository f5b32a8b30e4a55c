// The time as the wire needs it: deadlines at half a second, the Date field at one. Read by every request, so it is
// refreshed by a tick and costs a load (Date.now() and toUTCString() would cost 200 ns).

import { dateLines } from "../http/response-head.ts";

/** Between two ticks: what `now` may be old. */
export const TICK_MS = 500;

/** The time of one server. Tests have one that they advance by hand. */
export interface Clock {
  /** Milliseconds of a clock that never jumps, as of the last tick. */
  readonly now: number;
  /** The field lines that every response begins with. */
  readonly dateLines: string;
  /** Ticks from now on, and calls after each; gives what ends that. One caller at a time. */
  start(afterTick: () => void): () => void;
}

/** The system's. */
export class SystemClock implements Clock {
  now = performance.now();
  dateLines = "";
  #second = 0;

  constructor() {
    this.#read();
  }

  start(afterTick: () => void): () => void {
    this.#read();
    const timer = setInterval(() => {
      this.#read();
      afterTick();
    }, TICK_MS);
    // It holds no process alive.
    timer.unref();
    return () => clearInterval(timer);
  }

  #read(): void {
    this.now = performance.now();
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.dateLines = dateLines(new Date(second * 1000).toUTCString());
  }
}
