// Why a TLS handshake failed, as far as the person who runs the server can do something about it.

import type { Peer } from "../http/message.ts";
import type { Refusal } from "../http/refusal.ts";
import type { ExchangeRecord, NamedFields } from "../observe/observer.ts";
import type { ArrivalFault } from "./listener.ts";

const NO_FIELDS: NamedFields = { get: () => undefined };

const PLAIN_HTTP: ArrivalFault = {
  name: "PLAIN_HTTP",
  reason: "This port speaks TLS and the client did not; its address begins with https://.",
};

/** By what BoringSSL calls them. */
const FAULTS: Readonly<Record<string, ArrivalFault>> = {
  HTTP_REQUEST: PLAIN_HTTP,
  HTTPS_PROXY_REQUEST: PLAIN_HTTP,
  NO_APPLICATION_PROTOCOL: { name: "TLS_NO_HTTP", reason: "The client speaks other protocols than HTTP/1.1 (ALPN)." },
  UNSUPPORTED_PROTOCOL: { name: "TLS_TOO_OLD", reason: "The client speaks neither TLS 1.2 nor 1.3." },
  NO_SHARED_CIPHER: { name: "TLS_TOO_OLD", reason: "The client offers no cipher that is safe." },
  PEER_DID_NOT_RETURN_A_CERTIFICATE: {
    name: "TLS_NO_CERTIFICATE",
    reason: "The client has no certificate, which --tls-client-ca demands.",
  },
};

/** A fault with any other code than the protocol's own is one of the certificate that was shown. */
const BAD_CERTIFICATE: ArrivalFault = {
  name: "TLS_BAD_CERTIFICATE",
  reason: "Nobody named by --tls-client-ca vouches for the client's certificate.",
};
const PROTOCOL_CODE = "EPROTO";
/** The runtime's streams put the same word into the code. */
const STREAM_CODE = /^ERR_SSL_([A-Z0-9_]+)$/;

/** What BoringSSL calls it, at the end of its message; undefined when it has no word for it. */
export function libraryWord(message: string): string | undefined {
  return /:([A-Z][A-Z0-9_]+)$/.exec(message)?.[1];
}

/** Null for a client that just went: port scanners and health probes do, and browsers that changed their mind. */
export function handshakeFault(error: unknown): ArrivalFault | null {
  const { code = "", message = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "ECONNRESET") return null;
  const word = code === PROTOCOL_CODE ? libraryWord(message) : STREAM_CODE.exec(code)?.[1];
  if (word === undefined && code !== PROTOCOL_CODE) return BAD_CERTIFICATE;
  const plain = (word ?? code).replace(/[^A-Z0-9_]/g, "");
  return FAULTS[plain] ?? { name: "TLS_FAILED", reason: `The TLS handshake failed (${plain}).` };
}

/** The record of an exchange that never began: nothing was said, and nothing can be answered. */
export function arrivalRecord(
  { address, port }: Pick<Peer, "address" | "port">,
  fault: ArrivalFault | Refusal,
): ExchangeRecord {
  return {
    peerAddress: address,
    peerPort: port,
    method: "",
    target: "",
    minorVersion: 1,
    route: "",
    user: "",
    status: 0,
    refusal: { status: 400, ...fault },
    ownLimit: null,
    requestBytes: 0,
    bodyBytes: 0,
    answerMs: 0,
    durationMs: 0,
    endedAt: performance.now(),
    cutOff: true,
    fields: NO_FIELDS,
    requestId: "",
    connection: 0,
    secure: false,
  };
}
