// Work that several clients wait for: done once, for as long as one of them is there.

/** Whoever waits for something. */
export interface WaitingClient {
  /** True when nothing that is answered can reach the client any more. */
  readonly hasLeft: boolean;
}

/** What long work looks at between its pieces: false when the rest of it is for nobody. */
export interface Wanted {
  readonly isWanted: boolean;
}

/** One piece of work and those who wait for its result. */
export class SharedWork<Result> implements Wanted {
  /** How many have joined, those who have left included: each of them gets the result. */
  joined = 0;
  readonly #clients: WaitingClient[] = [];
  readonly #outcome = Promise.withResolvers<Result>();

  /** Waits for the result with the others. */
  join(client: WaitingClient): Promise<Result> {
    this.joined += 1;
    this.#clients.push(client);
    return this.#outcome.promise;
  }

  /** False when all have left; who joins later makes it true again. */
  get isWanted(): boolean {
    const clients = this.#clients;
    while (clients.at(-1)?.hasLeft === true) clients.pop();
    return clients.length > 0;
  }

  /** Ends the work, once. */
  resolve(result: Result): void {
    this.#outcome.resolve(result);
  }

  /** Ends the work with a fault of ours, once. */
  reject(error: unknown): void {
    this.#outcome.reject(error);
  }
}
