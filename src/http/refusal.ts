// Every way in which a message can be refused is one row: a name for the log, a status, and a line that a person
// can act on. A client's fault is data, never an exception with a stack.

/** One way to refuse a message. */
export interface Refusal {
  readonly name: string;
  readonly status: number;
  /** One line of ASCII; the body of the answer. Never holds client bytes. */
  readonly reason: string;
}

function refusal(name: string, status: number, reason: string): Refusal {
  return { name, status, reason };
}

// The request line (RFC 9112 section 3).
export const BAD_REQUEST_LINE = refusal("BAD_REQUEST_LINE", 400, "The request line is malformed.");
export const METHOD_TOO_LONG = refusal("METHOD_TOO_LONG", 501, "The method is not known here.");
export const BAD_VERSION = refusal("BAD_VERSION", 400, "The protocol version is malformed; HTTP/1.1 is spoken here.");
export const UNSUPPORTED_VERSION = refusal("UNSUPPORTED_VERSION", 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
export const REQUEST_LINE_TOO_LONG = refusal("REQUEST_LINE_TOO_LONG", 414, "The request line is over the limit.");
export const BAD_TARGET = refusal(
  "BAD_TARGET",
  400,
  "The request target is malformed; percent-encode what RFC 3986 does not allow.",
);
export const MISDIRECTED_SCHEME = refusal(
  "MISDIRECTED_SCHEME",
  421,
  "This connection does not serve the scheme of the request target.",
);

// What is no HTTP at all.
export const TLS_ON_PLAIN_PORT = refusal(
  "TLS_ON_PLAIN_PORT",
  400,
  "This port speaks plain HTTP, and the client began a TLS handshake; use http:// here.",
);
export const PROXY_PROTOCOL = refusal(
  "PROXY_PROTOCOL",
  400,
  "The PROXY protocol is not spoken here; turn it off in the proxy or load balancer in front.",
);

// The field section (RFC 9112 section 5).
export const BAD_LINE_END = refusal("BAD_LINE_END", 400, "A line does not end in CR LF.");
export const BAD_FIELD_LINE = refusal("BAD_FIELD_LINE", 400, "A header field line is malformed.");
export const OBSOLETE_FOLDING = refusal("OBSOLETE_FOLDING", 400, "A header field line is folded; folding is obsolete.");
export const HEAD_TOO_LARGE = refusal("HEAD_TOO_LARGE", 431, "The request head is over the limit.");
export const TOO_MANY_FIELDS = refusal("TOO_MANY_FIELDS", 431, "The request has more header fields than the limit.");
export const MISSING_HOST = refusal("MISSING_HOST", 400, "An HTTP/1.1 request needs a Host field.");
export const REPEATED_HOST = refusal("REPEATED_HOST", 400, "The Host field must stand exactly once.");
export const BAD_HOST = refusal("BAD_HOST", 400, "The Host field is not a valid host with an optional port.");
export const UNKNOWN_EXPECTATION = refusal(
  "UNKNOWN_EXPECTATION",
  417,
  "The only expectation met here is 100-continue.",
);
export const INCOMPLETE_HEAD = refusal("INCOMPLETE_HEAD", 400, "The request ended before its head was complete.");
export const HEAD_TOO_SLOW = refusal("HEAD_TOO_SLOW", 408, "The request head took too long to arrive.");

// Where the body ends (RFC 9112 section 6 and 7).
export const BAD_CONTENT_LENGTH = refusal(
  "BAD_CONTENT_LENGTH",
  400,
  "The Content-Length field is not one plain decimal number.",
);
export const REPEATED_CONTENT_LENGTH = refusal(
  "REPEATED_CONTENT_LENGTH",
  400,
  "The Content-Length field must stand at most once.",
);
export const LENGTH_AND_CODING = refusal(
  "LENGTH_AND_CODING",
  400,
  "Content-Length and Transfer-Encoding exclude each other.",
);
export const BAD_TRANSFER_CODING = refusal(
  "BAD_TRANSFER_CODING",
  400,
  "Transfer-Encoding must be chunked, once and last.",
);
export const UNKNOWN_TRANSFER_CODING = refusal(
  "UNKNOWN_TRANSFER_CODING",
  501,
  "The only transfer coding understood here is chunked.",
);
export const CODING_IN_OLD_VERSION = refusal("CODING_IN_OLD_VERSION", 400, "HTTP/1.0 has no Transfer-Encoding.");
export const BODY_TOO_LARGE = refusal("BODY_TOO_LARGE", 413, "The request body is over the limit.");
export const BAD_CHUNK = refusal("BAD_CHUNK", 400, "The chunked coding of the request body is malformed.");
export const CHUNK_OVERHEAD = refusal(
  "CHUNK_OVERHEAD",
  400,
  "The chunked coding spends far more bytes on framing than on content.",
);
export const BAD_TRAILER = refusal("BAD_TRAILER", 400, "A trailer field line is malformed.");
export const TRAILERS_TOO_LARGE = refusal("TRAILERS_TOO_LARGE", 431, "The trailer section is over the limit.");
export const INCOMPLETE_BODY = refusal("INCOMPLETE_BODY", 400, "The request ended before its body was complete.");
export const BODY_TOO_SLOW = refusal("BODY_TOO_SLOW", 408, "The request body took too long to arrive.");

// The server itself.
export const TOO_MANY_CONNECTIONS = refusal(
  "TOO_MANY_CONNECTIONS",
  503,
  "Too many connections; try again in a moment.",
);
export const BUFFERS_FULL = refusal(
  "BUFFERS_FULL",
  503,
  "The server holds as many unsent and unread bytes as it may; try again in a moment.",
);
export const SERVER_FAULT = refusal("SERVER_FAULT", 500, "The server failed at this request; its log says more.");

/**
 * Why a request body cannot be read to its end: what `read()` of a request body rejects with. Handlers clean up and
 * let it pass; the connection has answered already.
 */
export class BodyRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
    this.name = "BodyRefused";
  }
}
