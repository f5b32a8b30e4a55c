// The socket of a connection whose beginning was for us: whoever it is handed to sees it from there on, with the ends that
// were told of it.

import type { AcceptedSocket } from "./listener.ts";
import type { ProxiedEnds } from "./proxy-header.ts";

/** Another socket under other names. */
export class RelayedSocket<Data> implements AcceptedSocket<Data> {
  /** Set by whoever it is handed to, first of all. */
  data!: Data;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly #socket: AcceptedSocket<unknown>;

  /** Null for the ends that the socket has itself. */
  constructor(socket: AcceptedSocket<unknown>, ends: ProxiedEnds | null) {
    this.#socket = socket;
    this.remoteAddress = ends?.address ?? socket.remoteAddress;
    this.remotePort = ends?.port ?? socket.remotePort;
    this.localAddress = ends?.localAddress ?? socket.localAddress;
  }

  write(bytes: Uint8Array, start: number, length: number): number {
    return this.#socket.write(bytes, start, length);
  }

  shutdown(): void {
    this.#socket.shutdown();
  }

  close(): void {
    this.#socket.close();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
