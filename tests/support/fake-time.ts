// Time that stands still until a test moves it; the system's calls go on.

import { jest } from "bun:test";
import { stat } from "node:fs/promises";

const STEP_MS = 100;
/** Steps without what was waited for, each with a call of the system: seconds. */
const MOST_STEPS = 100_000;

/** From its making to its end, for timers, clocks and `setImmediate`. */
export class FakeTime implements Disposable {
  constructor() {
    jest.useFakeTimers();
  }

  /** Moves it as little as the promise needs. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => void (isSettled = true);
    promise.then(note, note);
    while (!isSettled) await this.#move(1);
    return promise;
  }

  /** Moves it until this holds; gives the milliseconds that have passed. Throws when it never does. */
  async untilTrue(holds: () => boolean): Promise<number> {
    for (let step = 0; step < MOST_STEPS; step++) {
      if (holds()) return step * STEP_MS;
      await this.#move(STEP_MS);
    }
    throw new Error(`it does not hold after ${MOST_STEPS * STEP_MS} ms`);
  }

  /** Moves it by so much. What is due meanwhile happens, but the system's calls may take longer. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.#move(STEP_MS);
  }

  async #move(ms: number): Promise<void> {
    jest.advanceTimersByTime(ms);
    await stat("/");
  }

  [Symbol.dispose](): void {
    jest.useRealTimers();
  }
}
