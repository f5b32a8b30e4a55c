// Content that is made while it is sent: piece by piece, as the client takes it, with pauses where they are wanted. A
// client that leaves ends the work.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { loopShare } from "../storage/loop-share.ts";
import type { Timer } from "./timer.ts";

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

/** So many pieces, each made when its time has come; none is empty. */
export interface Pieces {
  readonly count: number;
  make(index: number): Uint8Array;
}

/** Pieces with a pause before each but the first. */
export class PacedSource implements ByteSource {
  readonly length: number;
  readonly #pieces: Pieces;
  readonly #pauseMs: number;
  readonly #timer: Timer;
  #next = 0;
  #stop = (): void => {};

  /** `length` is that of all pieces together, if it is known. */
  constructor(pieces: Pieces, length: number, pauseMs: number, timer: Timer) {
    this.#pieces = pieces;
    this.length = length;
    this.#pauseMs = pauseMs;
    this.#timer = timer;
  }

  read(): MaybePromise<Uint8Array | null> {
    const index = this.#next++;
    if (index >= this.#pieces.count) return null;
    if (index === 0) return this.#pieces.make(index);
    return new Promise((resolve) => {
      this.#stop = this.#timer.start(this.#pauseMs, () => resolve(this.#pieces.make(index)));
    });
  }

  close(): void {
    this.#stop();
  }
}

/** `PacedSource`, or the same without pauses when there are to be none. */
export function paced(pieces: Pieces, length: number, pauseMs: number, timer: Timer): ByteSource {
  if (pauseMs > 0) return new PacedSource(pieces, length, pauseMs, timer);
  return new MadeSource(makeAll(pieces), length);
}

function* makeAll(pieces: Pieces): Generator<Uint8Array> {
  for (let index = 0; index < pieces.count; index++) yield pieces.make(index);
}
