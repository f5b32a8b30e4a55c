// Long work's share of the event loop: all of it together gets about two milliseconds a turn, however many clients it is
// done for; then sockets have theirs.

/** A quarter of what a person could notice in a chain of ten requests, and long enough that changing costs nothing. */
const TURN_MS = 2;

/** Hands out the share, in the order in which it was asked for. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  /** When the share of this turn is used up; 0 while nobody uses it. */
  #end = 0;
  #isScheduled = false;

  /** Asked between two small pieces of work. True: stop, and go on after `next`. */
  get isOver(): boolean {
    const now = performance.now();
    if (this.#end !== 0) return now >= this.#end;
    this.#begin(now);
    return false;
  }

  /** Resolves when it is the caller's turn; what was asked for before comes before. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #begin(now: number): void {
    this.#end = now + TURN_MS;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#change());
  }

  #change(): void {
    this.#isScheduled = false;
    this.#end = 0;
    const resume = this.#waiting.shift();
    if (resume === undefined) return;
    this.#begin(performance.now());
    resume();
  }
}

/** Of the process: there is one loop. */
export const turns = new Turns();
