// The header fields of one request, found on demand by walking its head: nothing is made for fields nobody asks for.

import { COLON, CR, HTAB, SP } from "./characters.ts";
import type { FieldSection } from "./message.ts";

const CASE_BIT = 0x20;

/** The bit of a name's length in a set of lengths; those that are 32 apart share one. */
export function lengthBit(length: number): number {
  return 1 << (length & 31);
}

/** The field lines in [start, end) of a head that the parser has accepted. */
export class HeadFields implements FieldSection {
  #bytes: Buffer;
  #start: number;
  #end: number;
  readonly #nameLengths: number;

  /** `nameLengths` has the bit `lengthBit(n)` for each field name of n bytes that is there. */
  constructor(bytes: Buffer, start: number, end: number, nameLengths: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#nameLengths = nameLengths;
  }

  get(name: string): string | undefined {
    // Most fields that are asked for are not there: their names' lengths say so in 1 ns, a walk takes 30 a line.
    if ((this.#nameLengths & lengthBit(name.length)) === 0) return undefined;
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
      const lower = byte >= 0x41 && byte <= 0x5a ? byte | CASE_BIT : byte;
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
