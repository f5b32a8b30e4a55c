// One socket's exchanges, in order: at most one is in hand, replies leave in the order of their requests, and after a
// refusal no further byte is interpreted. The reader knows how far the request is in, the sender how far the reply is out;
// this file alone looks at both, and decides what comes next.

import type { CutForm } from "../http/byte-source.ts";
import { HttpRequest, type HttpResponse } from "../http/message.ts";
import {
  BodyRefused,
  BUFFERS_FULL,
  INCOMPLETE_BODY,
  INCOMPLETE_HEAD,
  type Refusal,
  TOO_MANY_CONNECTIONS,
} from "../http/refusal.ts";
import type { BufferHolder } from "./buffer-budget.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import { type FlowContext, InputFlow } from "./input-flow.ts";
import { type ReplyOwner, ReplySender } from "./reply-sender.ts";
import type { BodyFlow } from "./request-body.ts";
import { RequestReader } from "./request-reader.ts";
import { type ConnectionSocket, type InterimSender, SocketPeer } from "./socket-peer.ts";

/** What all connections of a server share. */
export interface ConnectionContext extends ExchangeContext, FlowContext {
  /** The connection is closed, and nothing that its client asked for is under way any more. Called once. */
  ended(connection: Connection): void;
}

/** One connection, from its `open` event to its `close`. */
export class Connection implements BodyFlow, BufferHolder, InterimSender, ReplyOwner {
  /** Who is at the other end. */
  readonly peer: SocketPeer;
  readonly #context: ConnectionContext;
  readonly #socket: ConnectionSocket;
  readonly #deadlines: Deadlines;
  readonly #reader: RequestReader;
  readonly #sender: ReplySender;
  readonly #flow: InputFlow;
  readonly #exchange: Exchange;
  /** lingering: our FIN is out. closed: no event has effect any more. */
  #life: "open" | "lingering" | "closed" = "open";
  /** Others have their turn; what has come waits. */
  #isYielding = false;

  constructor(socket: ConnectionSocket, context: ConnectionContext, isSecure = false, peerName?: string) {
    this.#socket = socket;
    this.#context = context;
    this.peer = new SocketPeer(socket, this, isSecure, peerName);
    this.#deadlines = new Deadlines(context.limits, context.clock);
    this.#reader = new RequestReader(socket, context, this.#deadlines, isSecure);
    this.#sender = new ReplySender(socket, this, context.turn);
    this.#flow = new InputFlow(context, this.#reader, this.#sender, this);
    this.#exchange = new Exchange(context, this.peer, this.#reader, this.#sender, this);
  }

  /** `Clock.now` past which `expired` is due. */
  get deadline(): number {
    return this.#deadlines.due;
  }

  /** A request of it is not over. */
  get hasExchange(): boolean {
    return this.#exchange.isUnderWay;
  }

