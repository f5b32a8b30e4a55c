// Multipart bodies, both ways: several ranges of a file out (RFC 9110 14.6), the parts of a form in (RFC 7578, 2046).
// The form parser sees the same parts however its bytes are cut, holds at most one part's head, and looks at each byte
// a bounded number of times.

import { parseFormDisposition } from "./content-disposition.ts";
import { CR, HTAB, LF, SP } from "./characters.ts";
import { parseParameters, trimBlanks } from "./field-syntax.ts";
import { type ByteRange, contentRange } from "./range.ts";
import type { Refusal } from "./refusal.ts";

// ── Out: multipart/byteranges ──

/** All bytes of a multipart/byteranges body but the ranges themselves. */
export interface ByterangesFrame {
  /** What goes before each range, in their order. */
  readonly heads: readonly Uint8Array[];
  /** What goes behind the last range. */
  readonly closing: Uint8Array;
  /** Bytes of the whole body, the ranges included. */
  readonly length: number;
}

/** The value of Content-Type for a body of several ranges. */
export function byterangesType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}

/**
 * Frames ranges of a representation of `size` bytes and this media type. The boundary is a token of at most 70 chars
 * that does not occur in the representation: a random one.
 */
export function frameByteranges(
  boundary: string,
  type: string,
  ranges: readonly ByteRange[],
  size: number,
): ByterangesFrame {
  const encoder = new TextEncoder();
  const heads = ranges.map((range, index) => {
    const lineEnd = index === 0 ? "" : "\r\n";
    const fields = `Content-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n`;
    return encoder.encode(`${lineEnd}--${boundary}\r\n${fields}\r\n`);
  });
  const closing = encoder.encode(`\r\n--${boundary}--\r\n`);
  let length = closing.length;
  for (const head of heads) length += head.length;
  for (const range of ranges) length += range.length;
  return { heads, closing, length };
}

// ── In: multipart/form-data ──

function refusal(name: string, status: number, reason: string): Refusal {
  return { name, status, reason };
}

/** For the caller, when `boundaryOf` gives null. */
export const BAD_BOUNDARY = refusal("BAD_BOUNDARY", 400, "The form's Content-Type has no valid boundary.");
export const BAD_DELIMITER = refusal("BAD_DELIMITER", 400, "A line with the form's boundary is malformed.");
export const OUTSIDE_PARTS = refusal(
  "OUTSIDE_PARTS",
  400,
  "The form has more than 8 KiB before its first or behind its last part.",
);
export const TOO_MANY_PARTS = refusal("TOO_MANY_PARTS", 413, "The form has more parts than the limit.");
export const PART_HEAD_TOO_LARGE = refusal("PART_HEAD_TOO_LARGE", 431, "The head of a form part is over 8 KiB.");
export const BAD_PART_HEAD = refusal(
  "BAD_PART_HEAD",
  400,
  "A line in the head of a form part is malformed or repeated.",
);
export const BAD_PART_TEXT = refusal("BAD_PART_TEXT", 400, "The head of a form part is not UTF-8.");
export const BAD_DISPOSITION = refusal(
  "BAD_DISPOSITION",
  400,
  "A form part needs a Content-Disposition of form-data with a name.",
);
export const ENCODED_PART = refusal(
  "ENCODED_PART",
  415,
  "A form part has a Content-Transfer-Encoding; send its bytes as they are.",
);
export const INCOMPLETE_FORM = refusal("INCOMPLETE_FORM", 400, "The form ended before its closing boundary.");

const MAX_PART_HEAD_BYTES = 8 * 1024;
/** For what comes before the first delimiter, and as much again behind the last. */
const MAX_OUTSIDE_BYTES = 8 * 1024;

const FORM_DATA = /^multipart\/form-data(?=[ \t;]|$)/i;
/** `boundary` of RFC 2046 5.1.1: at most 70 `bchars`, the last of them no space. */
const BOUNDARY = /^[ '()+_,\-./:=?0-9A-Za-z]{0,69}['()+_,\-./:=?0-9A-Za-z]$/;

