// Long work in short turns, so that others have theirs.

/** No turn of ours is longer. */
const TURN_MS = 3;

/** Counts the time since others had their turn. */
export class Turns {
  #since = performance.now();

  /** True when it is time to let others go first. */
  get isOver(): boolean {
    return performance.now() - this.#since > TURN_MS;
  }

  /** Lets others go first. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
