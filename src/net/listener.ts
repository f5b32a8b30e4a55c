// A place where clients reach a server: what every kind of listening socket offers. Another kind is another file.

import type { SocketHandler } from "bun";

/** Belongs to the server that it is given to, which stops it. */
export interface Listener {
  /** Where clients reach it, as soon as it listens. */
  readonly url: string;
  /** True when a handshake comes before the first byte, and its end is told. */
  readonly isSecure?: boolean;
  /**
   * Accepts clients from now on; what happens on their sockets goes to `events`. Throws the system's error when the place
   * cannot be had, and then holds nothing of it.
   */
  listen<Data>(events: SocketHandler<Data>): void;
  /** Accepts no more; the connections that are open go on. */
  stop(): void;
}

/** A listener on a port of some addresses. */
export interface PortListener extends Listener {
  /** The port listened on; 0 before. */
  readonly port: number;
  /** Addresses of the host that are not of this machine. */
  readonly absentAddresses: readonly string[];
}
