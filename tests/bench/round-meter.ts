// What a round cost: the server's time, and the time that programs took that have no part in the benchmark.

import { busySeconds } from "./machine.ts";
import type { ServerProcess } from "./server-process.ts";

/** From its making to `stop`. */
export class RoundMeter {
  readonly #server: ServerProcess;
  readonly #startedAt = performance.now();
  readonly #serverBefore: number;
  readonly #busyBefore = busySeconds();

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#serverBefore = server.cpuSeconds();
  }

  /** The server's CPU seconds, and the share of a core that others had; `client` is the client's CPU seconds. */
  stop(client: number): { readonly cpu: number; readonly others: number } {
    const cpu = this.#server.cpuSeconds() - this.#serverBefore;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    // The clocks tick in steps, so a quiet machine may come out a little below nothing.
    const others = Math.max(0, (busySeconds() - this.#busyBefore - cpu - client) / seconds);
    return { cpu, others };
  }
}
