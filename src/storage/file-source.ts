// Some of a file's bytes as a stream, read by position through a borrowed window.

import type { ByteSource } from "../http/byte-source.ts";
import type { LocalFile } from "./opened-file.ts";
import { readWindows, WINDOW_BYTES } from "./read-windows.ts";

/** What is kept of the bytes read last, to tell a file that grew from one that was written anew. */
const PROOF_BYTES = 512;

/** Reads [from, from + length) of the file. Lends its chunks: each is valid until the next `read` or `close`. */
export class FileSource implements ByteSource {
  readonly length: number;
  readonly #file: LocalFile;
  readonly #from: number;
  readonly #end: number;
  #position: number;
  #window: Uint8Array | null = null;
  /** The end of what was read last, and where it stands in the file. */
  #proof: Uint8Array | null = null;
  #proofAt = 0;
  /** Bytes of the window that are in use. */
  #lastRead = 0;
  #isReading = false;
  #isClosed = false;

  constructor(file: LocalFile, from: number, length: number) {
    this.#file = file;
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
      this.#keepProof();
      this.#window ??= await readWindows.borrow();
      if (this.#isClosed) return null;
      const bytesRead = await this.#file.readAt(this.#window, wanted, this.#position, () => this.#isStill());
      this.#position += bytesRead;
      this.#lastRead = bytesRead;
      return this.#window.subarray(0, bytesRead);
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#giveBackWindow();
    }
  }

  putBack(offset: number): boolean {
    if (!readWindows.isScarce) return false;
    this.#keepProof();
    this.#giveBackWindow();
    this.#position = this.#from + offset;
    return true;
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#giveBackWindow();
  }

  /** Before the window is used for something else. */
  #keepProof(): void {
    if (this.#window === null || this.#lastRead === 0) return;
    const length = Math.min(PROOF_BYTES, this.#lastRead);
    this.#proof = Uint8Array.from(this.#window.subarray(this.#lastRead - length, this.#lastRead));
    this.#proofAt = this.#position - length;
    this.#lastRead = 0;
  }

  /** True when the end of what was sent is still what the file holds there. */
  async #isStill(): Promise<boolean> {
    const proof = this.#proof;
    if (proof === null) return true;
    const now = new Uint8Array(proof.length);
    return (
      (await this.#file.readRaw(now, now.length, this.#proofAt)) === proof.length && Buffer.compare(now, proof) === 0
    );
  }

  #giveBackWindow(): void {
    const window = this.#window;
    this.#window = null;
    if (window !== null) readWindows.giveBack(window);
  }
}
