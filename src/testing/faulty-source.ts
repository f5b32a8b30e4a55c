// The content of an answer that goes wrong on purpose: slower than it is, or not all of it.

import { type ByteSource, DeliberateCut, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import type { ResponseBody } from "../http/message.ts";
import { isSource } from "../http/response-head.ts";
import type { Timer } from "./timer.ts";

/** What happens to the content. */
export interface Spoiling {
  /** Pieces are no larger. */
  readonly pieceBytes: number;
  /** Between two pieces. */
  readonly pauseMs: number;
  /** Bytes after which `end` happens; Infinity for all there are. */
  readonly until: number;
  /** What happens then: nothing out of the ordinary, a cut, or nothing ever. */
  readonly end: "plain" | "close" | "reset" | "hang";
  /** From this byte of the content on the bits are turned over; Infinity for none. */
  readonly garbledFrom: number;
}

/** Content as it is. */
export const UNSPOILED: Spoiling = {
  pieceBytes: Infinity,
  pauseMs: 0,
  until: Infinity,
  end: "plain",
  garbledFrom: Infinity,
};

const FLIPPED = 0xff;

/** Content that is spoiled while it is read. */
export class FaultySource implements ByteSource {
  readonly length: number;
  readonly #source: ByteSource;
  readonly #spoiling: Spoiling;
  readonly #why: string;
  readonly #timer: Timer;
  #rest: Uint8Array = new Uint8Array(0);
  #given = 0;
  #stop = (): void => {};

  /** `length` is what the head promises; `why` is for the log. */
  constructor(source: ByteSource, length: number, spoiling: Spoiling, why: string, timer: Timer) {
    this.#source = source;
    this.length = length;
    this.#spoiling = spoiling;
    this.#why = why;
    this.#timer = timer;
  }

  async read(): Promise<Uint8Array | null> {
    const { pieceBytes, pauseMs, until } = this.#spoiling;
    if (this.#given >= until) return this.#end();
    if (this.#rest.length === 0) {
      const piece = await this.#source.read();
      if (piece === null) return this.#end();
      // What follows may wait long, and the piece is its source's.
      this.#rest = Uint8Array.prototype.slice.call(piece);
    }
    if (pauseMs > 0 && this.#given > 0) await this.#wait(pauseMs);
    const piece = this.#rest.subarray(0, Math.min(pieceBytes, until - this.#given));
    this.#rest = this.#rest.subarray(piece.length);
    this.#garble(piece);
    this.#given += piece.length;
    return piece;
  }

  close(): void {
    this.#stop();
    this.#source.close();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#stop = this.#timer.start(ms, resolve);
    });
  }

  #garble(piece: Uint8Array): void {
    const from = Math.max(0, this.#spoiling.garbledFrom - this.#given);
    for (let i = from; i < piece.length; i++) piece[i] = piece[i]! ^ FLIPPED;
  }

  #end(): MaybePromise<null> {
    switch (this.#spoiling.end) {
      case "plain":
        return null;
      case "hang":
        return new Promise(() => {});
      case "close":
      case "reset":
        throw new DeliberateCut(this.#why, this.#spoiling.end);
    }
  }
}

/** A response's content as a source, whatever it was. */
export function sourceOf(body: ResponseBody): ByteSource {
  if (isSource(body)) return body;
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : (body ?? new Uint8Array(0));
  let isGiven = bytes.length === 0;
  return {
    length: bytes.length,
    read: () => {
      if (isGiven) return null;
      isGiven = true;
      return bytes;
    },
    close: () => {},
  };
}

/** A share of content whose length nobody knows is one of its beginning. */
const MOST_MEASURED_BYTES = 1024 * 1024;

/** The source with its length, or with that of so much of it as may be looked at. Closes one that breaks. */
export async function measure(source: ByteSource): Promise<{ readonly source: ByteSource; readonly length: number }> {
  if (source.length !== UNKNOWN_LENGTH) return { source, length: source.length };
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < MOST_MEASURED_BYTES) {
      const piece = await source.read();
      if (piece === null) break;
      pieces.push(Uint8Array.prototype.slice.call(piece));
      length += piece.length;
    }
  } catch (error) {
    source.close();
    throw error;
  }
  const read = (): MaybePromise<Uint8Array | null> => pieces.shift() ?? source.read();
  return { source: { length: UNKNOWN_LENGTH, read, close: () => source.close() }, length };
}
