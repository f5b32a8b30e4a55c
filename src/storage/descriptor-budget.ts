// The file descriptors that storage may hold at once. Past them it says "try again later" itself, before the system
// would, because the sockets need descriptors too.

/** Counts what is open. */
export class DescriptorBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** One more; false when there is none left. */
  take(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken += 1;
    return true;
  }

  /** One less; for each `take` that was granted, once. */
  giveBack(): void {
    this.#taken -= 1;
  }
}
