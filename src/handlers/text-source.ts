// Text that is made while it is sent: in pieces, as the client takes them, and never for longer than its turn.

import { type ByteSource, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { turns } from "../storage/turns.ts";

/** What a client that stops reading holds at most. */
const CHUNK_CHARS = 16 * 1024;

/** The UTF-8 of texts one behind the other. */
export class TextSource implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #texts: Iterator<string>;
  readonly #release: () => void;
  #isClosed = false;

  /** `release` is called with `close`. */
  constructor(texts: Iterable<string>, release: () => void) {
    this.#texts = texts[Symbol.iterator]();
    this.#release = release;
  }

  read(): MaybePromise<Uint8Array | null> {
    return turns.isOver ? turns.next().then(() => this.#make()) : this.#make();
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #make(): Uint8Array | null {
    let chunk = "";
    while (!this.#isClosed && chunk.length < CHUNK_CHARS) {
      const { done, value } = this.#texts.next();
      if (done === true) break;
      chunk += value;
    }
    return chunk === "" ? null : Buffer.from(chunk);
  }
}
