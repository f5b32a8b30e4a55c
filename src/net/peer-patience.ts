// How long one connection waits for its peer to send a body and to take answers. Only the time in which we wait counts,
// and nobody is called too slow before the kernel was asked.

import type { Limits } from "../http/limits.ts";
import { StallWatch } from "./stall-watch.ts";

/** The third time there is no doubt: the kernel was asked twice. */
const MOST_SUSPICIONS = 2;

/** What to do about a reader whose time has passed: nothing, ask the kernel for room, or cut it off. */
export type ReaderVerdict = "fine" | "suspect" | "too slow";

/** The patience with one peer. Times are of `Clock.now`, deadlines too. */
export class PeerPatience {
  readonly #limits: Limits;
  #body: StallWatch | null = null;
  #write: StallWatch | null = null;
  /** How often the reader was found too slow, without a good window since. */
  #suspicions = 0;
  /** Bytes that the kernel had taken in all when it was looked at last. */
  #bytesTaken = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** A new body comes. */
  beginBody(): void {
    this.#body = null;
  }

  /** Bytes of the body came. */
  noteBody(now: number, bytes: number): void {
    this.#body?.progress(now, bytes);
  }

  /** From now on the peer is to send more of its body; gives the deadline. */
  awaitBody(now: number): number {
    this.#body ??= new StallWatch(this.#limits.bodyTimeout, this.#limits.minBodyRate);
    this.#body.wait(now);
    return this.#body.deadline;
  }

  /** It is not the peer's body that we wait for. */
  restBody(now: number): void {
    this.#body?.rest(now);
  }

  isBodyTooSlow(now: number): boolean {
    return this.#body?.isTooSlow(now) === true;
  }

  /**
   * From now on the peer is to take more; gives the deadline. What the kernel took before the first time that it was full
   * says nothing of the peer.
   */
  awaitReader(now: number, bytesTaken: number): number {
    const moved = this.#write === null ? 0 : bytesTaken - this.#bytesTaken;
    this.#bytesTaken = bytesTaken;
    this.#write ??= new StallWatch(this.#limits.writeTimeout, this.#limits.minWriteRate);
    if (moved > 0) this.#write.progress(now, moved);
    this.#write.wait(now);
    return this.#write.deadline;
  }

  /** Nothing waits for the peer to be taken. */
  restReader(now: number): void {
    this.#write?.rest(now);
  }

  /** For how long the peer has taken nothing that waits for it. */
  unreadFor(now: number): number {
    return this.#write?.stalledFor(now) ?? 0;
  }

  /**
   * The kernel tells of room only when a third of its buffer is free, and the peer's tells it only when a sixteenth of its
   * own is: at 64 KiB a second that takes 20 s. So it is asked before a reader counts as too slow, and once more after as
   * long a time.
   */
  judgeReader(now: number): ReaderVerdict {
    if (this.#write === null || !this.#write.isTooSlow(now)) {
      this.#suspicions = 0;
      return "fine";
    }
    this.#suspicions += 1;
    if (this.#suspicions > MOST_SUSPICIONS) return "too slow";
    if (this.#suspicions === 1) this.#write.forgive(now);
    return "suspect";
  }
}
