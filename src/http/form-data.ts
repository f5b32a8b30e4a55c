// The body of a form (RFC 7578, 2046). The parser sees the same parts however its bytes are cut, holds at most one part's
// head, and looks at each byte a bounded number of times.

import { CR, LF } from "./characters.ts";
import { type DelimiterPhase, phaseAfter } from "./form-delimiter.ts";
import {
  BAD_DELIMITER,
  INCOMPLETE_FORM,
  OUTSIDE_PARTS,
  PART_HEAD_TOO_LARGE,
  STRAY_DELIMITER,
  TOO_MANY_PARTS,
} from "./form-refusal.ts";
import { parsePartHead, type PartBegin } from "./form-part.ts";
import type { Refusal } from "./refusal.ts";

const MAX_PART_HEAD_BYTES = 8 * 1024;
/** For what comes before the first delimiter, and as much again behind the last. */
const MAX_OUTSIDE_BYTES = 8 * 1024;

/** The form is refused. */
export interface Refused {
  readonly kind: "refused";
  readonly refusal: Refusal;
  /** The part whose head is at fault, counted from 1; null when it is the form as a whole. */
  readonly part: number | null;
}

/** What a form is made of, in order: for each part its begin, any number of data, its end. */
export type FormEvent =
  | PartBegin
  /** Never empty. The bytes are of the chunk that was fed, or the parser's own: to be read, not written. */
  | { readonly kind: "part-data"; readonly bytes: Uint8Array }
  | { readonly kind: "part-end" }
  /** The last event; the parts so far must not count. */
  | Refused;

const PART_END: FormEvent = { kind: "part-end" };
const LINE_END = "\r\n";
const NO_BYTES = new Uint8Array(0);

/** Where the next byte of the form stands. */
type Phase = "preamble" | DelimiterPhase | "head" | "data" | "epilogue" | "refused";

/**
 * Takes a multipart/form-data body apart as it arrives. Pulled, because what becomes of a part's bytes may have to be
 * waited for: feed a chunk, take events with `next` until it gives null, feed the next; at the body's end `finish`.
 */
export class FormDataParser {
  readonly #delimiter: Uint8Array;
  /** The delimiter without its line end. */
  readonly #marker: Buffer;
  readonly #maxParts: number;
  #phase: Phase = "preamble";
  #refusal: Refusal = INCOMPLETE_FORM;
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  /** How many bytes of what may be a delimiter stand before `#at`, not given as data yet. */
  #held = LINE_END.length;
  /** How many of those are no content: the line end before it. A delimiter may begin a form, or follow a head. */
  #borrowed = LINE_END.length;
  #outsideBytes = 0;
  /** The end of what stands outside of the parts, in which a boundary may have begun. */
  #outsideEnd: Uint8Array = NO_BYTES;
  #parts = 0;
  readonly #head = new Uint8Array(MAX_PART_HEAD_BYTES);
  #headLength = 0;
  #lineStart = 0;

  /** `boundary` is from `boundaryOf`; `maxParts` is inclusive. */
  constructor(boundary: string, maxParts: number) {
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#marker = Buffer.from(this.#delimiter.subarray(LINE_END.length));
    this.#maxParts = maxParts;
  }

  /** Takes the next bytes of the body. Only after `next` gave null; they must stay unchanged until it does again. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next event, or null when more bytes are needed. Null forever after a refusal. */
  next(): FormEvent | null {
    while (this.#at < this.#chunk.length) {
      const event = this.#step();
      if (event !== null) return event;
    }
    this.#chunk = NO_BYTES;
    return null;
  }

  /** Ends the body: null when the form is complete, or why it is refused. */
  finish(): Refusal | null {
    return this.#phase === "epilogue" || this.#phase === "closing-padding" ? null : this.#refusal;
  }

