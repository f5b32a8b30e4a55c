// Decides where a request body ends and unwraps it in place (RFC 9112 6.2 and 7.1). Never reads past its last byte,
// never gives more than the limit, and bounds what framing may cost.

import {
  BACKSLASH,
  COLON,
  CR,
  DQUOTE,
  EQUALS,
  FIELD_VALUE,
  HEX_VALUE,
  HTAB,
  isHex,
  LF,
  SEMICOLON,
  SP,
  TOKEN,
} from "./characters.ts";
import type { Limits } from "./limits.ts";
import { BAD_CHUNK, BAD_TRAILER, BODY_TOO_LARGE, CHUNK_OVERHEAD, type Refusal, TRAILERS_TOO_LARGE } from "./refusal.ts";

/** Unwraps a body: one read in, at most one contiguous chunk out. */
export interface BodyDecoder {
  /** Bytes consumed of [start, end); the content found is then [outputStart, outputEnd) of the same buffer. */
  decode(bytes: Buffer, start: number, end: number): number;
  readonly outputStart: number;
  readonly outputEnd: number;
  /** The body's last byte was consumed. */
  readonly done: boolean;
  /** Why the body is refused; nothing may be decoded after that. */
  readonly refusal: Refusal | null;
}

/** Whatever comes, as it comes: the rest of a connection that somebody took. */
export class RawDecoder implements BodyDecoder {
  outputStart = 0;
  outputEnd = 0;
  readonly done = false;
  readonly refusal = null;

  decode(_bytes: Buffer, start: number, end: number): number {
    this.outputStart = start;
    this.outputEnd = end;
    return end - start;
  }
}

/** A body of Content-Length bytes (RFC 9112 6.2). */
export class LengthDecoder implements BodyDecoder {
  outputStart = 0;
  outputEnd = 0;
  readonly refusal = null;
  #left: number;

  /** `length` is at least 1. */
  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  decode(_bytes: Buffer, start: number, end: number): number {
    const taken = Math.min(end - start, this.#left);
    this.#left -= taken;
    this.outputStart = start;
    this.outputEnd = start + taken;
    return taken;
  }
}

// Where in `chunked-body` the next byte stands. Numbers, because the switch runs for each byte of framing.
const SIZE_FIRST = 0;
const SIZE = 1;
const BEFORE_EXTENSION = 2;
const NAME_FIRST = 3;
const NAME = 4;
const AFTER_NAME = 5;
const VALUE_FIRST = 6;
const VALUE = 7;
const QUOTED = 8;
const QUOTED_PAIR = 9;
const AFTER_VALUE = 10;
const SIZE_LF = 11;
const DATA = 12;
const DATA_CR = 13;
const DATA_LF = 14;
const TRAILER_FIRST = 15;
const TRAILER_NAME = 16;
const TRAILER_VALUE = 17;
const TRAILER_LF = 18;
const END_LF = 19;
const DONE = 20;

const REFUSED = -1;
/** Framing bytes allowed for each byte of content, beyond the fixed allowance: chunks of one byte are still fine. */
const OVERHEAD_PER_BYTE = 8;

/** A chunked body (RFC 9112 7.1). Extensions are checked and ignored; trailer fields are checked and dropped. */
export class ChunkedDecoder implements BodyDecoder {
  outputStart = 0;
  outputEnd = 0;
  refusal: Refusal | null = null;

  readonly #limits: Limits;
  #state = SIZE_FIRST;
  /** What the current chunk still holds. */
  #left = 0;
  #content = 0;
  #overhead = 0;
  #trailerBytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  decode(bytes: Buffer, start: number, end: number): number {
    this.outputStart = start;
    this.outputEnd = start;
    let i = start;
    while (i < end && this.#state !== DONE && this.refusal === null) {
      if (this.#state === DATA) i = this.#moveContent(bytes, i, end);
      else if (this.#state >= TRAILER_FIRST) this.#trailerByte(bytes[i++]!);
      else this.#framingByte(bytes[i++]!);
    }
    return i - start;
  }

  /** Moves content down to the end of the output, so that one read gives one slice; gives the offset behind it. */
  #moveContent(bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(end - at, this.#left);
    if (this.outputStart === this.outputEnd) this.outputStart = this.outputEnd = at;
    if (this.outputEnd !== at) bytes.copyWithin(this.outputEnd, at, at + taken);
    this.outputEnd += taken;
    this.#left -= taken;
    if (this.#left === 0) this.#state = DATA_CR;
    return at + taken;
  }

  #framingByte(byte: number): void {
    this.#overhead += 1;
    if (this.#overhead > this.#limits.maxChunkOverhead + OVERHEAD_PER_BYTE * this.#content) {
      this.refusal = CHUNK_OVERHEAD;
      return;
    }
    const next = this.#nextState(byte);
    if (next === REFUSED) this.refusal ??= BAD_CHUNK;
    else this.#state = next;
  }

