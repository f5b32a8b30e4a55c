// How far this process is on its way from serving to its end: the one place that knows, for whoever has to.

/**
 * "serving"; then "leaving": it was told to stop and says so to those who ask, while it still takes new connections, so
 * that balancers have time to notice; then "closing": each connection ends behind what it has in hand.
 */
type Stage = "serving" | "leaving" | "closing";

/** One for a process. It only moves forward. */
export class Lifecycle {
  #stage: Stage = "serving";

  /** True from the moment when it was told to stop. */
  get isDraining(): boolean {
    return this.#stage !== "serving";
  }

  /** True when no connection is kept for another request. */
  get isClosing(): boolean {
    return this.#stage === "closing";
  }

  /** It was told to stop. */
  leave(): void {
    if (this.#stage === "serving") this.#stage = "leaving";
  }

  /** It takes no new connections. */
  close(): void {
    this.#stage = "closing";
  }
}
