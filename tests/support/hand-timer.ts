// Time that passes when a test says so.

import type { Timer } from "../../src/testing/timer.ts";

/** Calls are made by `pass`, in the order of their times. */
export class HandTimer implements Timer {
  #time = Date.UTC(2026, 10, 25, 12);
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

  get now(): number {
    return Math.floor(this.#time);
  }

  start(ms: number, call: () => void): () => void {
    const row = { at: this.#time + ms, call };
    this.#calls.add(row);
    return () => void this.#calls.delete(row);
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** Lets so many milliseconds pass; what is called may start new waits, which count too. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#time = Math.max(this.#time, next.at);
      this.#calls.delete(next);
      next.call();
      await settle();
    }
    this.#time = end;
  }

  /** Lets time pass until nothing waits any more; gives how much it was. */
  async passAll(): Promise<number> {
    const start = this.#time;
    await settle();
    for (let next = this.#next(Infinity); next !== undefined; next = this.#next(Infinity)) {
      await this.pass(next.at - this.#time);
      await settle();
    }
    return this.#time - start;
  }

  #next(end: number): { readonly at: number; readonly call: () => void } | undefined {
    const due = [...this.#calls].filter(({ at }) => at <= end + 1e-6);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** Promises and sockets have their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
