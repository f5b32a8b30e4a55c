// Judges `uri-host [ ":" port ]`: the Host field and the authority of a target (RFC 9110 7.2, RFC 3986 3.2).

import { CLOSE_BRACKET, COLON, DIGIT_0, DIGIT_9, isHex, OPEN_BRACKET, PERCENT, REG_NAME } from "./characters.ts";

const MAX_PORT = 65_535;

/**
 * True when the bytes [start, end) are a host with an optional port. User information, an empty host and a port over
 * 65535 are refused: two recipients could take them for different places.
 */
export function isHostAndPort(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const hostEnd = bytes[start] === OPEN_BRACKET ? literalEnd(bytes, start, end) : nameEnd(bytes, start, end);
  if (hostEnd <= start) return false;
  if (hostEnd === end) return true;
  return bytes[hostEnd] === COLON && isPort(bytes, hostEnd + 1, end);
}

/** Where a registered name or IPv4 address ends; `start` when it is empty or malformed. */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end) {
    const byte = bytes[i]!;
    if (REG_NAME[byte] === 1) i += 1;
    else if (byte === PERCENT && i + 2 < end && isHex(bytes[i + 1]!) && isHex(bytes[i + 2]!)) i += 3;
    else break;
  }
  return i;
}

/** Behind the closing bracket of an IP literal; `start` when it is malformed. */
function literalEnd(bytes: Uint8Array, start: number, end: number): number {
  let close = start + 1;
  while (close < end && bytes[close] !== CLOSE_BRACKET) close += 1;
  if (close >= end) return start;
  let text = "";
  for (let i = start + 1; i < close; i++) text += String.fromCharCode(bytes[i]!);
  return isIpv6(text) || /^v[0-9a-f]+\.[\w.~!$&'()*+,;=:-]+$/i.test(text) ? close + 1 : start;
}

/** `IPv6address` of RFC 3986 3.2.2. */
export function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    const last = index === halves.length - 1 ? parts.at(-1)! : "";
    if (last.includes(".")) {
      if (!isIpv4(last)) return false;
      parts.pop();
      groups += 2;
    }
    if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return false;
    groups += parts.length;
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** `IPv4address` of RFC 3986 3.2.2: four decimal numbers without leading zeros. */
export function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** `*DIGIT`, at most 65535; empty is allowed (RFC 3986 3.2.3). */
function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  let port = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < DIGIT_0 || byte > DIGIT_9) return false;
    port = port * 10 + (byte - DIGIT_0);
    if (port > MAX_PORT) return false;
  }
  return true;
}
