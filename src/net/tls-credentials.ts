// What a server shows to its TLS clients, what it speaks with them, and whom their certificates name.

import { createSecureContext, type PeerCertificate } from "node:tls";
import { libraryWord } from "./handshake-fault.ts";

/** PEM. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
  /** Who vouches for clients; null when they need no certificate. */
  readonly clientAuthorities: string | null;
}

/** Names of protocols (RFC 7301), the best first: a client that speaks none of them is refused. */
export const ownProtocols = ["http/1.1", "http/1.0"] as const;

/** Those of TLS 1.2 that keep secrets for good and cannot be padded wrongly (RFC 9325 4.2); TLS 1.3 has no others. */
export const CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** Why no connection can be made secure with these, in the library's word; null when it can. Asked before anybody comes. */
export function credentialsFault({ cert, key }: TlsCredentials): string | null {
  try {
    createSecureContext({ cert, key, minVersion: "TLSv1.2", ciphers: CIPHERS });
    return null;
  } catch (error) {
    const { message } = error as Error;
    return libraryWord(message) ?? message;
  }
}

/** A name with one of these would stand for another one in a log. */
const CONTROL = /[\x00-\x1f\x7f]/;

/** The common name of the subject, or all of it where it has none or several; empty for a name that is none. */
export function namedClient(certificate: Pick<PeerCertificate, "subject"> | undefined): string {
  // A certificate can hold any attribute more than once; the types do not know.
  const subject = (certificate?.subject ?? {}) as unknown as Readonly<Record<string, string | readonly string[]>>;
  const common = subject["CN"];
  const name = typeof common === "string" ? common : wholeName(subject);
  return CONTROL.test(name) ? "" : name;
}

function wholeName(subject: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(subject)
    .flatMap(([attribute, values]) => [values].flat().map((value) => `${attribute}=${value}`))
    .join(",");
}