  #step(): FormEvent | null {
    switch (this.#phase) {
      case "preamble":
        return this.#skipPreamble();
      case "data":
        return this.#takeData();
      case "head":
        return this.#takeHead();
      case "epilogue":
        return this.#skipEpilogue();
      case "refused":
        this.#at = this.#chunk.length;
        return null;
      case "delimiter":
      case "delimiter-dash":
      case "delimiter-padding":
      case "delimiter-lf":
      case "closing-padding":
      case "closing-lf":
        return this.#takeDelimiterByte(this.#phase, this.#chunk[this.#at++]!);
    }
  }

  #skipPreamble(): FormEvent | null {
    const event = this.#takeData();
    return event?.kind === "part-data" ? this.#passOutside(event.bytes) : null;
  }

  #skipEpilogue(): FormEvent | null {
    const bytes = this.#chunk.subarray(this.#at);
    this.#at = this.#chunk.length;
    return this.#passOutside(bytes);
  }

  /** A boundary that is no delimiter here, for junk on its line or behind the end, would take parts with it in silence. */
  #passOutside(bytes: Uint8Array): FormEvent | null {
    const allowed = bytes.subarray(0, MAX_OUTSIDE_BYTES - this.#outsideBytes);
    const text = Buffer.concat([this.#outsideEnd, allowed]);
    if (text.includes(this.#marker)) return this.#refuse(STRAY_DELIMITER);
    this.#outsideEnd = text.subarray(Math.max(0, text.length - this.#marker.length + 1));
    this.#outsideBytes += allowed.length;
    return allowed.length < bytes.length ? this.#refuse(OUTSIDE_PARTS) : null;
  }

  /** Data up to what may be a delimiter, or to the end of the chunk. */
  #takeData(): FormEvent | null {
    if (this.#held > 0) return this.#resolveHeld();
    const chunk = this.#chunk;
    const start = this.#at;
    // A delimiter has one CR, its first byte, so a failed comparison never has to be taken back: linear.
    for (let cr = chunk.indexOf(CR, start); cr >= 0; cr = chunk.indexOf(CR, this.#at)) {
      const matched = this.#compare(cr, 0);
      this.#at = cr + matched;
      if (matched < this.#delimiter.length && this.#at < chunk.length) continue;
      this.#held = matched;
      return cr > start ? { kind: "part-data", bytes: chunk.subarray(start, cr) } : null;
    }
    this.#at = chunk.length;
    return { kind: "part-data", bytes: chunk.subarray(start) };
  }

  /** Goes on where an earlier chunk or step left off inside of what may be a delimiter. */
  #resolveHeld(): FormEvent | null {
    const matched = this.#compare(this.#at, this.#held);
    this.#at += matched - this.#held;
    this.#held = matched;
    if (matched === this.#delimiter.length) return this.#endData();
    if (this.#at === this.#chunk.length) return null;
    const bytes = this.#delimiter.subarray(this.#borrowed, matched);
    this.#held = 0;
    this.#borrowed = 0;
    return bytes.length > 0 ? { kind: "part-data", bytes } : null;
  }

  /** How many bytes of the delimiter are there when the chunk goes on at `at` behind `matched` of them. */
  #compare(at: number, matched: number): number {
    const chunk = this.#chunk;
    const delimiter = this.#delimiter;
    const offset = at - matched;
    let length = matched;
    while (length < delimiter.length && offset + length < chunk.length && chunk[offset + length] === delimiter[length])
      length += 1;
    return length;
  }

  #endData(): FormEvent | null {
    const isPart = this.#phase === "data";
    this.#held = 0;
    this.#borrowed = 0;
    this.#phase = "delimiter";
    return isPart ? PART_END : null;
  }

  /** RFC 2046 5.1.1: behind the boundary stand "--" in the last delimiter, perhaps blanks, and CRLF or the end. */
  #takeDelimiterByte(phase: DelimiterPhase, byte: number): FormEvent | null {
    const next = phaseAfter(phase, byte);
    if (next === "refused") return this.#refuse(BAD_DELIMITER);
    this.#phase = next;
    if (next === "epilogue") {
      this.#outsideBytes = 0;
      this.#outsideEnd = NO_BYTES;
    }
    if (next !== "head") return null;
    this.#parts += 1;
    this.#headLength = 0;
    this.#lineStart = 0;
    return this.#parts > this.#maxParts ? this.#refuse(TOO_MANY_PARTS) : null;
  }

  /** Gathers the lines of a head up to the empty one. */
  #takeHead(): FormEvent | null {
    const lf = this.#chunk.indexOf(LF, this.#at);
    const end = lf < 0 ? this.#chunk.length : lf + 1;
    const length = this.#headLength + end - this.#at;
    if (length > MAX_PART_HEAD_BYTES) return this.#refuse(PART_HEAD_TOO_LARGE, this.#parts);
    this.#head.set(this.#chunk.subarray(this.#at, end), this.#headLength);
    this.#headLength = length;
    this.#at = end;
    if (lf < 0) return null;
    const lineStart = this.#lineStart;
    this.#lineStart = length;
    if (length - lineStart !== LINE_END.length || this.#head[lineStart] !== CR) return null;
    const begin = parsePartHead(this.#head.subarray(0, lineStart));
    if ("status" in begin) return this.#refuse(begin, this.#parts);
    this.#phase = "data";
    this.#held = LINE_END.length;
    this.#borrowed = LINE_END.length;
    return begin;
  }

  #refuse(refusal: Refusal, part: number | null = null): FormEvent {
    this.#phase = "refused";
    this.#refusal = refusal;
    return { kind: "refused", refusal, part };
  }
}
