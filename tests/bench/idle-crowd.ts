// Connections that made one request and stay.

import type { Socket } from "bun";

const AT_ONCE = 250;
const PATIENCE_MS = 10_000;

/** A crowd of clients of one server. */
export class IdleCrowd {
  readonly #sockets: Socket<undefined>[] = [];
  #lost = 0;

  /** Opens the connections, each with one request, and returns when every one has its answer. */
  async join(port: number, count: number): Promise<void> {
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, () => this.#ask(port)));
    }
    if (this.#lost > 0) throw new Error(`${this.#lost} of ${count} idle connections were lost`);
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #ask(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const lose = (): void => {
      this.#lost += 1;
      resolve();
    };
    const socket = await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: () => resolve(),
        close: lose,
        drain() {},
        error() {},
      },
    });
    this.#sockets.push(socket);
    socket.write("GET /echo/abc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const patience = setTimeout(lose, PATIENCE_MS);
    await promise;
    clearTimeout(patience);
  }
}
