// Reads a request head: bytes in, facts out, nothing copied but the method and the target (RFC 9112 2, 3, 5, 6).
//
// After a positive result every byte of the head is legal, each line ends in CR LF, exactly one valid Host stands in
// an HTTP/1.1 request, and where the body ends is decided; nobody checks these again. Bytes are judged strictly from
// left to right, so the outcome does not depend on how the head was cut into reads.
// The two loops over bytes are long on purpose: the story is easier to check in one piece. Above 350 lines, because what a
// head means must not be decided in two places.

import {
  codesOf,
  COLON,
  CR,
  DIGIT_0,
  DIGIT_9,
  DOT,
  FIELD_VALUE,
  HTAB,
  LF,
  SLASH,
  SP,
  TARGET,
  TARGET_PLAIN,
  TOKEN,
} from "./characters.ts";
import { nameForeignProtocol, UNDECIDED } from "./foreign-protocol.ts";
import { FramingFields } from "./framing-fields.ts";
import { HeadProgress } from "./head-progress.ts";
import type { Limits } from "./limits.ts";
import {
  BAD_FIELD_LINE,
  BAD_LINE_END,
  BAD_REQUEST_LINE,
  BAD_VERSION,
  HEAD_TOO_LARGE,
  METHOD_TOO_LONG,
  OBSOLETE_FOLDING,
  REQUEST_LINE_TOO_LONG,
  type Refusal,
  TOO_MANY_FIELDS,
  UNSUPPORTED_VERSION,
} from "./refusal.ts";
import { type NameBits, nameBit } from "./name-bits.ts";
import type { Scheme } from "./authority.ts";
import { judgeTarget, PLAIN_PATH } from "./request-target.ts";

/** The head is legal so far, but not complete. */
export const INCOMPLETE = 0;
/** The head is refused: `refusal` says why. */
export const REFUSED = -1;

const VERSION_BYTES = "HTTP/1.1".length;
/** `HTTP/` of RFC 9112 2.3: case-sensitive. */
const VERSION_NAME = codesOf("HTTP/");

/** One parser serves a whole process: nothing can suspend between `parse` and the copying of its facts. */
export class RequestHeadParser {
  /** Why, after REFUSED. */
  refusal: Refusal = BAD_REQUEST_LINE;
  method = "";
  target = "";
  /** False for the common target, a path without query or percent-encoding. */
  targetNeedsWork = false;
  minorVersion = 1;
  /** Whether the connection stays open after this exchange, as far as the client is concerned (RFC 9112 9.3). */
  keepAlive = true;
  /** The client waits for `100 Continue` (RFC 9110 10.1.1). */
  expectsContinue = false;
  /** Bytes of the body, 0 for none, UNKNOWN_LENGTH for a chunked one. */
  bodyLength = 0;
  /**
   * The field lines lie in [fieldsStart, fieldsEnd), each with its CR LF. `fieldsEnd` is 0 when the head was refused
   * before all of them were read; method and target are empty when they were not read, and the minor version is 1.
   */
  fieldsStart = 0;
  fieldsEnd = 0;
  /** See `HeadFields`. */
  nameBits: NameBits = 0;

  /** After INCOMPLETE: for the next call with this head. */
  progress: HeadProgress | null = null;

  readonly #limits: Limits;
  readonly #scheme: Scheme;
  #framing = new FramingFields();
  /** Behind the empty line that is forgiven. */
  #requestLineStart = 0;
  /** The line in hand: where it begins, and the field lines before it. */
  #lineStart = 0;
  #fields = 0;

  /** `scheme` is that of the connections whose heads it reads: a target of another one is misdirected. */
  constructor(limits: Limits, scheme: Scheme = "http") {
    this.#limits = limits;
    this.#scheme = scheme;
  }

