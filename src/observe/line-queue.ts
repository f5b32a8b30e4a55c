// Lines that wait to be written, in batches of whole lines. Bounded: what does not fit is dropped, counted, and told in
// the place where it is missing.

import type { AsciiLine } from "./ascii-line.ts";

/** A pipe takes that much in one piece (PIPE_BUF), so the lines of several processes do not mix. */
export const MAX_BATCH_BYTES = 4096;
/** Of all lines that wait. */
export const MAX_PENDING_BYTES = 1024 * 1024;
/** After an overflow lines are taken again below this: one gap, one notice, not one for every other line. */
const RESUME_PENDING_BYTES = MAX_PENDING_BYTES / 2;

/** Buffers of batches that are used again: as many as one trip to a disk takes. */
const MOST_SPARE = 64;

/** Some whole lines. */
interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  /** Its first byte ends a line whose rest was dropped. */
  readonly endsCut: boolean;
}

const LF = 10;
const LINE_END = Buffer.of(LF);

/** First in, first out. Lines are ASCII with their line end, so chars count as bytes. */
export class LineQueue {
  readonly #noticeOf: (dropped: number) => string;
  readonly #sealed: Batch[] = [];
  #open = newBuffer();
  #openBytes = 0;
  #openLines = 0;
  readonly #spare: Buffer[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  /** Bytes of the front batch that the output has. */
  #taken = 0;
  /** The output ends within a line whose rest was dropped. */
  #isCut = false;

  /** `noticeOf` makes the line that stands for `dropped` missing ones. */
  constructor(noticeOf: (dropped: number) => string) {
    this.#noticeOf = noticeOf;
  }

  /** Bytes that wait; a batch counts until its last byte is taken. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The output has a part of the front batch. */
  get isWithinBatch(): boolean {
    return this.#taken > 0;
  }

  /** Batches that wait and that no further line would fit into. */
  get fullBatches(): number {
    return this.#sealed.length;
  }

  /** Takes a line, copied, or counts it as dropped. */
  add(line: string | AsciiLine): void {
    this.#resume();
    if (this.#dropped > 0 || this.#pendingBytes + line.length > MAX_PENDING_BYTES) this.#dropped += 1;
    else this.#append(line, 1);
  }

  /**
   * Up to `most` batches from the front, which stay in the queue; without the bytes that were taken already. `partly`
   * includes the one that is not full.
   */
  front(partly: boolean, most: number): Uint8Array[] {
    if (partly && this.#sealed.length < most) this.#seal();
    if (this.#isCut) this.#endCut();
    return this.#sealed.slice(0, most).map(({ bytes }, index) => (index === 0 ? bytes.subarray(this.#taken) : bytes));
  }

  /** Removes bytes from the front because they were written: nobody reads the buffers of whole batches any more. */
  took(bytes: number): void {
    this.#taken += bytes;
    for (
      let batch = this.#sealed[0];
      batch !== undefined && this.#taken >= batch.bytes.length;
      batch = this.#sealed[0]
    ) {
      this.#taken -= batch.bytes.length;
      this.#pendingBytes -= batch.bytes.length;
      this.#sealed.shift();
      if (batch.bytes.buffer.byteLength === MAX_BATCH_BYTES && this.#spare.length < MOST_SPARE)
        this.#spare.push(Buffer.from(batch.bytes.buffer));
    }
    this.#resume();
  }

  /** Removes batches from the front because they cannot be written, and counts their lines. */
  drop(batches: number): void {
    const front = this.#sealed[0];
    if (front !== undefined) {
      const taken = front.bytes.subarray(0, this.#taken);
      this.#isCut = taken.length > 0 ? taken.at(-1) !== LF : front.endsCut;
      this.#dropped -= taken.filter((byte, i) => byte === LF && !(front.endsCut && i === 0)).length;
    }
    this.#taken = 0;
    for (const batch of this.#sealed.splice(0, batches)) {
      this.#dropped += batch.lines;
      this.#pendingBytes -= batch.bytes.length;
    }
  }

  /** Ends a gap with its notice, if there is one. */
  noteDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#append(this.#noticeOf(dropped), dropped);
  }

  /** What comes next goes elsewhere, where no line is cut. */
  beginOutput(): void {
    this.#isCut = false;
  }

  /** Forgets all lines. */
  clear(): void {
    this.#sealed.length = 0;
    this.#openBytes = 0;
    this.#openLines = 0;
    this.#pendingBytes = 0;
    this.#dropped = 0;
    this.#taken = 0;
    this.#isCut = false;
  }

  /** What was cut ends where it is, so that whatever comes next is a line of its own. */
  #endCut(): void {
    const next = this.#sealed[0];
    if (next === undefined) return;
    this.#sealed[0] = { ...next, bytes: Buffer.concat([LINE_END, next.bytes]), endsCut: true };
    this.#pendingBytes += LINE_END.length;
    this.#isCut = false;
  }

  #resume(): void {
    if (this.#dropped > 0 && this.#pendingBytes <= RESUME_PENDING_BYTES) this.noteDropped();
  }

  /** A notice counts as the lines that it stands for: should it be dropped itself, their number is not lost. */
  #append(line: string | AsciiLine, lines: number): void {
    if (this.#openBytes + line.length > this.#open.length) this.#makeRoom(line.length);
    if (typeof line === "string") this.#open.latin1Write(line, this.#openBytes, line.length);
    else line.copyTo(this.#open, this.#openBytes);
    this.#openBytes += line.length;
    this.#openLines += lines;
    this.#pendingBytes += line.length;
  }

  /** A line that is longer than a batch should be is one alone. */
  #makeRoom(bytes: number): void {
    this.#seal();
    if (bytes > this.#open.length) this.#open = Buffer.allocUnsafeSlow(bytes);
  }

  #seal(): void {
    if (this.#openBytes === 0) return;
    this.#sealed.push({ bytes: this.#open.subarray(0, this.#openBytes), lines: this.#openLines, endsCut: false });
    this.#open = this.#spare.pop() ?? newBuffer();
    this.#openBytes = 0;
    this.#openLines = 0;
  }
}

function newBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(MAX_BATCH_BYTES);
}
