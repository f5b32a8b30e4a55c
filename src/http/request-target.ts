// Judges a request target on the bytes of the request line (RFC 9112 3.2): which of the four forms it has, and
// whether each byte may stand where it stands.

import {
  ASTERISK,
  COLON,
  isHex,
  PERCENT,
  QUESTION,
  SLASH,
  TARGET,
  TARGET_MARK,
  TARGET_PLAIN,
  TARGET_QUERY_ONLY,
} from "./characters.ts";
import { isHostAndPort } from "./host.ts";
import type { Scheme } from "./authority.ts";
import { BAD_TARGET, MISDIRECTED_SCHEME, type Refusal } from "./refusal.ts";

/** A plain absolute path: no query, no percent-encoding, no authority. */
export const PLAIN_PATH = 0;
/** A valid target that `splitTarget` has to take apart. */
export const NEEDS_WORK = 1;

/** The verdict on a target: PLAIN_PATH, NEEDS_WORK, or why it is refused. */
export type TargetVerdict = typeof PLAIN_PATH | typeof NEEDS_WORK | Refusal;

/** Judges the target in [start, end), which is not empty, for this method on a connection of this scheme. */
export function judgeTarget(bytes: Buffer, start: number, end: number, method: string, scheme: Scheme): TargetVerdict {
  if (method === "CONNECT") return isAuthority(bytes, start, end) ? NEEDS_WORK : BAD_TARGET;
  const first = bytes[start]!;
  if (first === SLASH) return judgePath(bytes, start, end);
  if (first === ASTERISK) return end - start === 1 && method === "OPTIONS" ? NEEDS_WORK : BAD_TARGET;
  return judgeAbsolute(bytes, start, end, scheme);
}

function judgePath(bytes: Buffer, start: number, end: number): TargetVerdict {
  let plain = true;
  let inQuery = false;
  for (let i = start; i < end; i++) {
    const kind = TARGET[bytes[i]!]!;
    if (kind === TARGET_PLAIN) continue;
    if (kind === TARGET_MARK) {
      plain = false;
      if (bytes[i] === QUESTION) inQuery = true;
      else if (bytes[i] === PERCENT && !(i + 2 < end && isHex(bytes[i + 1]!) && isHex(bytes[i + 2]!)))
        return BAD_TARGET;
    } else if (kind !== TARGET_QUERY_ONLY || !inQuery) return BAD_TARGET;
  }
  return plain ? PLAIN_PATH : NEEDS_WORK;
}

/** `absolute-form`. A scheme that this connection does not serve is misdirected (RFC 9110 7.4). */
function judgeAbsolute(bytes: Buffer, start: number, end: number, scheme: Scheme): TargetVerdict {
  const text = bytes.latin1Slice(start, Math.min(end, start + "https://".length)).toLowerCase();
  const named = text === "https://" ? "https" : text.startsWith("http://") ? "http" : null;
  if (named === null) return BAD_TARGET;
  if (named !== scheme) return MISDIRECTED_SCHEME;
  const authority = start + named.length + "://".length;
  let pathStart = authority;
  while (pathStart < end && bytes[pathStart] !== SLASH && bytes[pathStart] !== QUESTION) pathStart += 1;
  if (!isHostAndPort(bytes, authority, pathStart)) return BAD_TARGET;
  const verdict = judgePath(bytes, pathStart, end);
  return typeof verdict === "number" ? NEEDS_WORK : verdict;
}

/** `authority-form`: a host and a port, both needed (RFC 9112 3.2.3). */
function isAuthority(bytes: Buffer, start: number, end: number): boolean {
  const colon = bytes.lastIndexOf(COLON, end - 1);
  return colon > start && colon < end - 1 && isHostAndPort(bytes, start, end);
}
