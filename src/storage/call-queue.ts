// The line of those who wait for a thread: as many calls are under way as there are threads, and clients take turns, so
// that one who asks for much holds up the others for one call at most.

import { availableParallelism } from "node:os";
import type { Client } from "./storage.ts";

/** Threads of Bun's pool: one for each processor, two at least; the variable is Bun's own. */
export function countThreads(variable: string | undefined): number {
  const wanted = Number(variable);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : Math.max(2, availableParallelism());
}

/** Runs calls in turns of their clients. */
export class CallQueue {
  readonly #most: number;
  /** Those who wait, each with its calls in their order; who was served goes to the end. */
  readonly #lines = new Map<Client, (() => void)[]>();
  #running = 0;

  /** `most`: calls under way at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs the call when it is this client's turn. */
  run<T>(client: Client, call: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) return this.#start(call);
    return new Promise((resolve, reject) => {
      const begin = (): void => void this.#start(call).then(resolve, reject);
      const line = this.#lines.get(client);
      if (line === undefined) this.#lines.set(client, [begin]);
      else line.push(begin);
    });
  }

  async #start<T>(call: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await call();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  #next(): void {
    const [first] = this.#lines;
    if (first === undefined) return;
    const [client, line] = first;
    const begin = line.shift();
    this.#lines.delete(client);
    if (line.length > 0) this.#lines.set(client, line);
    begin?.();
  }
}
