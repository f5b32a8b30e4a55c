// Content that is made while it is sent: piece by piece, as the client takes it, and never for longer than its turn of the
// event loop. A client that leaves ends the work.

import { type ByteSource, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { loopShare } from "../storage/loop-share.ts";

/** Pieces one behind the other, as fast as the client takes them; never for longer than their turn of the event loop. */
export class MadeSource implements ByteSource {
  readonly length: number;
  readonly #pieces: Iterator<Uint8Array>;
  readonly #release: () => void;
  #isClosed = false;

  /** No piece is empty, and all together have `length` bytes if that is known. `release` is called with `close`. */
  constructor(pieces: Iterable<Uint8Array>, length: number, release: () => void = () => {}) {
    this.#pieces = pieces[Symbol.iterator]();
    this.length = length;
    this.#release = release;
  }

  read(): MaybePromise<Uint8Array | null> {
    return loopShare.isOver ? loopShare.next().then(() => this.#make()) : this.#make();
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #make(): Uint8Array | null {
    if (this.#isClosed) return null;
    const { done, value } = this.#pieces.next();
    return done === true ? null : value;
  }
}

/** What a client that stops reading holds at most of a text. */
const CHUNK_CHARS = 16 * 1024;

/** The UTF-8 of texts one behind the other. `release` is called with `close`. */
export function textSource(texts: Iterable<string>, release: () => void): MadeSource {
  return new MadeSource(chunksOf(texts), UNKNOWN_LENGTH, release);
}

function* chunksOf(texts: Iterable<string>): Generator<Uint8Array> {
  let chunk = "";
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARS) continue;
    yield Buffer.from(chunk);
    chunk = "";
  }
  if (chunk !== "") yield Buffer.from(chunk);
}
