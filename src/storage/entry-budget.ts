// How many entries of listed folders are held in memory, by all clients together.

/** Counts what is held. */
export class EntryBudget {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Entries that are held now. */
  get held(): number {
    return this.#held;
  }

  /** So many more; false when they are too many. A folder that is over the budget by itself is granted when it is alone. */
  take(count: number): boolean {
    if (this.#held > 0 && this.#held + count > this.#most) return false;
    this.#held += count;
    return true;
  }

  /** So many less, of those that were granted. */
  giveBack(count: number): void {
    this.#held -= count;
  }
}
