// For whoever has to see requests as they came: the bytes before anything was taken off them, and when.

import type { HttpRequest, Peer } from "./message.ts";

/** Looks at the body of one request. */
export interface BodyTap {
  /** Bytes of the body with its framing, as they came; they are only lent. */
  took(bytes: Uint8Array): void;
}

/** Looks at all connections of a server. */
export interface Wiretap {
  /** A connection is open. */
  opened(peer: Peer): void;
  /** So many bytes came on it in one read. */
  received(peer: Peer, count: number): void;
  /**
   * The head of a request is in, and `waiting` bytes that came behind it. Gives who is to see the body, if it has one;
   * null for nobody.
   */
  begun(request: HttpRequest, waiting: number): BodyTap | null;
}
