// Bytes on their way to a file: the disk works while the next chunk comes, and what has come meanwhile goes to it at
// once. Memory is bounded for one file and for all together.

import type { MaybePromise } from "../http/byte-source.ts";
import type { WriteFault } from "./storage.ts";
import { writeFault } from "./system-fault.ts";

/** Bytes that may wait for the disk before whoever writes has to wait too. */
const QUEUE_BYTES = 1024 * 1024;
/** The same for all writes of the process together: with more of them each has to wait for its own bytes. */
const ALL_QUEUES_BYTES = 16 * 1024 * 1024;
let queuedInAll = 0;

/** How bytes get into the file. Each throws, or rejects with, the system's error. */
export interface FileWriter {
  /** False while nothing may be written on the event loop. */
  isDirect(): boolean;
  /** The whole content at once, into the empty file; resolves with how many bytes were written. */
  whole(bytes: Uint8Array): Promise<number>;
  /** Chunks one behind the other from this position on; resolves with how many bytes the system took. */
  at(chunks: readonly Uint8Array[], position: number): Promise<number>;
}

/** The queue of one file. */
export class WriteQueue {
  /** Bytes that were taken, in the file or on the way there. */
  size = 0;
  readonly #length: number;
  readonly #writer: FileWriter;
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Bytes in the file. */
  #position = 0;
  #fault: WriteFault | null = null;
  /** A fault that is ours. */
  #error: unknown = null;
  /** Writing until the queue is empty; the descriptor must not be closed under it. */
  #writing: Promise<void> | null = null;

  /** `length`: bytes that will come, or UNKNOWN_LENGTH. */
  constructor(length: number, writer: FileWriter) {
    this.#length = length;
    this.#writer = writer;
  }

  /** Takes the chunk over; a promise says to wait before the next one. A fault may be an earlier chunk's. */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null> {
    if (this.#hasFailed()) return this.#fault;
    this.size += chunk.length;
    this.#chunks.push(chunk);
    this.#count(chunk.length);
    this.#writing ??= this.#writeOut();
    if (this.#queuedBytes < QUEUE_BYTES && queuedInAll < ALL_QUEUES_BYTES) return null;
    return this.#writing.then(() => (this.#hasFailed() ? this.#fault : null));
  }

  /** Waits until all is written. Throws what is no client's concern. */
  async end(): Promise<WriteFault | null> {
    await this.#writing;
    return this.#hasFailed() ? this.#fault : null;
  }

  /** Forgets what waits; resolves when the system has nothing of it in hand. Never rejects. */
  async drop(): Promise<void> {
    this.#chunks = [];
    await this.#writing;
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    queuedInAll += bytes;
  }

  #hasFailed(): boolean {
    if (this.#error !== null) throw this.#error;
    return this.#fault !== null;
  }

  /** Never rejects: what went wrong is told to the next call. */
  async #writeOut(): Promise<void> {
    try {
      while (this.#chunks.length > 0) {
        const chunks = this.#chunks;
        this.#chunks = [];
        await this.#writeAll(chunks);
      }
    } catch (error) {
      this.#chunks = [];
      try {
        this.#fault = writeFault(error);
      } catch {
        this.#error = error;
      }
    } finally {
      // After a fault or a drop some of it will never be written.
      this.#count(-this.#queuedBytes);
      this.#writing = null;
    }
  }

  /** The kernel may take less than it was given; a full disk shows as an error, after what still fitted. */
  async #writeAll(given: Uint8Array[]): Promise<void> {
    let chunks = given;
    while (chunks.length > 0) {
      const taken = await this.#writeSome(chunks);
      this.#position += taken;
      this.#count(-taken);
      const rest = withoutFirst(chunks, taken);
      for (const chunk of chunks.slice(0, chunks.length - rest.length)) giveBackMemory(chunk);
      chunks = rest;
    }
  }

  #writeSome(chunks: readonly Uint8Array[]): Promise<number> {
    const [only] = chunks;
    const isWhole = this.#position === 0 && only !== undefined && chunks.length === 1 && only.length === this.#length;
    // `Bun.write` may write small content at once, which a slow disk would make everybody wait for.
    return isWhole && this.#writer.isDirect() ? this.#writer.whole(only) : this.#writer.at(chunks, this.#position);
  }
}

/**
 * Frees a chunk that is on the disk, if nothing else lies in its buffer. The collector would come much later: 200 uploads
 * at once took 433 MiB with it, and take 126 MiB without.
 */
function giveBackMemory(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && chunk.byteLength === buffer.byteLength) buffer.transfer(0);
}

/** What is left of the chunks behind their first bytes. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  let done = 0;
  for (let chunk = chunks[0]; chunk !== undefined && left >= chunk.length; chunk = chunks[done]) {
    left -= chunk.length;
    done += 1;
  }
  const rest = chunks.slice(done);
  const first = rest[0];
  if (first !== undefined && left > 0) rest[0] = first.subarray(left);
  return rest;
}
