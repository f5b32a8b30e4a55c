// For whoever has to see a request as it came: the bytes before anything was taken off them.

import type { HttpRequest } from "./message.ts";

/** Looks at the body of one request. */
export interface BodyTap {
  /** Bytes of the body with its framing, as they came; they are only lent. */
  took(bytes: Uint8Array): void;
}

/** Chooses, when the head of a request that has a body is in, whether its body is to be seen; null when not. */
export type Wiretap = (request: HttpRequest) => BodyTap | null;
