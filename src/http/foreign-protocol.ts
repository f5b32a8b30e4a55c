// Names what is no HTTP/1 at all but often sent to its port, so that the log says what is set up wrong. Looked at only
// when a request line was refused: nothing here makes a request legal.

import { CR, LF, SP } from "./characters.ts";
import { PROXY_PROTOCOL, type Refusal, TLS_ON_PLAIN_PORT } from "./refusal.ts";

/** More bytes are needed to tell. */
export const UNDECIDED = "undecided";

const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 0x03;
const NUL = 0x00;
/** A TLS record of type handshake, and the major version that all of them have (RFC 8446 5.1). */
const TLS_HELLO = [TLS_HANDSHAKE, TLS_MAJOR_VERSION] as const;
/** How the signature of the PROXY protocol, version 2, begins; an HTTP/1 message never does. */
const PROXY_SIGNATURE = [CR, LF, CR, LF, NUL] as const;
/** The line of version 1; the byte behind it ends the word. */
const PROXY_LINES = ["PROXY TCP4", "PROXY TCP6", "PROXY UNKNOWN"] as const;

/** The refusal of what begins at `start`; null when it is only malformed HTTP. The same for every cut of the bytes. */
export function nameForeignProtocol(bytes: Buffer, start: number, end: number): Refusal | typeof UNDECIDED | null {
  return (
    matchBeginning(bytes, start, end, TLS_HELLO, TLS_ON_PLAIN_PORT) ??
    matchBeginning(bytes, start, end, PROXY_SIGNATURE, PROXY_PROTOCOL) ??
    (PROXY_LINES.some((line) => isLine(bytes, start, end, line)) ? PROXY_PROTOCOL : null)
  );
}

function matchBeginning(
  bytes: Buffer,
  start: number,
  end: number,
  beginning: readonly number[],
  refusal: Refusal,
): Refusal | typeof UNDECIDED | null {
  const there = Math.min(end - start, beginning.length);
  for (let i = 0; i < there; i++) if (bytes[start + i] !== beginning[i]) return null;
  return there === beginning.length ? refusal : UNDECIDED;
}

/** The request line was refused behind its second word, so all of the line's words are there. */
function isLine(bytes: Buffer, start: number, end: number, line: string): boolean {
  const at = start + line.length;
  return at < end && (bytes[at] === SP || bytes[at] === CR) && bytes.latin1Slice(start, at) === line;
}