  /** The socket has bytes. They are ours to keep and to change. */
  receive(bytes: Buffer): void {
    if (this.#life === "closed") return;
    if (this.#life === "lingering") return this.#deadlines.lingerOn();
    this.#context.turn.begin();
    this.#reader.append(bytes);
    if (this.#reader.hasBodyToCome) this.#readBody();
    this.#advance();
  }

  /** The kernel takes bytes again. Harmless when nothing waits. */
  drained(): void {
    if (this.#life === "closed" || !this.#sender.isBlocked) return;
    this.#context.turn.begin();
    this.#sender.drained();
    this.#decide();
    this.#advance();
  }

  /** The peer sent FIN: nothing more will come, but it may still read. */
  peerEnded(): void {
    this.peer.hasEnded = true;
    if (this.#life === "lingering") this.#close();
    else this.#advance();
  }

  /**
   * The socket is gone; the last event. Answers go nowhere from here on, but what has come whole is carried out: a kernel
   * resets a connection whose client did not read an answer, and the client counts on what it had sent before.
   */
  closed(): void {
    if (this.#life === "closed") return;
    this.peer.leave();
    this.#sender.abandon();
    const isAllIn = !this.#reader.hasBodyToCome;
    if (!isAllIn || (this.#reader.waiting === 0 && !this.#exchange.isEffective)) return this.#end();
    // Nobody gets what is left of the answer.
    if (this.#sender.writing === "sending") this.#sender.stop();
    this.#decide();
    this.#advance();
  }

  /** The deadline passed. */
  expired(): void {
    const verdict = this.#deadlines.judge(this.#flow.waitingSince);
    switch (verdict) {
      case "over":
        return this.#close();
      case "slow reader":
        return this.cutOff();
      case "suspect":
        return this.drained();
      case "idle":
        this.#finish();
        break;
      default:
        if (verdict !== "fine") this.#failRequest(verdict);
    }
    this.#advance();
  }

  /** Finishes the exchange in hand, then closes. */
  shutDown(): void {
    this.#exchange.isLast = true;
    this.#reader.endRest();
    if (this.#reader.reading === "head" && !this.#reader.hasPartialHead) this.#finish();
  }

  /** Refuses to serve this connection at all: the server has too many. */
  turnAway(): void {
    this.#refuse(TOO_MANY_CONNECTIONS);
    this.#advance();
  }

  /** A fault of ours in an event handler: the connection is of no further use. */
  fail(error: unknown): void {
    this.#context.observer.fault(error);
    this.cutOff();
  }

  /** Memory is short: a client that asked for more than it reads gives back what it holds. */
  yieldMemory(): void {
    if (this.#flow.isAhead && this.#deadlines.isUnread)
      this.cutOff(this.#exchange.breakOff(new BodyRefused(BUFFERS_FULL)));
  }

  memoryChanged(): void {
    this.#update();
  }

  bodyWanted(): void {
    if (this.#reader.claimBody() && this.#sender.writing === "idle") this.#sender.sendContinue();
    this.#flow.settle(this.#exchange.isHandled);
    this.#update();
  }

  bodyTaken(): void {
    if (this.#life === "closed") return;
    this.#flow.settle(this.#exchange.isHandled);
    if (this.#reader.hasBodyToCome && !this.peer.hasLeft) this.#flow.update();
  }

  replyMoved(): void {
    if (this.#life === "closed") return;
    this.#decide();
    this.#advance();
  }

  sendInterim(request: HttpRequest, response: HttpResponse): boolean {
    const isSent = this.#exchange.sendInterim(request, response);
    if (isSent) this.#update();
    return isSent;
  }

  /** Looks at how far the request is in and the reply is out, and does what follows from both. */
  #decide(): void {
    const { writing } = this.#sender;
    if (writing === "broken") this.cutOff(this.#exchange.breakOff(this.#sender.failure));
    if (writing !== "complete" || this.#life !== "open") return;
    // A FIN behind a short write would cut the rest off; `drained` comes back here.
    if (this.#exchange.isLast && !this.#sender.flush()) return;
    this.#exchange.end(this.peer.hasLeft);
    if (this.#exchange.isLast) this.#finish();
    else if (!this.#reader.hasBodyToCome) this.#nextExchange();
    // What came before the reply does not count against the limit.
    else if (this.#reader.skipBody()) this.#readBody();
    else if (this.#reader.hasSkippedEnough) this.#finish();
  }

  /** Reads as many requests as can be answered now, then sends what they produced in one write. */
  #advance(): void {
    const reader = this.#reader;
    const sender = this.#sender;
    while (reader.reading === "head" && reader.waiting > 0 && !sender.isBlocked && !this.#isYielding) {
      if (!this.#readHead()) break;
      if (reader.waiting > 0 && this.#context.turn.isOver()) this.#giveWay();
    }
    if (this.#life === "closed") return;
    // The FIN may have come while an earlier exchange was in hand: what is missing now will not come.
    if (this.peer.hasEnded && reader.hasBodyToCome && !reader.endRest()) this.#failRequest(INCOMPLETE_BODY);
    sender.flush();
    if (this.peer.hasEnded && reader.reading === "head" && !sender.isBlocked && !this.#isYielding) {
      if (reader.hasPartialHead && !this.peer.hasLeft) this.#refuse(INCOMPLETE_HEAD);
      else this.#finish();
    }
    reader.letReadsGo();
    const isMore = this.#flow.settle(this.#exchange.isHandled);
    if (isMore && this.#context.budget.isExhausted && this.#flow.isAhead)
      this.cutOff(this.#exchange.breakOff(new BodyRefused(BUFFERS_FULL)));
    else this.#update();
  }

  #giveWay(): void {
    this.#isYielding = true;
    this.#context.turn.giveWay(() => {
      this.#isYielding = false;
      try {
        if (this.#life !== "closed") this.#advance();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** Flow and deadline follow from what is waited for now. */
  #update(): void {
    if (this.#life === "closed") return;
    if (!this.peer.hasLeft) this.#flow.update();
    if (this.#life === "lingering") return;
    const { reading, isPaused, hasPartialHead } = this.#reader;
    if (this.#sender.isBlocked) this.#deadlines.awaitReader(this.#sender.bytesTaken);
    else if (reading === "head" && this.#isYielding) this.#deadlines.awaitUs(Infinity);
    else if (reading === "head" && hasPartialHead) this.#deadlines.awaitHead();
    else if (reading === "head") this.#deadlines.awaitRequest();
    else if (reading === "body" && !isPaused) this.#deadlines.awaitBody();
    else this.#deadlines.awaitUs(this.#flow.waitingSince);
  }

  /** Reads one head and lets it be answered; false when there is no whole head or it is refused. */
  #readHead(): boolean {
    const request = this.#reader.readHead(this.peer, this);
    if (!(request instanceof HttpRequest)) {
      if (request !== null) this.#refuse(request);
      return false;
    }
    this.#exchange.begin(request, this.#reader.keepsAlive);
    if (this.#reader.hasBodyToCome) {
      this.#readBody();
      if (this.#reader.hasBodyToCome && this.#context.budget.isExhausted) this.#failRequest(BUFFERS_FULL);
      // The body may have been refused at once.
      if (this.#reader.reading === "closed") return false;
    }
    this.#exchange.dispatch(request);
    this.#decide();
    return true;
  }

  #readBody(): void {
    const refusal = this.#reader.readBody();
    if (refusal !== null) this.#failRequest(refusal);
    else this.#decide();
  }

  /** The rest of the request cannot be had: the handler learns it, and the client if its answer has not begun. */
  #failRequest(refusal: Refusal): void {
    const { body } = this.#reader;
    if (this.#sender.writing === "idle") return this.#refuse(refusal);
    this.#reader.stop(refusal);
    if (this.#sender.writing !== "sending") return this.#finish();
    this.#exchange.isLast = true;
    if (!this.#sender.isSending(body)) return;
    const hasBegun = !this.#sender.holdsHead;
    this.#sender.giveUpSource();
    if (hasBegun) this.cutOff();
    else this.#refuse(refusal);
  }

  #refuse(refusal: Refusal): void {
    this.#exchange.refuse(refusal);
    this.#decide();
  }

  #nextExchange(): void {
    this.#reader.next();
    this.#sender.next();
    if (this.#context.isDraining) this.#finish();
  }

  // ── Endings ──

  /** Half-closes behind the last byte, then waits for the peer to have read it (RFC 9112 9.6). */
  #finish(): void {
    if (this.#life !== "open") return;
    if (this.peer.hasLeft) return this.#end();
    this.#exchange.isLast = true;
    this.#reader.close();
    if (!this.#sender.flush()) {
      // Earlier replies first; `drained` comes back to `#decide`.
      this.#sender.stop();
      return;
    }
    this.#life = "lingering";
    this.#flow.settle(false);
    this.#flow.leave();
    this.#sender.shutdown();
    if (this.peer.hasEnded) return this.#close();
    this.#reader.setFlow(true);
    this.#deadlines.awaitEnd();
  }

  #close(): void {
    // The `close` event runs inside the call, and must find nothing to do.
    this.#end();
    this.#socket.close();
  }

  /** Ends the connection so that the client sees that something is missing, and takes nothing for whole. */
  cutOff(form?: CutForm): void {
    if (this.#life === "closed") return;
    // Replies before this one are whole.
    if (!this.#sender.isBlocked) this.#sender.flush();
    const isReset = form === undefined ? this.#sender.needsReset : form === "reset";
    this.#end();
    if (isReset) this.#socket.terminate();
    else this.#socket.close();
  }

  /** The last thing that happens here. */
  #end(): void {
    if (this.#life === "closed") return;
    this.#life = "closed";
    this.peer.leave();
    this.#sender.abandon();
    this.#exchange.end(true);
    this.#reader.close();
    this.#sender.closeSource();
    this.#flow.settle(false);
    this.#flow.leave();
    const { observer } = this.#context;
    if (observer.wantsAll) observer.disconnected(this.peer.address, this.peer.port);
    this.#context.ended(this);
  }
}
