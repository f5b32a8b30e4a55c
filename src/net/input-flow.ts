// Whether the socket of one connection is read, so that TCP slows its peer down, and what the connection counts for in
// the budget of all.

import type { Limits } from "../http/limits.ts";
import { type BufferBudget, type BufferHolder, BufferShare } from "./buffer-budget.ts";
import type { Clock } from "./clock.ts";
import type { ReplySender } from "./reply-sender.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestReader } from "./request-reader.ts";

/** What the flows of a server share. */
export interface FlowContext {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly budget: BufferBudget;
}

/** The flow of one connection. */
export class InputFlow {
  readonly #context: FlowContext;
  readonly #reader: RequestReader;
  readonly #sender: ReplySender;
  readonly #share: BufferShare;

  constructor(context: FlowContext, reader: RequestReader, sender: ReplySender, holder: BufferHolder) {
    this.#context = context;
    this.#reader = reader;
    this.#sender = sender;
    this.#share = new BufferShare(context.budget, holder);
  }

  /** `Clock.now` since when a body waits for memory; Infinity when it does not. */
  get waitingSince(): number {
    return this.#share.waitingSince;
  }

  /** The client asks for far more than was answered, or for more than it reads, or sends more of an echo. */
  get isAhead(): boolean {
    const { waiting, body, hasBodyToCome } = this.#reader;
    if (this.#sender.isBlocked) return waiting > 0 || this.#sender.isSending(body);
    return !hasBodyToCome && waiting > this.#context.limits.maxHead;
  }

  /** Tells the budget what is held; true when that has grown. `isHandled`: a handler has what it took of the body. */
  settle(isHandled: boolean): boolean {
    const share = this.#share;
    // What an echo has in hand, the writer keeps.
    const held = this.#reader.heldBytes(isHandled);
    const kept = this.#sender.keptBuffer;
    return (held !== share.held || kept !== share.kept) && share.settle(held, kept);
  }

  /** Reads on while we hold little enough, and stops otherwise. */
  update(): void {
    const { body, hasBodyToCome } = this.#reader;
    this.#reader.setFlow(hasBodyToCome ? this.#mayTake(body!) : this.#mayTakeRequests());
  }

  /** The connection takes no more bodies. */
  leave(): void {
    this.#share.leave();
  }

  #mayTakeRequests(): boolean {
    this.#share.leave();
    return this.#reader.waiting <= this.#context.limits.maxHead;
  }

  #mayTake(body: RequestBody): boolean {
    if (body.isClosed) {
      this.#share.leave();
      return true;
    }
    // An echo that its client does not read would take one read more than it can send.
    if (body.isFull || (this.#sender.isBlocked && this.#sender.isSending(body))) return false;
    return this.#share.mayTake(this.#context.clock.now);
  }
}