  #nextState(byte: number): number {
    switch (this.#state) {
      case SIZE_FIRST:
        this.#left = 0;
        return isHex(byte) ? this.#sizeDigit(byte) : REFUSED;
      case SIZE:
        if (isHex(byte)) return this.#sizeDigit(byte);
        return byte === CR ? SIZE_LF : this.#extensionState(BEFORE_EXTENSION, byte);
      case SIZE_LF:
        return byte === LF ? this.#beginChunk() : REFUSED;
      case DATA_CR:
        return byte === CR ? DATA_LF : REFUSED;
      case DATA_LF:
        return byte === LF ? SIZE_FIRST : REFUSED;
      default:
        return this.#extensionState(this.#state, byte);
    }
  }

  #sizeDigit(byte: number): number {
    // Past 2^53 the size loses digits but stays over any limit; it cannot wrap.
    this.#left = this.#left * 16 + HEX_VALUE[byte]!;
    if (this.#content + this.#left > this.#limits.maxBody) {
      this.refusal = BODY_TOO_LARGE;
      return REFUSED;
    }
    return SIZE;
  }

  #beginChunk(): number {
    if (this.#left === 0) return TRAILER_FIRST;
    this.#content += this.#left;
    return DATA;
  }

  /** `chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112 7.1.1). */
  #extensionState(state: number, byte: number): number {
    const blank = byte === SP || byte === HTAB;
    switch (state) {
      case BEFORE_EXTENSION:
        if (blank) return BEFORE_EXTENSION;
        return byte === SEMICOLON ? NAME_FIRST : REFUSED;
      case NAME_FIRST:
        if (blank) return NAME_FIRST;
        return TOKEN[byte] === 1 ? NAME : REFUSED;
      case NAME:
        if (TOKEN[byte] === 1) return NAME;
        return blank ? AFTER_NAME : afterExtensionName(byte);
      case AFTER_NAME:
        // White space must be followed by "=" or ";": before the line end it would be a line of another length.
        if (blank) return AFTER_NAME;
        return byte === CR ? REFUSED : afterExtensionName(byte);
      case VALUE_FIRST:
        if (blank) return VALUE_FIRST;
        if (byte === DQUOTE) return QUOTED;
        return TOKEN[byte] === 1 ? VALUE : REFUSED;
      case VALUE:
        if (TOKEN[byte] === 1) return VALUE;
        return blank ? BEFORE_EXTENSION : afterExtensionValue(byte);
      case QUOTED:
        if (byte === DQUOTE) return AFTER_VALUE;
        if (byte === BACKSLASH) return QUOTED_PAIR;
        return FIELD_VALUE[byte] === 1 ? QUOTED : REFUSED;
      case QUOTED_PAIR:
        return FIELD_VALUE[byte] === 1 ? QUOTED : REFUSED;
      case AFTER_VALUE:
        return blank ? BEFORE_EXTENSION : afterExtensionValue(byte);
      default:
        return REFUSED;
    }
  }

  #trailerByte(byte: number): void {
    this.#trailerBytes += 1;
    if (this.#trailerBytes > this.#limits.maxTrailers) {
      this.refusal = TRAILERS_TOO_LARGE;
      return;
    }
    const next = nextTrailerState(this.#state, byte);
    if (next === REFUSED) this.refusal = BAD_TRAILER;
    else this.#state = next;
  }
}

function afterExtensionName(byte: number): number {
  return byte === EQUALS ? VALUE_FIRST : afterExtensionValue(byte);
}

function afterExtensionValue(byte: number): number {
  if (byte === SEMICOLON) return NAME_FIRST;
  return byte === CR ? SIZE_LF : REFUSED;
}

/** `trailer-section = *( field-line CRLF )` and the final CRLF (RFC 9112 7.1.2); the rules of a header field line. */
function nextTrailerState(state: number, byte: number): number {
  switch (state) {
    case TRAILER_FIRST:
      if (byte === CR) return END_LF;
      return TOKEN[byte] === 1 ? TRAILER_NAME : REFUSED;
    case TRAILER_NAME:
      if (TOKEN[byte] === 1) return TRAILER_NAME;
      return byte === COLON ? TRAILER_VALUE : REFUSED;
    case TRAILER_VALUE:
      if (FIELD_VALUE[byte] === 1) return TRAILER_VALUE;
      return byte === CR ? TRAILER_LF : REFUSED;
    case TRAILER_LF:
      return byte === LF ? TRAILER_FIRST : REFUSED;
    case END_LF:
      return byte === LF ? DONE : REFUSED;
    default:
      return REFUSED;
  }
}
