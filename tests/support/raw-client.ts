// Speaks raw bytes: `fetch` hides what we test. One char is one byte (latin1) everywhere.

import type { Socket } from "bun";
import { PATIENCE_MS } from "./patience.ts";
import { abortsForMemory, blameSystem } from "./system-aborts.ts";

/** A connection under the test's full control. */
export class RawClient {
  received = "";
  isEnded = false;
  isClosed = false;
  /** The connection ended in a reset: what was received may lack its end. */
  isReset = false;
  readonly #socket: Socket<undefined>;
  #waiters: (() => void)[] = [];

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    let client: RawClient | undefined;
    const early: Buffer[] = [];
    const socket = await Bun.connect<undefined>({
      hostname,
      port,
      allowHalfOpen: true,
      socket: {
        data: (_, bytes) => (client === undefined ? void early.push(bytes) : client.#take(bytes)),
        drain: () => client?.noteDrain(),
        end: () => client?.noteEnd(),
        close: (_, error) => client?.noteClose(error !== undefined),
        error: () => {},
      },
    });
    client = new RawClient(socket);
    for (const bytes of early) client.#take(bytes);
    return client;
  }

  /** Sends all bytes, waiting for a server that is slow to take them. */
  async send(text: string): Promise<void> {
    const bytes = Buffer.from(text, "latin1");
    for (let sent = 0; sent < bytes.length;) {
      const taken = this.#socket.write(bytes, sent, bytes.length - sent);
      if (taken < 0) return;
      sent += taken;
      if (sent < bytes.length) await this.#change();
    }
  }

  /** Half-closes: nothing more will be sent. */
  end(): void {
    this.#socket.shutdown();
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket.terminate();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }

  /** Resolves when `done` holds; fails the test with what was received when it does not within the time. */
  async until(done: (client: RawClient) => boolean, withinMs = PATIENCE_MS): Promise<string> {
    const limit = performance.now() + withinMs;
    while (!done(this)) {
      const left = limit - performance.now();
      if (left <= 0) throw new Error("not within " + withinMs + " ms; received: " + JSON.stringify(this.received));
      await Promise.race([this.#change(), Bun.sleep(Math.min(left, 100))]);
    }
    return this.received;
  }

  /** All that the server sends before its FIN. */
  untilEnd(withinMs?: number): Promise<string> {
    return this.until(() => this.isEnded || this.isClosed, withinMs);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resume of waiters) resume();
  }

  #take(bytes: Buffer): void {
    this.received += bytes.toString("latin1");
    this.#changed();
  }

  private noteDrain(): void {
    this.#changed();
  }

  private noteEnd(): void {
    this.isEnded = true;
    this.#changed();
  }

  private noteClose(isReset: boolean): void {
    this.isReset = isReset;
    this.isClosed = true;
    this.isEnded = true;
    this.#changed();
  }
}

/**
 * Sends the pieces one after another, half-closes, and gives everything that came back. Throws when the system has taken
 * the end of it away.
 */
export async function exchange(port: number, ...pieces: string[]): Promise<string> {
  const abortsBefore = abortsForMemory();
  const client = await RawClient.connect(port);
  for (const piece of pieces) {
    await client.send(piece);
    if (pieces.length > 1) await Bun.sleep(1);
  }
  client.end();
  const received = await client.untilEnd();
  client.close();
  const blame = client.isReset ? blameSystem(abortsBefore) : "";
  if (blame !== "") throw new Error(`the answer ended in a reset after ${received.length} bytes: ${blame}`);
  return received;
}

/** As `exchange`, but the client keeps its side open: the server has to end the connection itself. */
export async function exchangeOpen(port: number, text: string): Promise<string> {
  const client = await RawClient.connect(port);
  await client.send(text);
  const received = await client.untilEnd();
  client.close();
  return received;
}
