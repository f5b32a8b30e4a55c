// How long to wait before a worker that died is started again: a little, then ever longer while it dies of its start.

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A worker that lived for so long did not die of its start. */
const HEALTHY_MS = 10_000;

/** One for each worker's place. */
export class RestartPause {
  #nextMs = FIRST_PAUSE_MS;

  /** A worker has ended that lived for so long. */
  ended(livedMs: number): void {
    if (livedMs > HEALTHY_MS) this.#nextMs = FIRST_PAUSE_MS;
  }

  /** Milliseconds before the next attempt; twice as many before the one after it. */
  next(): number {
    const pause = this.#nextMs;
    this.#nextMs = Math.min(pause * 2, LONGEST_PAUSE_MS);
    return pause;
  }
}
