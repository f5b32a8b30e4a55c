// How long one connection may hold the event loop with requests that are answered at once. A flood of them is served in
// turns of a few milliseconds, with everybody else between two.

/** Exchanges between two looks at the clock, which costs as much as a hundredth of one. */
const EXCHANGES_PER_LOOK = 16;
const TURN_MS = 2;

/** The turn of whichever connection runs; one for a process. */
export class LoopTurn {
  #exchanges = 0;
  /** 0 until the clock was looked at. */
  #begun = 0;

  /** An event of the system begins a turn. */
  begin(): void {
    this.#exchanges = 0;
    this.#begun = 0;
  }

  /** The exchange that comes next is to be measured by itself: it is not known to be cheap. */
  lookSoon(): void {
    this.#exchanges = EXCHANGES_PER_LOOK;
  }

  /** Counts an exchange; true when others should get their turn before the next. */
  isOver(): boolean {
    this.#exchanges += 1;
    if (this.#exchanges < EXCHANGES_PER_LOOK) return false;
    this.#exchanges = 0;
    const now = performance.now();
    if (this.#begun === 0) this.#begun = now;
    return now - this.#begun > TURN_MS;
  }
}
