// Gets bytes to one socket, in order and with as few writes as can be; the only caller of `socket.write`.
//
// What a turn produces is collected and leaves in one write: 8 times the pipelined rate of a write per reply
// (tests/bench). What the kernel does not take is kept, and nothing more is accepted gladly until it is gone.

import type { ConnectionSocket } from "./socket-peer.ts";

/** One per process, because it is empty whenever an event handler has returned; `tenant` owns what is in it. */
const SCRATCH = Buffer.allocUnsafe(64 * 1024);
let tenant: ResponseWriter | null = null;
let used = 0;

/** Larger pieces go to the kernel as they are: a copy would cost more than a second write. */
const COPY_LIMIT = 32 * 1024;
const TEXT_LIMIT = 32 * 1024;

/** What the writer needs of a socket. */
export type WritableSocket = Pick<ConnectionSocket, "write" | "shutdown">;

/** The way out of one connection. */
export class ResponseWriter {
  readonly #socket: WritableSocket;
  /** Latin1 text that waits for the end of the turn. */
  #text = "";
  /** What the kernel did not take, from `#restStart` on. */
  #rest: Uint8Array | null = null;
  #restStart = 0;
  /** The kernel is full, and whoever sends keeps the rest itself. */
  #isFull = false;
  #gone = false;
  /** Bytes that the kernel took, ever; the mark of progress. */
  bytesTaken = 0;

  constructor(socket: WritableSocket) {
    this.#socket = socket;
  }

  /** True while the kernel has yet to take something: wait for `drained`. */
  get isBlocked(): boolean {
    return this.#rest !== null || this.#isFull;
  }

  /** The memory of what the kernel did not take; null when it took everything, or the sender keeps the rest. */
  get keptBuffer(): ArrayBufferLike | null {
    return this.#rest === null ? null : this.#rest.buffer;
  }

  /** Bytes that the kernel did not take and that are kept here. */
  get keptBytes(): number {
    return this.#rest === null ? 0 : this.#rest.length - this.#restStart;
  }

  /** Collects text with one byte per char, and more of it: two pieces that come together cost one join. */
  writeText(text: string, more = ""): void {
    this.#text = this.#text + text + more;
    if (this.#text.length > TEXT_LIMIT) this.flush();
  }

  /** Collects or sends bytes, which must not change while the writer is blocked. */
  writeBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (bytes.length <= COPY_LIMIT && this.#rest === null) {
      this.#moveTextToScratch();
      if (used + bytes.length > SCRATCH.length) this.flush();
      if (this.#rest === null) {
        this.#claimScratch();
        SCRATCH.set(bytes, used);
        used += bytes.length;
        return;
      }
    }
    this.flush();
    this.#send(bytes, bytes.length);
  }

  /**
   * Sends bytes now, behind what was collected, and gives how many of them the kernel took. With less than all of them
   * the writer is blocked, and `keep` may follow; otherwise the caller sends the rest itself when it is not any more.
   */
  sendSome(bytes: Uint8Array): number {
    if (!this.flush()) return 0;
    const taken = this.#gone ? bytes.length : this.#write(bytes, 0, bytes.length);
    this.#isFull = taken < bytes.length;
    return taken;
  }

  /** Keeps the bytes from `start` on, for `drained` to send. They must not change until then. */
  keep(bytes: Uint8Array, start: number): void {
    if (this.#rest !== null) {
      this.#send(bytes.subarray(start), bytes.length - start);
      return;
    }
    this.#isFull = false;
    this.#rest = bytes;
    this.#restStart = start;
  }

  /** Collects one chunk of a chunked body (RFC 9112 7.1). */
  writeChunk(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.writeText(bytes.length.toString(16) + "\r\n");
    this.writeBytes(bytes);
    this.writeText("\r\n");
  }

  /** Sends what was collected. True when the kernel took everything. */
  flush(): boolean {
    this.#moveTextToScratch();
    if (tenant === this) {
      const length = used;
      tenant = null;
      used = 0;
      if (length > 0) this.#send(SCRATCH, length);
    }
    return !this.isBlocked;
  }

  /** Sends what is left after a full socket. True when nothing is left. */
  drained(): boolean {
    this.#isFull = false;
    const rest = this.#rest;
    if (rest === null) return true;
    const start = this.#restStart;
    const taken = this.#write(rest, start, rest.length - start);
    if (start + taken < rest.length) {
      this.#restStart = start + taken;
      return false;
    }
    this.#rest = null;
    return true;
  }

  /** Sends FIN behind all that was taken; the peer can still send (RFC 9112 9.6). */
  shutdown(): void {
    this.flush();
    this.#socket.shutdown();
  }

  /** Forgets everything and takes whatever comes: the connection is gone. */
  abandon(): void {
    this.#gone = true;
    this.#isFull = false;
    this.#text = "";
    this.#rest = null;
    if (tenant !== this) return;
    tenant = null;
    used = 0;
  }

  #claimScratch(): void {
    if (tenant === this) return;
    tenant?.flush();
    tenant = this;
  }

  #moveTextToScratch(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#claimScratch();
    if (used + text.length > SCRATCH.length && used > 0) {
      const length = used;
      used = 0;
      this.#send(SCRATCH, length);
    }
    if (text.length <= SCRATCH.length) used += SCRATCH.latin1Write(text, used, text.length);
    else {
      const bytes = Buffer.from(text, "latin1");
      this.#send(bytes, bytes.length);
    }
  }

  /** Sends [0, length) of the bytes, or queues them behind what waits already. */
  #send(bytes: Uint8Array, length: number): void {
    if (this.#gone) return;
    if (this.#rest !== null) {
      this.#rest = Buffer.concat([this.#rest.subarray(this.#restStart), bytes.subarray(0, length)]);
      this.#restStart = 0;
      return;
    }
    const taken = this.#write(bytes, 0, length);
    if (taken >= length) return;
    this.#keepRest(bytes, taken, length);
  }

  /** The scratch is for the next turn, and a small rest would pin all of its buffer; other bytes stay where they are. */
  #keepRest(bytes: Uint8Array, taken: number, length: number): void {
    const left = length - taken;
    const isCopied = bytes === SCRATCH || (left <= COPY_LIMIT && 2 * left <= bytes.buffer.byteLength);
    this.#rest = isCopied ? Buffer.from(bytes.subarray(taken, length)) : bytes;
    this.#restStart = isCopied ? 0 : taken;
  }

  /** Bytes that the kernel took. A socket that is gone takes everything: its `close` event ends the connection. */
  #write(bytes: Uint8Array, start: number, length: number): number {
    const taken = this.#socket.write(bytes, start, length);
    if (taken < 0) {
      this.#gone = true;
      return length;
    }
    this.bytesTaken += taken;
    return taken;
  }
}
