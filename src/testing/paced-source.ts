// Content that is made piece by piece, with pauses where they are wanted.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { MadeSource } from "../handlers/made-source.ts";
import type { Timer } from "./timer.ts";

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
