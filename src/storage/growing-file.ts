// A file that somebody writes while it is read, as a log is. What is sent of it is what the file held at one moment, and
// it begins as it began when it was opened; that nothing else of it was written anew since then cannot be known.

import type { BigIntStats } from "node:fs";
import { ContentChanged } from "../http/byte-source.ts";
import type { FileCalls } from "./file-calls.ts";
import type { PieceReader } from "./file-source.ts";

/** How long after its last write a file counts as being written: a log gets a line a minute. */
const WRITTEN_MS = 60_000;
/** Read and checked in one go, whoever writes; and what is known of the beginning of a longer one. */
const AT_ONCE_BYTES = 64 * 1024;

/** How a file began before its version was looked at. */
export interface Beginning {
  /** Bytes. */
  readonly length: number;
  readonly sum: number;
}

/** What is asked of the open file. */
export interface GrowingFile {
  /** Nobody waits for its bytes any more. */
  readonly isClosed: boolean;
  /** Fills [0, length) of the window or less of it; 0 at the file's end. */
  readRaw(window: Uint8Array, length: number, position: number): Promise<number>;
  /** True when it is still the version that was opened. */
  isUnchanged(): Promise<boolean>;
  /** Keeps the file open until the work is done. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * True when a write was the last thing that happened to a file of several reads, and that less than a minute ago (`now` in
 * milliseconds): both of its times are that write's own then. What was uploaded, unpacked or copied with its time got its
 * name or its time after its content, and that shows as a later change time.
 */
export function isBeingWritten({ size, mtimeNs, ctimeNs, ctimeMs }: BigIntStats, now: number): boolean {
  return size > AT_ONCE_BYTES && mtimeNs === ctimeNs && now - Number(ctimeMs) < WRITTEN_MS;
}

/** Reads the beginning of an open file. Rejects with the system's error. */
export async function readBeginning(calls: FileCalls, descriptor: number): Promise<Beginning> {
  const window = new Uint8Array(AT_ONCE_BYTES);
  const length = await calls.read(descriptor, window, window.length, 0);
  return { length, sum: Bun.hash.crc32(window.subarray(0, length)) };
}

/**
 * The bytes [from, from + length) of such a file. Before the last of them are given, all are read once more, unless the
 * file is unchanged: those that are the same both times were all there together between the first reading and the second.
 */
export class GrowingContent implements PieceReader {
  readonly #file: GrowingFile;
  readonly #beginning: Beginning;
  readonly #from: number;
  readonly #length: number;
  /** Of what was taken. */
  #sum = 0;
  /** Of everything, once it is known to be the content of one moment. */
  #wholeSum: number | null = null;

  constructor(file: GrowingFile, beginning: Beginning, from: number, length: number) {
    this.#file = file;
    this.#beginning = beginning;
    this.#from = from;
    this.#length = length;
  }

  readAt(window: Uint8Array, length: number, position: number): Promise<number> {
    return this.#file.during(async () => {
      const bytesRead = await this.#file.readRaw(window, length, position);
      const isUnchanged = await this.#file.isUnchanged();
      // What is written anew as a whole is noticed here, before more of it goes out.
      if (bytesRead === 0 || !(isUnchanged || (await this.#beginsAsBefore()))) throw new ContentChanged();
      if (position + bytesRead === this.#from + this.#length)
        await this.#proveWhole(window.subarray(0, bytesRead), isUnchanged);
      return bytesRead;
    });
  }

  noteTaken(bytes: Uint8Array): void {
    this.#sum = Bun.hash.crc32(bytes, this.#sum);
  }

  async #beginsAsBefore(): Promise<boolean> {
    const { length, sum } = this.#beginning;
    return (await sumOf(this.#file, 0, length)) === sum;
  }

  /** The last piece may be put back and come again; once is enough. */
  async #proveWhole(last: Uint8Array, isUnchanged: boolean): Promise<void> {
    const sum = Bun.hash.crc32(last, this.#sum);
    this.#wholeSum ??= isUnchanged ? sum : await sumOf(this.#file, this.#from, this.#length);
    if (this.#wholeSum !== sum) throw new ContentChanged();
  }
}

/** Null when the file is shorter, or nobody waits any more. */
async function sumOf(file: GrowingFile, from: number, length: number): Promise<number | null> {
  const window = new Uint8Array(Math.min(AT_ONCE_BYTES, length));
  let sum = 0;
  for (let done = 0; done < length;) {
    const bytesRead = await file.readRaw(window, Math.min(window.length, length - done), from + done);
    if (bytesRead === 0 || file.isClosed) return null;
    sum = Bun.hash.crc32(window.subarray(0, bytesRead), sum);
    done += bytesRead;
  }
  return sum;
}
