// Decides when a peer is too slow: no byte for the whole timeout, or fewer bytes than the least rate over a timeout
// of waiting. Only the time in which we wait for the peer counts.

const NOT_WAITING = -1;

/** Watches one direction of one connection. Times are of `Clock.now`, in milliseconds. */
export class StallWatch {
  readonly #timeout: number;
  readonly #minBytes: number;
  #since = NOT_WAITING;
  #lastProgress = 0;
  /** Time waited, and bytes moved, in the current window; a window is as long as the timeout. */
  #waited = 0;
  #bytes = 0;

  /** `minRate` in bytes a second. */
  constructor(timeout: number, minRate: number) {
    this.#timeout = timeout;
    this.#minBytes = (minRate * timeout) / 1000;
  }

  /** From now on the peer is to move bytes. Harmless when it was already. */
  wait(now: number): void {
    if (this.#since !== NOT_WAITING) return;
    this.#since = now;
    this.#lastProgress = now;
  }

  /** It is our turn: time does not count. */
  rest(now: number): void {
    if (this.#since === NOT_WAITING) return;
    this.#waited += now - this.#since;
    this.#since = NOT_WAITING;
  }

  /** The peer moved bytes. */
  progress(now: number, bytes: number): void {
    this.#lastProgress = now;
    this.#bytes += bytes;
  }

  /** All begins anew. */
  forgive(now: number): void {
    if (this.#since !== NOT_WAITING) this.#since = now;
    this.#lastProgress = now;
    this.#waited = 0;
    this.#bytes = 0;
  }

  /** For how long we have waited now without a byte. */
  stalledFor(now: number): number {
    return this.#since === NOT_WAITING ? 0 : now - Math.max(this.#lastProgress, this.#since);
  }

  /** When `isTooSlow` is worth asking. */
  get deadline(): number {
    if (this.#since === NOT_WAITING) return Infinity;
    return Math.min(this.#lastProgress, this.#since - this.#waited) + this.#timeout;
  }

  /** The verdict; a window that was passed well starts anew. */
  isTooSlow(now: number): boolean {
    if (this.#since === NOT_WAITING) return false;
    if (now - this.#lastProgress >= this.#timeout) return true;
    if (now - this.#since + this.#waited < this.#timeout) return false;
    if (this.#bytes < this.#minBytes) return true;
    this.#waited = 0;
    this.#bytes = 0;
    this.#since = now;
    return false;
  }
}
