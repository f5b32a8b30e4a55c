// The body of one request between the socket that pushes it and the handler that pulls it. Memory is bounded by the
// high water mark and one read.

import type { GivingSource, MaybePromise } from "../http/byte-source.ts";
import { BodyRefused, type Refusal } from "../http/refusal.ts";

/** Bytes that may wait for the handler before the socket is paused. */
const HIGH_WATER_BYTES = 256 * 1024;
/** What a queued piece costs beside its bytes: a million pieces of one byte are not one megabyte. */
const PIECE_COST_BYTES = 256;

/** What the body asks of its connection. */
export interface BodyFlow {
  /** The handler waits for bytes: `100 Continue` is due if it is owed, and the socket must be read. */
  bodyWanted(): void;
  /** The handler took bytes that were there already, or will read no more of them. */
  bodyTaken(): void;
}

/** Pushed by the connection, pulled by one handler. */
export class RequestBody implements GivingSource {
  readonly gives = true;
  readonly length: number;
  readonly #flow: BodyFlow;
  #queue: Uint8Array[] = [];
  #first = 0;
  /** Bytes of memory, which may be more than the bytes of the body: a piece pins the read that it came in. */
  #queued = 0;
  /** What the handler works on: the piece that it took last. */
  #lent = 0;
  #ended = false;
  #closed = false;
  #wasRead = false;
  #failure: Refusal | null = null;
  #waiter: { resolve(chunk: Uint8Array | null): void; reject(error: BodyRefused): void } | null = null;

  constructor(length: number, flow: BodyFlow) {
    this.length = length;
    this.#flow = flow;
  }

  /** More waits than the handler should be given; read no more of the socket. */
  get isFull(): boolean {
    return this.#queued > HIGH_WATER_BYTES;
  }

  /** Bytes of memory that wait for the handler. */
  get queuedBytes(): number {
    return this.#queued;
  }

  /** Bytes of memory that the handler has in hand. */
  get lentBytes(): number {
    return this.#lent;
  }

  /** The handler is done with it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** The handler has begun to read it. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  /** Takes bytes of the body; they are the body's own from here on. */
  push(chunk: Uint8Array): void {
    if (this.#closed) return;
    const waiter = this.#waiter;
    if (waiter !== null) {
      this.#waiter = null;
      this.#lent = costOf(chunk);
      waiter.resolve(chunk);
      return;
    }
    this.#queue.push(chunk);
    this.#queued += costOf(chunk);
  }

  /** All bytes were pushed. */
  end(): void {
    this.#ended = true;
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.resolve(null);
  }

  /** The rest will never come. What waits is dropped: half a body is of no use to anyone. */
  fail(refusal: Refusal): void {
    this.#failure = refusal;
    this.#empty();
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(new BodyRefused(refusal));
  }

  /** Somebody will read: the client may be told so. */
  want(): void {
    this.#flow.bodyWanted();
  }

  read(): MaybePromise<Uint8Array | null> {
    this.#wasRead = true;
    this.#lent = 0;
    const chunk = this.#queue[this.#first];
    if (chunk !== undefined) return this.#shift(chunk);
    if (this.#failure !== null) throw new BodyRefused(this.#failure);
    if (this.#ended || this.#closed) return null;
    const promise = new Promise<Uint8Array | null>((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
    this.#flow.bodyWanted();
    return promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lent = 0;
    this.#empty();
    this.#flow.bodyTaken();
  }

  #shift(chunk: Uint8Array): Uint8Array {
    this.#first += 1;
    this.#lent = costOf(chunk);
    this.#queued -= this.#lent;
    if (this.#first === this.#queue.length) this.#empty();
    if (this.#queue.length === 0 && !this.#ended) this.#flow.bodyWanted();
    else this.#flow.bodyTaken();
    return chunk;
  }

  #empty(): void {
    this.#queue = [];
    this.#first = 0;
    this.#queued = 0;
  }
}

function costOf(chunk: Uint8Array): number {
  return chunk.buffer.byteLength + PIECE_COST_BYTES;
}