  /**
   * Judges the head that begins at `start` of the bytes up to `end`. Gives the bytes consumed (> 0), INCOMPLETE or
   * REFUSED. `progress` is that of the last call, whose bytes are still there: a dripped head costs linear time, because
   * complete lines are not looked at again, and the last one only when it has ended, its size has doubled, or a limit is
   * passed. Null for a new head.
   */
  parse(bytes: Buffer, start: number, end: number, progress: HeadProgress | null): number {
    this.progress = null;
    if (progress !== null && !this.#isWorthALook(bytes, start, end, progress.seen)) {
      progress.seen = end - start;
      this.progress = progress;
      return INCOMPLETE;
    }
    // A refusal may come before these are known.
    this.method = "";
    this.target = "";
    this.minorVersion = 1;
    this.fieldsEnd = 0;
    const resumed = progress === null || progress.lineStart === 0 ? null : progress;
    const consumed = resumed === null ? this.#begin(bytes, start, end) : this.#resume(resumed, bytes, start, end);
    if (consumed === INCOMPLETE) this.#note(progress ?? new HeadProgress(), start, end);
    return consumed;
  }

  #begin(bytes: Buffer, start: number, end: number): number {
    this.#lineStart = start;
    let lineStart = start;
    // One empty line before the request line is forgiven, as RFC 9112 2.2 asks; a second is not.
    if (bytes[start] === CR && end > start) {
      if (end - start < 2) return INCOMPLETE;
      if (bytes[start + 1] !== LF) return this.#refuse(BAD_LINE_END);
      lineStart += 2;
    }
    const fieldsStart = this.#requestLine(bytes, lineStart, end);
    if (fieldsStart === REFUSED) return this.#refuseLine(bytes, start, end);
    if (fieldsStart === INCOMPLETE) return INCOMPLETE;
    this.#requestLineStart = lineStart;
    this.fieldsStart = fieldsStart;
    this.nameBits = 0;
    this.#lineStart = fieldsStart;
    this.#fields = 0;
    this.#framing.reset();
    return this.#finish(bytes, start, end);
  }

  /** Goes on behind the lines that were complete at the last look. */
  #resume(progress: HeadProgress, bytes: Buffer, start: number, end: number): number {
    this.method = progress.method;
    this.target = progress.target;
    this.targetNeedsWork = progress.targetNeedsWork;
    this.minorVersion = progress.minorVersion;
    this.#requestLineStart = start + progress.requestLineStart;
    this.fieldsStart = start + progress.fieldsStart;
    this.nameBits = progress.nameBits;
    this.#lineStart = start + progress.lineStart;
    this.#fields = progress.fields;
    this.#swapFraming(progress);
    return this.#finish(bytes, start, end);
  }

  #note(progress: HeadProgress, start: number, end: number): void {
    this.progress = progress;
    progress.seen = end - start;
    progress.lineStart = this.#lineStart - start;
    if (progress.lineStart === 0) return;
    progress.method = this.method;
    progress.target = this.target;
    progress.targetNeedsWork = this.targetNeedsWork;
    progress.minorVersion = this.minorVersion;
    progress.requestLineStart = this.#requestLineStart - start;
    progress.fieldsStart = this.fieldsStart - start;
    progress.nameBits = this.nameBits;
    progress.fields = this.#fields;
    this.#swapFraming(progress);
  }

  /** The parser goes on to another head with another's, and nothing is copied. */
  #swapFraming(progress: HeadProgress): void {
    const { framing } = progress;
    progress.framing = this.#framing;
    this.#framing = framing;
  }

  /** Reads the field lines that are left, and decides what they mean together. */
  #finish(bytes: Buffer, start: number, end: number): number {
    const headEnd = this.#fieldLines(bytes, end);
    if (headEnd <= 0) return headEnd;
    this.fieldsEnd = headEnd - 2;
    const framing = this.#framing;
    const refused = framing.judge(this.minorVersion, this.#limits.maxBody);
    if (refused !== null) return this.#refuse(refused);
    this.keepAlive = framing.keepAlive;
    this.expectsContinue = framing.expectsContinue;
    this.bodyLength = framing.bodyLength;
    return headEnd - start;
  }

  #isWorthALook(bytes: Buffer, start: number, end: number, seen: number): boolean {
    const size = end - start;
    if (Math.clz32(size) !== Math.clz32(seen)) return true;
    const { maxRequestLine, maxHead } = this.#limits;
    // The two bytes are the forgiven empty line.
    if ((seen <= maxRequestLine + 2 && size > maxRequestLine + 2) || size > maxHead) return true;
    for (let i = start + seen; i < end; i++) if (bytes[i] === LF) return true;
    return false;
  }

  #refuse(refusal: Refusal): typeof REFUSED {
    this.refusal = refusal;
    return REFUSED;
  }

  /** A refused request line may be the beginning of another protocol, which has a row of its own. */
  #refuseLine(bytes: Buffer, start: number, end: number): number {
    const foreign = nameForeignProtocol(bytes, start, end);
    if (foreign === UNDECIDED) return INCOMPLETE;
    return this.#refuse(foreign ?? this.refusal);
  }

  /**
   * A request of another major version, such as the preface of HTTP/2 (RFC 9113 3.4), has a target by other rules: it is
   * refused for its version, as soon as that is there.
   */
  #refuseTarget(refusal: Refusal, bytes: Buffer, versionStart: number, end: number, limit: number): number {
    const versionEnd = versionStart + VERSION_BYTES;
    const there = Math.min(versionEnd, end, limit);
    const bad = versionFault(bytes, versionStart, there);
    if (bad === null && there < versionEnd && end <= limit) return INCOMPLETE;
    return this.#refuse(bad === UNSUPPORTED_VERSION ? bad : refusal);
  }

  /**
   * The outcome where the bytes ran out in the line that begins at `lineStart`: more are needed, unless the limit is what
   * ended them.
   */
  #short(overLimit: boolean, lineStart: number, fields: number, nameBits: NameBits): number {
    if (overLimit) return this.#refuse(HEAD_TOO_LARGE);
    this.#lineStart = lineStart;
    this.#fields = fields;
    this.nameBits = nameBits;
    return INCOMPLETE;
  }

  /** Reads `method SP target SP version CRLF`; gives the offset behind it. */
  #requestLine(bytes: Buffer, start: number, end: number): number {
    const limit = start + this.#limits.maxRequestLine;
    const stop = Math.min(end, limit);
    let i = start;
    while (i < stop && TOKEN[bytes[i]!] === 1) i += 1;
    if (i === stop) return end > limit ? this.#refuse(METHOD_TOO_LONG) : INCOMPLETE;
    if (i === start || bytes[i] !== SP) return this.#refuse(BAD_REQUEST_LINE);
    this.method = methodName(bytes, start, i);

    const targetStart = i + 1;
    i = targetStart;
    // Nearly every target is a path of plain bytes, and then this one look at each of them is enough.
    let kinds = 0;
    for (let kind = 1; i < stop && (kind = TARGET[bytes[i]!]!) !== 0; i++) kinds |= kind;
    const isPlain = kinds === TARGET_PLAIN && bytes[targetStart] === SLASH && i < stop && bytes[i] === SP;
    if (isPlain && this.method !== "CONNECT") this.targetNeedsWork = false;
    else {
      // Controls and white space end the target; what else is wrong with it, `judgeTarget` says of the whole.
      while (i < stop && bytes[i]! > SP) i += 1;
      if (i === stop) return end > limit ? this.#refuse(REQUEST_LINE_TOO_LONG) : INCOMPLETE;
      if (i === targetStart || bytes[i] !== SP) return this.#refuse(BAD_REQUEST_LINE);
      const verdict = judgeTarget(bytes, targetStart, i, this.method, this.#scheme);
      if (typeof verdict === "object") return this.#refuseTarget(verdict, bytes, i + 1, end, limit);
      this.targetNeedsWork = verdict !== PLAIN_PATH;
    }
    this.target = bytes.latin1Slice(targetStart, i);

    const versionStart = i + 1;
    const versionEnd = versionStart + VERSION_BYTES;
    const bad = versionFault(bytes, versionStart, Math.min(versionEnd, stop));
    if (bad !== null) return this.#refuse(bad);
    if (versionEnd > limit) return end > limit ? this.#refuse(REQUEST_LINE_TOO_LONG) : INCOMPLETE;
    if (end <= versionEnd) return INCOMPLETE;
    this.minorVersion = bytes[versionEnd - 1] === DIGIT_0 ? 0 : 1;
    if (bytes[versionEnd] !== CR) return this.#refuse(bytes[versionEnd] === LF ? BAD_LINE_END : BAD_VERSION);
    if (end === versionEnd + 1) return INCOMPLETE;
    if (bytes[versionEnd + 1] !== LF) return this.#refuse(BAD_LINE_END);
    return versionEnd + 2;
  }

  /** Reads the field lines and the empty line that ends them; gives the offset behind it. */
  #fieldLines(bytes: Buffer, end: number): number {
    const limit = this.#requestLineStart + this.#limits.maxHead;
    const stop = Math.min(end, limit);
    const overLimit = end > limit;
    const framing = this.#framing;
    let i = this.#lineStart;
    let { nameBits } = this;
    for (let fields = this.#fields; ; fields++) {
      const nameStart = i;
      if (i >= stop) return this.#short(overLimit, nameStart, fields, nameBits);
      if (bytes[i] === CR) {
        if (i + 1 >= stop) return this.#short(overLimit, nameStart, fields, nameBits);
        this.nameBits = nameBits;
        return bytes[i + 1] === LF ? i + 2 : this.#refuse(BAD_LINE_END);
      }
      if (fields === this.#limits.maxFields) return this.#refuse(TOO_MANY_FIELDS);
      while (i < stop && TOKEN[bytes[i]!] === 1) i += 1;
      if (i === stop) return this.#short(overLimit, nameStart, fields, nameBits);
      if (bytes[i] !== COLON || i === nameStart) return this.#refuse(nameFault(bytes, nameStart, i));
      const nameEnd = i;
      nameBits |= nameBit(bytes[nameStart]!, nameEnd - nameStart);

      i += 1;
      while (i < stop && (bytes[i] === SP || bytes[i] === HTAB)) i += 1;
      const valueStart = i;
      while (i < stop && FIELD_VALUE[bytes[i]!] === 1) i += 1;
      if (i === stop) return this.#short(overLimit, nameStart, fields, nameBits);
      if (bytes[i] !== CR) return this.#refuse(bytes[i] === LF ? BAD_LINE_END : BAD_FIELD_LINE);
      if (i + 1 >= stop) return this.#short(overLimit, nameStart, fields, nameBits);
      // A bare CR here would let two parsers disagree on the end of the line (RFC 9112 2.2).
      if (bytes[i + 1] !== LF) return this.#refuse(BAD_LINE_END);
      let valueEnd = i;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd -= 1;
      const refused = framing.take(bytes, nameStart, nameEnd, valueStart, valueEnd);
      if (refused !== null) return this.#refuse(refused);
      i += 2;
    }
  }
}

