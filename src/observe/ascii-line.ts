// One line in the making, as bytes: nothing is allocated for what it is put together from, where a string would be a tree
// of its pieces.

import { CUT_MARK } from "./log-line.ts";

const USUAL_BYTES = 4096;
/** So many bytes are kept from one line to the next. */
const MOST_KEPT_BYTES = 16 * 1024;
const LF = 0x0a;
const ZERO = 0x30;
const POINT = 0x2e;
/** Below it a number is one that the processor can divide. */
const WHOLE_LIMIT = 2 ** 31;

/** A line that is used for the next one when it is written: whoever wants to keep it copies it. */
export class AsciiLine {
  #bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Begins the next line. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  }

  /** Appends what is ASCII already. */
  text(text: string): void {
    const end = this.#length + text.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.latin1Write(text, this.#length, text.length);
    this.#length = end;
  }

  /** Appends its line end. */
  end(): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length] = LF;
    this.#length += 1;
  }

  /** Cuts it to at most so many bytes, as `shorten` does. */
  shorten(most: number): void {
    if (this.#length <= most) return;
    this.#length = most - CUT_MARK.length;
    this.text(CUT_MARK);
  }

  /** Appends a whole number that is not negative, in decimal digits. */
  whole(value: number): void {
    if (value >= WHOLE_LIMIT) return this.text(String(value));
    let digits = 1;
    for (let bound = 10; bound <= value; bound *= 10) digits += 1;
    this.#digits(value, digits);
  }

  /** Appends a time with so many digits after the point, at least one; what is not a time counts as none. */
  milliseconds(ms: number, decimals: 1 | 3): void {
    const scale = decimals === 1 ? 10 : 1000;
    const units = ms > 0 ? Math.round(ms * scale) : 0;
    const rest = units % scale;
    this.whole((units - rest) / scale);
    this.#digits(rest, decimals + 1);
    this.#bytes[this.#length - decimals - 1] = POINT;
  }

  /** Copies it to where there is room for it. */
  copyTo(target: Buffer, start: number): void {
    this.#bytes.copy(target, start, 0, this.#length);
  }

  toString(): string {
    return this.#bytes.latin1Slice(0, this.#length);
  }

  /** Faster than a string of the number, which would be made for one line alone. */
  #digits(value: number, count: number): void {
    const end = this.#length + count;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let i = end - 1; i >= this.#length; i--) {
      const tenth = (rest / 10) | 0;
      bytes[i] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
    this.#length = end;
  }

  #grow(least: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(least, 2 * this.#bytes.length));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
