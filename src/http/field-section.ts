// The header fields of one request, found on demand by walking its head: nothing is made for fields nobody asks for.

import { CASE_BIT, COLON, CR, HTAB, SP, UPPER_A, UPPER_Z } from "./characters.ts";
import { type NameBits, nameBit } from "./name-bits.ts";

/** One field line (RFC 9110 5.2). */
export interface FieldLine {
  /** As it was sent, upper case and all. */
  readonly name: string;
  /** One byte per char, without surrounding white space. */
  readonly value: string;
}

/** The header fields of a message (RFC 9110 section 5). Iterated, they are its field lines in the order of their coming. */
export interface FieldSection extends Iterable<FieldLine> {
  /** All field lines byte for byte as they came, each with its line end. */
  readonly text: string;
  /**
   * The value of a field by its lower-case name, one byte per char, without surrounding white space. Repeated
   * field lines are joined with ", " (RFC 9110 5.3). Undefined when the field is absent.
   */
  get(name: string): string | undefined;
  /** True when surely none of these is there, which costs next to nothing to learn; false when one may be. */
  lacks(names: NameBits): boolean;
}

/** The field lines in [start, end) of a head that the parser has accepted. */
export class HeadFields implements FieldSection {
  #bytes: Buffer;
  #start: number;
  #end: number;
  readonly #nameBits: NameBits;

  /** `nameBits` has the `nameBit` of each field name that is there. */
  constructor(bytes: Buffer, start: number, end: number, nameBits: NameBits) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#nameBits = nameBits;
  }

  get(name: string): string | undefined {
    if (this.lacks(nameBit(name.charCodeAt(0), name.length))) return undefined;
    const bytes = this.#bytes;
    let found: string | undefined;
    let lineStart = this.#start;
    while (lineStart < this.#end) {
      // A CR in an accepted head is always followed by LF, and stands nowhere else.
      const lineEnd = bytes.indexOf(CR, lineStart);
      if (bytes[lineStart + name.length] === COLON && this.#isNamed(lineStart, name)) {
        const value = this.#value(lineStart + name.length + 1, lineEnd);
        found = found === undefined ? value : found + ", " + value;
      }
      lineStart = lineEnd + 2;
    }
    return found;
  }

  get text(): string {
    return this.#bytes.latin1Slice(this.#start, this.#end);
  }

  lacks(names: NameBits): boolean {
    return (this.#nameBits & names) === 0;
  }

  *[Symbol.iterator](): Iterator<FieldLine> {
    let lineStart = this.#start;
    while (lineStart < this.#end) {
      const lineEnd = this.#bytes.indexOf(CR, lineStart);
      const colon = this.#bytes.indexOf(COLON, lineStart);
      // Taken before the caller goes on: `detach` may move the lines meanwhile.
      const next = lineEnd + 2 - this.#start;
      yield { name: this.#bytes.latin1Slice(lineStart, colon), value: this.#value(colon + 1, lineEnd) };
      lineStart = this.#start + next;
    }
  }

  /** Keeps a copy of the field lines alone: a request that takes long must not pin the whole read that it came in. */
  detach(): void {
    const length = this.#end - this.#start;
    if (this.#bytes.length === length) return;
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#start, this.#end));
    this.#start = 0;
    this.#end = length;
  }

  #isNamed(lineStart: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) {
      const byte = this.#bytes[lineStart + i]!;
      const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte | CASE_BIT : byte;
      if (lower !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The value between the colon and the line end, without the white space around it. */
  #value(start: number, end: number): string {
    const bytes = this.#bytes;
    let first = start;
    let last = end;
    while (first < last && (bytes[first] === SP || bytes[first] === HTAB)) first += 1;
    while (last > first && (bytes[last - 1] === SP || bytes[last - 1] === HTAB)) last -= 1;
    return bytes.latin1Slice(first, last);
  }
}
