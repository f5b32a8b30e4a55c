// What one connection waits for, until when, and what is to be done when that time has passed: judged here and nowhere
// else. Only the time in which we wait for the peer counts.

import type { Limits } from "../http/limits.ts";
import { BODY_TOO_SLOW, BUFFERS_FULL, HEAD_TOO_SLOW, type Refusal } from "../http/refusal.ts";
import type { Clock } from "./clock.ts";
import { PeerPatience } from "./peer-patience.ts";

/**
 * request: the next one, or the first. head, body: the rest of it. reader: the peer is to take bytes. us: a handler, or
 * memory for a body. end: our FIN is out, and the peer is to read what came before it.
 */
type Awaited = "request" | "head" | "body" | "reader" | "us" | "end";

/**
 * What has run out, if anything. idle: the peer asks for nothing. suspect: of a slow reader the kernel should be asked
 * first. over: the peer had its time to read our last words. A refusal: what the peer has earned.
 */
export type Verdict = "fine" | "idle" | "suspect" | "slow reader" | "over" | Refusal;

/** What a client that does not read its answers has to start again in while memory is short. */
const UNREAD_PATIENCE_MS = 5000;

/** The deadline of one connection. Times are of `Clock.now`, in milliseconds. */
export class Deadlines {
  /** When `judge` is worth asking. */
  due: number;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #patience: PeerPatience;
  #awaited: Awaited = "request";
  /** When a lingering peer has had its time, whatever it sends. */
  #lingerEnd = 0;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#patience = new PeerPatience(limits);
    this.due = clock.now + limits.idleTimeout;
  }

  /** From now on the peer may take its time with its next request. */
  awaitRequest(): void {
    const { now } = this.#clock;
    this.#patience.restReader(now);
    this.#awaited = "request";
    this.due = now + this.#limits.idleTimeout;
  }

  /** A head has begun; its time runs from the first call on, however it drips, to `endHead`. */
  awaitHead(): void {
    const { now } = this.#clock;
    this.#patience.restReader(now);
    if (this.#awaited === "head") return;
    this.#awaited = "head";
    this.due = now + this.#limits.headTimeout;
  }

  /** The head is there: the next one has a time of its own, though its beginning may have come with this one's end. */
  endHead(): void {
    this.#awaited = "us";
  }

  /** From now on the peer is to send more of its body. */
  awaitBody(): void {
    const { now } = this.#clock;
    this.#patience.restReader(now);
    this.#awaited = "body";
    this.due = this.#patience.awaitBody(now);
  }

  /** From now on the peer is to take more than the bytes that the kernel took in all. */
  awaitReader(bytesTaken: number): void {
    const { now } = this.#clock;
    this.#patience.restBody(now);
    this.#awaited = "reader";
    this.due = this.#patience.awaitReader(now, bytesTaken);
  }

  /** Nobody but us has to move. `memorySince`: since when a body waits for memory, Infinity when it does not. */
  awaitUs(memorySince: number): void {
    const { now } = this.#clock;
    this.#patience.restReader(now);
    this.#patience.restBody(now);
    this.#awaited = "us";
    this.due = memorySince === Infinity ? Infinity : memorySince + this.#limits.bodyTimeout;
  }

  /** Our FIN is out. */
  awaitEnd(): void {
    this.#lingerEnd = this.#clock.now + this.#limits.lingerTotal;
    this.lingerOn();
  }

  /** A peer that still sends has not read the reply yet: closing now could reset it away. */
  lingerOn(): void {
    this.#awaited = "end";
    this.due = Math.min(this.#clock.now + this.#limits.linger, this.#lingerEnd);
  }

  /** A new body comes. */
  beginBody(): void {
    this.#patience.beginBody();
  }

  /** Bytes of the body came. */
  noteBody(bytes: number): void {
    this.#patience.noteBody(this.#clock.now, bytes);
  }

  /** For too long, while memory is short, the peer has taken nothing that waits for it. */
  get isUnread(): boolean {
    return this.#patience.unreadFor(this.#clock.now) >= UNREAD_PATIENCE_MS;
  }

  /** The verdict when the time is over. `memorySince` as for `awaitUs`. */
  judge(memorySince: number): Verdict {
    const { now } = this.#clock;
    switch (this.#awaited) {
      case "request":
        return "idle";
      case "head":
        return HEAD_TOO_SLOW;
      case "reader": {
        const verdict = this.#patience.judgeReader(now);
        return verdict === "too slow" ? "slow reader" : verdict;
      }
      case "end":
        return "over";
      case "body":
      case "us":
        if (now - memorySince >= this.#limits.bodyTimeout) return BUFFERS_FULL;
        return this.#patience.isBodyTooSlow(now) ? BODY_TOO_SLOW : "fine";
    }
  }
}
