// Some of a file's bytes as a stream, read by position through a borrowed window.

import { type ByteSource, ContentUnreadable } from "../http/byte-source.ts";
import { readWindows, WINDOW_BYTES } from "./read-windows.ts";
import { isSystems, systemCode } from "./system-fault.ts";

/** Where the bytes come from, and who answers for them. */
export interface PieceReader {
  /** Fills [0, length) of the window or less of it, and gives how much. Rejects with `ContentChanged`. */
  readAt(window: Uint8Array, length: number, position: number): Promise<number>;
  /** Called with all bytes that leave for good, in their order, but for the last. */
  noteTaken?(bytes: Uint8Array): void;
}

/**
 * Reads [from, from + length); rejects with `ContentLost` when it cannot. Lends its chunks: each is valid until the next
 * `read` or `close`.
 */
export class FileSource implements ByteSource {
  readonly length: number;
  readonly #pieces: PieceReader;
  readonly #from: number;
  readonly #end: number;
  #position: number;
  #window: Uint8Array | null = null;
  /** Bytes of the window that were read last, and are not known to have left. */
  #lastRead = 0;
  #isReading = false;
  #isClosed = false;

  constructor(pieces: PieceReader, from: number, length: number) {
    this.#pieces = pieces;
    this.length = length;
    this.#from = from;
    this.#position = from;
    this.#end = from + length;
  }

  async read(): Promise<Uint8Array | null> {
    const wanted = Math.min(WINDOW_BYTES, this.#end - this.#position);
    if (wanted === 0) {
      this.#giveBackWindow();
      return null;
    }
    this.#isReading = true;
    try {
      this.#noteTaken(this.#lastRead);
      this.#window ??= await readWindows.borrow();
      if (this.#isClosed) return null;
      const bytesRead = await this.#pieces.readAt(this.#window, wanted, this.#position);
      this.#position += bytesRead;
      this.#lastRead = bytesRead;
      return this.#window.subarray(0, bytesRead);
    } catch (error) {
      throw isSystems(error) ? new ContentUnreadable(systemCode(error)) : error;
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#giveBackWindow();
    }
  }

  putBack(offset: number): boolean {
    if (!readWindows.isScarce) return false;
    const chunkStart = this.#position - this.#lastRead;
    this.#position = this.#from + offset;
    this.#noteTaken(this.#position - chunkStart);
    this.#giveBackWindow();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#giveBackWindow();
  }

  /** So many bytes of the window have left. */
  #noteTaken(bytes: number): void {
    if (this.#window !== null && bytes > 0) this.#pieces.noteTaken?.(this.#window.subarray(0, bytes));
    this.#lastRead = 0;
  }

  #giveBackWindow(): void {
    const window = this.#window;
    this.#window = null;
    if (window !== null) readWindows.giveBack(window);
  }
}
