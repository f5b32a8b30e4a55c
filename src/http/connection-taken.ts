// How a handler gets a connection for itself: for another protocol (RFC 9110 7.8), or for bytes that are no answer.

import type { ByteSource, GivingSource } from "./byte-source.ts";

/**
 * Thrown by a handler in place of an answer: from here on the bytes of the connection are the handler's own business,
 * both ways. Thrown, so that whoever answers as usual has nothing of it.
 */
export class ConnectionTaken {
  /** What the log says of it. */
  readonly status: number;
  /**
   * Called once. What it gives goes out as it is, head and all, as fast as the peer takes it; its length is
   * UNKNOWN_LENGTH, and behind its end the connection ends. `incoming` is what the peer sends from here on; it ends when
   * the peer ends its side, or the server is to stop. Whoever reads `incoming` closes it.
   */
  readonly serve: (incoming: GivingSource) => ByteSource;

  constructor(status: number, serve: ConnectionTaken["serve"]) {
    this.status = status;
    this.serve = serve;
  }
}