/** Whether the value of a Content-Type is multipart/form-data, whatever its parameters. */
export function isFormData(contentType: string): boolean {
  return FORM_DATA.test(contentType);
}

/** The boundary in the Content-Type of a form; null when it is no form, or the boundary is missing or malformed. */
export function boundaryOf(contentType: string): string | null {
  const type = FORM_DATA.exec(contentType);
  if (type === null) return null;
  const boundary = parseParameters(contentType.slice(type[0].length))?.get("boundary");
  return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : null;
}

/** A part begins. */
export interface PartBegin {
  readonly kind: "part-begin";
  readonly name: string;
  /** As the client named the file, folders and all: nothing is safe about it. Empty for a file input without a file. */
  readonly filename: string | undefined;
  /** As sent; text/plain when it is not (RFC 7578 4.4). */
  readonly contentType: string;
}

/** What a form is made of, in order: for each part its begin, any number of data, its end. */
export type FormEvent =
  | PartBegin
  /** Never empty. The bytes are of the chunk that was fed, or the parser's own: to be read, not written. */
  | { readonly kind: "part-data"; readonly bytes: Uint8Array }
  | { readonly kind: "part-end" }
  /** The last event; the parts so far must not count. */
  | Refused;

/** The form is refused. */
export interface Refused {
  readonly kind: "refused";
  readonly refusal: Refusal;
}

const PART_END: FormEvent = { kind: "part-end" };
const DASH = 0x2d;
const LINE_END = "\r\n";
const NO_BYTES = new Uint8Array(0);

/** Where the next byte of the form stands. The delimiter's words are for what follows its boundary on the line. */
type Phase =
  | "preamble"
  | "delimiter"
  | "delimiter-dash"
  | "delimiter-padding"
  | "delimiter-lf"
  | "head"
  | "data"
  | "epilogue"
  | "refused";

/**
 * Takes a multipart/form-data body apart as it arrives. Pulled, because what becomes of a part's bytes may have to be
 * waited for: feed a chunk, take events with `next` until it gives null, feed the next; at the body's end `finish`.
 */
export class FormDataParser {
  readonly #delimiter: Uint8Array;
  readonly #maxParts: number;
  #phase: Phase = "preamble";
  #refusal: Refusal = INCOMPLETE_FORM;
  #chunk = NO_BYTES;
  #at = 0;
  /** How many bytes of what may be a delimiter stand before `#at`, not given as data yet. */
  #held = LINE_END.length;
  /** How many of those are no content: the line end before it. A delimiter may begin a form, or follow a head. */
  #borrowed = LINE_END.length;
  #outsideBytes = 0;
  #parts = 0;
  readonly #head = new Uint8Array(MAX_PART_HEAD_BYTES);
  #headLength = 0;
  #lineStart = 0;

  /** `boundary` is from `boundaryOf`; `maxParts` is inclusive. */
  constructor(boundary: string, maxParts: number) {
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#maxParts = maxParts;
  }

