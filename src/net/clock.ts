// The time as the wire needs it: deadlines at half a second, the Date field at one. Read by every request, so it is
// refreshed by the server's sweep and costs a load (Date.now() and toUTCString() would cost 200 ns).

import { dateLines } from "../http/response-head.ts";

/** Tests advance it by hand. */
export class Clock {
  /** Milliseconds of a clock that never jumps, as of the last refresh. */
  now = performance.now();
  /** The field lines that every response begins with. */
  dateLines = "";
  #second = 0;

  constructor() {
    this.refresh();
  }

  /** Reads the time again. Called by the sweep. */
  refresh(): void {
    this.now = performance.now();
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.dateLines = dateLines(new Date(second * 1000).toUTCString());
  }
}