/** The fault of a line whose name is not followed by a colon. */
function nameFault(bytes: Buffer, nameStart: number, at: number): Refusal {
  const byte = bytes[at];
  if (byte === LF) return BAD_LINE_END;
  if (at === nameStart && (byte === SP || byte === HTAB)) return OBSOLETE_FOLDING;
  return BAD_FIELD_LINE;
}

/** The fault of `HTTP-version` in [start, end), which may be cut short; null when it is legal as far as it goes. */
function versionFault(bytes: Buffer, start: number, end: number): Refusal | null {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    const at = i - start;
    const expected = VERSION_NAME[at];
    if (expected !== undefined) {
      if (byte !== expected) return BAD_VERSION;
    } else if (at === VERSION_NAME.length + 1) {
      if (byte !== DOT) return BAD_VERSION;
    } else if (byte < DIGIT_0 || byte > DIGIT_9) return BAD_VERSION;
  }
  const major = start + VERSION_NAME.length;
  return end - start === VERSION_BYTES && bytes[major] !== DIGIT_0 + 1 ? UNSUPPORTED_VERSION : null;
}

const GET = codesOf("GET");
const POST = codesOf("POST");

/** The method in [start, end); the common ones without a new string. */
function methodName(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === GET.length && isWord(bytes, start, GET)) return "GET";
  if (length === POST.length && isWord(bytes, start, POST)) return "POST";
  return bytes.latin1Slice(start, end);
}

function isWord(bytes: Buffer, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
