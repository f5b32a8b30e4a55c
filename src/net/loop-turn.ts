// How long requests that are answered at once may hold the event loop: a flood of them, on one connection or on hundreds,
// is served in turns of a few milliseconds, with everybody else between two.

/** Exchanges between two looks at the clock, which costs as much as a hundredth of one; everybody gets so many. */
const EXCHANGES_PER_LOOK = 16;
const TURN_MS = 4;

/** The turn of the whole process: connections that flood share it. */
export class LoopTurn {
  /** Of the connection that runs. */
  #exchanges = 0;
  /** 0 while nobody has had enough exchanges to look at the clock. */
  #begun = 0;

  /** A connection begins or goes on. */
  begin(): void {
    this.#exchanges = 0;
  }

  /** The exchange that comes next is to be measured by itself: it is not known to be cheap. */
  lookSoon(): void {
    this.#exchanges = EXCHANGES_PER_LOOK;
  }

  /** Lets others have their turn: runs when all sockets that had bytes were heard. */
  giveWay(run: () => void): void {
    setImmediate(() => {
      this.begin();
      run();
    });
  }

  /** Counts an exchange; true when others should get their turn before the connection's next. */
  isOver(): boolean {
    this.#exchanges += 1;
    if (this.#exchanges < EXCHANGES_PER_LOOK) return false;
    this.#exchanges = 0;
    const now = performance.now();
    if (this.#begun === 0) {
      this.#begun = now;
      // Runs when all sockets that had bytes were heard.
      setImmediate(() => {
        this.#begun = 0;
      });
    }
    return now - this.#begun > TURN_MS;
  }
}
