// Collects the fields that decide how a message is framed and whether the connection stays: Host, Content-Length,
// Transfer-Encoding, Connection and Expect. No combination that two recipients could read differently passes.

import { UNKNOWN_LENGTH } from "./byte-source.ts";
import { CASE_BIT, codesOf, DIGIT_0, DIGIT_9 } from "./characters.ts";
import { trimBlanks } from "./field-syntax.ts";
import { isHostAndPort } from "./host.ts";
import {
  BAD_CONTENT_LENGTH,
  BAD_HOST,
  BAD_TRANSFER_CODING,
  BODY_TOO_LARGE,
  CODING_IN_OLD_VERSION,
  LENGTH_AND_CODING,
  MISSING_HOST,
  REPEATED_CONTENT_LENGTH,
  REPEATED_HOST,
  type Refusal,
  UNKNOWN_EXPECTATION,
  UNKNOWN_TRANSFER_CODING,
} from "./refusal.ts";

const NO_LENGTH = -2;

/** Recycled for each head: `reset`, `take` for each field line, `judge` at its end. */
export class FramingFields {
  keepAlive = true;
  expectsContinue = false;
  /** Bytes, 0 for no body, UNKNOWN_LENGTH for chunked. */
  bodyLength = 0;

  #hosts = 0;
  #contentLength = NO_LENGTH;
  #transferCodings = "";
  #hasCodings = false;
  #options = "";
  #expectations = "";

  /** Forgets the head before. */
  reset(): void {
    this.keepAlive = true;
    this.expectsContinue = false;
    this.bodyLength = 0;
    this.#hosts = 0;
    this.#contentLength = NO_LENGTH;
    this.#transferCodings = "";
    this.#hasCodings = false;
    this.#options = "";
    this.#expectations = "";
  }

  /** Takes one legal field line; gives the refusal when its value cannot stand. */
  take(bytes: Buffer, nameStart: number, nameEnd: number, start: number, end: number): Refusal | null {
    // The length of the name rules most fields out without looking at a byte.
    switch (nameEnd - nameStart) {
      case 4:
        if (!isName(bytes, nameStart, HOST)) return null;
        this.#hosts += 1;
        if (this.#hosts > 1) return REPEATED_HOST;
        return isHostAndPort(bytes, start, end) ? null : BAD_HOST;
      case 6:
        if (isName(bytes, nameStart, EXPECT)) this.#expectations = join(this.#expectations, bytes, start, end);
        return null;
      case 10:
        if (isName(bytes, nameStart, CONNECTION)) this.#options = join(this.#options, bytes, start, end);
        return null;
      case 14:
        return isName(bytes, nameStart, CONTENT_LENGTH) ? this.#takeLength(bytes, start, end) : null;
      case 17:
        if (!isName(bytes, nameStart, TRANSFER_ENCODING)) return null;
        this.#transferCodings = this.#hasCodings
          ? this.#transferCodings + "," + bytes.latin1Slice(start, end)
          : bytes.latin1Slice(start, end);
        this.#hasCodings = true;
        return null;
      default:
        return null;
    }
  }

  /** Decides at the end of the head; gives the refusal or null. */
  judge(minorVersion: number, maxBody: number): Refusal | null {
    if (this.#hosts === 0 && minorVersion > 0) return MISSING_HOST;
    if (this.#hasCodings) {
      const refused = this.#judgeCodings(minorVersion);
      if (refused !== null) return refused;
      this.bodyLength = UNKNOWN_LENGTH;
    } else if (this.#contentLength > 0) this.bodyLength = this.#contentLength;
    if (this.#expectations !== "" && minorVersion > 0) {
      const expectations = members(this.#expectations);
      if (!expectations.every((member) => member === "100-continue")) return UNKNOWN_EXPECTATION;
      // A list of nothing but commas expects nothing (RFC 9110 5.6.1).
      this.expectsContinue = expectations.length > 0 && this.bodyLength !== 0;
    }
    this.#judgePersistence(minorVersion);
    return this.bodyLength > maxBody ? BODY_TOO_LARGE : null;
  }

  /** RFC 9112 9.3: `close` wins, then the version decides. */
  #judgePersistence(minorVersion: number): void {
    if (this.#options === "") {
      this.keepAlive = minorVersion > 0;
      return;
    }
    const options = members(this.#options);
    this.keepAlive = !options.includes("close") && (minorVersion > 0 || options.includes("keep-alive"));
  }

  #takeLength(bytes: Buffer, start: number, end: number): Refusal | null {
    if (this.#contentLength !== NO_LENGTH) return REPEATED_CONTENT_LENGTH;
    if (start === end) return BAD_CONTENT_LENGTH;
    let length = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte < DIGIT_0 || byte > DIGIT_9) return BAD_CONTENT_LENGTH;
      // Past 2^53 the number loses digits but stays huge, up to Infinity: it is over any limit all the same.
      length = length * 10 + (byte - DIGIT_0);
    }
    this.#contentLength = length;
    return null;
  }

  /** RFC 9112 6.1 and 6.3: chunked, once and last, is the only coding read here. */
  #judgeCodings(minorVersion: number): Refusal | null {
    if (this.#contentLength !== NO_LENGTH) return LENGTH_AND_CODING;
    if (minorVersion === 0) return CODING_IN_OLD_VERSION;
    const codings = this.#transferCodings.toLowerCase();
    if (codings === "chunked") return null;
    const list = codings.split(",").map(trimBlanks);
    if (list.at(-1) !== "chunked" || list.indexOf("chunked") !== list.length - 1) return BAD_TRANSFER_CODING;
    return list.every((coding) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(coding))
      ? UNKNOWN_TRANSFER_CODING
      : BAD_TRANSFER_CODING;
  }
}

const HOST = codesOf("host");
const EXPECT = codesOf("expect");
const CONNECTION = codesOf("connection");
const CONTENT_LENGTH = codesOf("content-length");
const TRANSFER_ENCODING = codesOf("transfer-encoding");

/** Compares a field name of equal length without regard to case. "-" has the case bit set already. */
function isName(bytes: Buffer, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    // A control byte with the bit set could look like "-"; names hold token bytes only, so none is there.
    if ((bytes[start + i]! | CASE_BIT) !== name[i]) return false;
  }
  return true;
}

function join(earlier: string, bytes: Buffer, start: number, end: number): string {
  const value = bytes.latin1Slice(start, end);
  return earlier === "" ? value : earlier + "," + value;
}

/** The members of a list, lower-case; empty ones are left out (RFC 9110 5.6.1.2). */
function members(list: string): string[] {
  return list
    .toLowerCase()
    .split(",")
    .map(trimBlanks)
    .filter((member) => member !== "");
}
