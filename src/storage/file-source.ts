// Some of a file's bytes as a stream, read by position through a borrowed window.

import type { ByteSource } from "../http/byte-source.ts";
import type { LocalFile } from "./opened-file.ts";
import { readWindows, WINDOW_BYTES } from "./read-windows.ts";

/** What is kept of the file's beginning and of the bytes read last, to tell one that grew from one written anew. */
const PROOF_BYTES = 512;

/** Some bytes, and where they stood in the file. */
interface Proof {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Reads [from, from + length) of the file. Lends its chunks: each is valid until the next `read` or `close`. */
export class FileSource implements ByteSource {
  readonly length: number;
  readonly #file: LocalFile;
  readonly #from: number;
  readonly #end: number;
  #position: number;
  #window: Uint8Array | null = null;
  #beginning: Proof | null = null;
  /** The end of what was read last. */
  #last: Proof | null = null;
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
      this.#beginning ??= { at: 0, bytes: await this.#file.beginning(PROOF_BYTES) };
      const bytesRead = await this.#file.readAt(this.#window, wanted, this.#position, (read) => this.#isStill(read));
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
    const bytes = Uint8Array.from(this.#window.subarray(Math.max(0, this.#lastRead - PROOF_BYTES), this.#lastRead));
    this.#last = { at: this.#position - bytes.length, bytes };
    this.#lastRead = 0;
  }

  /** True when the file still holds its beginning, the end of what was sent, and both ends of what was read now. */
  async #isStill(bytesRead: number): Promise<boolean> {
    const read = this.#window!.subarray(0, bytesRead);
    const first = read.subarray(0, PROOF_BYTES);
    const last = read.subarray(-PROOF_BYTES);
    const now = [
      { at: this.#position, bytes: first },
      { at: this.#position + bytesRead - last.length, bytes: last },
    ];
    for (const proof of [this.#beginning, this.#last, ...now]) {
      if (proof !== null && !(await this.#holds(proof))) return false;
    }
    return true;
  }

  async #holds({ at, bytes }: Proof): Promise<boolean> {
    const there = new Uint8Array(bytes.length);
    return (await this.#file.readRaw(there, there.length, at)) === bytes.length && Buffer.compare(there, bytes) === 0;
  }

  #giveBackWindow(): void {
    const window = this.#window;
    this.#window = null;
    if (window !== null) readWindows.giveBack(window);
  }
}