  /** Takes the next bytes of the body. Only after `next` gave null; the chunk must stay unchanged until it does again. */
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
    return this.#phase === "epilogue" ? null : this.#refusal;
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
        return this.#skip(this.#chunk.length - this.#at);
      case "refused":
        return null;
      default:
        return this.#takeDelimiterByte(this.#chunk[this.#at++]!);
    }
  }

  #skipPreamble(): FormEvent | null {
    const event = this.#takeData();
    return event?.kind === "part-data" ? this.#countOutside(event.bytes.length) : null;
  }

  #skipEpilogue(): FormEvent | null {
    const length = this.#chunk.length - this.#at;
    this.#at = this.#chunk.length;
    return this.#countOutside(length);
  }

  #countOutside(length: number): FormEvent | null {
    this.#outsideBytes += length;
    return this.#outsideBytes > MAX_OUTSIDE_BYTES ? this.#refuse(OUTSIDE_PARTS) : null;
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

  /** RFC 2046 5.1.1: a delimiter goes on with "--" when it is the last, else with blanks, which mean nothing, and CRLF. */
  #takeDelimiterByte(byte: number): FormEvent | null {
    const next = phaseAfter(this.#phase, byte);
    if (next === "refused") return this.#refuse(BAD_DELIMITER);
    this.#phase = next;
    if (next === "epilogue") this.#outsideBytes = 0;
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
    if (length > MAX_PART_HEAD_BYTES) return this.#refuse(PART_HEAD_TOO_LARGE);
    this.#head.set(this.#chunk.subarray(this.#at, end), this.#headLength);
    this.#headLength = length;
    this.#at = end;
    if (lf < 0) return null;
    const lineStart = this.#lineStart;
    this.#lineStart = length;
    if (length - lineStart !== LINE_END.length || this.#head[lineStart] !== CR) return null;
    const begin = parsePartHead(this.#head.subarray(0, lineStart));
    if (begin.kind === "refused") return this.#refuse(begin.refusal);
    this.#phase = "data";
    this.#held = LINE_END.length;
    this.#borrowed = LINE_END.length;
    return begin;
  }

  #refuse(refusal: Refusal): FormEvent {
    this.#phase = "refused";
    this.#refusal = refusal;
    this.#chunk = NO_BYTES;
    return { kind: "refused", refusal };
  }
}

/** What follows this byte behind a boundary; "refused" when it must not stand there. */
function phaseAfter(phase: Phase, byte: number): Phase {
  switch (phase) {
    case "delimiter":
      return byte === DASH ? "delimiter-dash" : afterPadding(byte);
    case "delimiter-padding":
      return afterPadding(byte);
    case "delimiter-dash":
      return byte === DASH ? "epilogue" : "refused";
    case "delimiter-lf":
      return byte === LF ? "head" : "refused";
    default:
      return "refused";
  }
}

function afterPadding(byte: number): Phase {
  if (byte === SP || byte === HTAB) return "delimiter-padding";
  return byte === CR ? "delimiter-lf" : "refused";
}

/** A `field-line` of RFC 9112 5, its value in any script. Folded lines, obsolete since RFC 7230, are malformed. */
const FIELD_LINE = /^(?<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+):(?<value>[^\x00-\x08\x0a-\x1f\x7f]*)$/;
/** These say that the bytes are as they are (RFC 2045 6.2); RFC 7578 4.7 has done away with the field. */
const IDENTITY_ENCODING = /^(?:7bit|8bit|binary)$/i;

/** The head of a part, without its empty line. */
function parsePartHead(bytes: Uint8Array): PartBegin | Refused {
  const text = decodeUtf8(bytes);
  if (text === null) return { kind: "refused", refusal: BAD_PART_TEXT };
  const fields = new Map<string, string>();
  for (const line of text.split(LINE_END).slice(0, -1)) {
    const match = FIELD_LINE.exec(line);
    const name = match?.groups!["name"]!.toLowerCase() ?? "";
    if (match === null || fields.has(name)) return { kind: "refused", refusal: BAD_PART_HEAD };
    fields.set(name, trimBlanks(match.groups!["value"]!));
  }
  const disposition = parseFormDisposition(fields.get("content-disposition") ?? "");
  if (disposition === null) return { kind: "refused", refusal: BAD_DISPOSITION };
  const isPlain = IDENTITY_ENCODING.test(fields.get("content-transfer-encoding") ?? "binary");
  if (!isPlain) return { kind: "refused", refusal: ENCODED_PART };
  return { kind: "part-begin", ...disposition, contentType: fields.get("content-type") ?? "text/plain" };
}

/** Null when the bytes are not UTF-8. A byte order mark stays, as part of the text. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
