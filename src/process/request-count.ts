// Counts the requests that were answered, and tells when there are enough.

import type { ExchangeObserver, ExchangeRecord } from "../observe/observer.ts";

/** How many, however many processes serve together. */
export interface AnsweredCount {
  /** One more; how many there are with it. */
  next(): number;
}

/** The count within one process. */
export class OwnCount implements AnsweredCount {
  #count = 0;

  next(): number {
    return ++this.#count;
  }
}

/** Tells once. Refused requests count like all others that got an answer. */
export class RequestCount implements ExchangeObserver {
  readonly wantsAll = true;
  readonly #most: number;
  readonly #answered: AnsweredCount;
  readonly #reached: () => void;

  constructor(most: number, answered: AnsweredCount, reached: () => void) {
    this.#most = most;
    this.#answered = answered;
    this.#reached = reached;
  }

  connected(): void {}

  exchange({ status }: ExchangeRecord): void {
    if (status > 0 && this.#answered.next() === this.#most) this.#reached();
  }

  disconnected(): void {}
}
