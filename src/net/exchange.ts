// The exchange in hand of one connection: a request, the reply or the refusal that it gets, and what is told of it. There
// is one at a time, and whatever ends it, it is told of once.

import { ContentLost, type CutForm, DeliberateCut } from "../http/byte-source.ts";
import { type Dispatch, type HttpRequest, HttpResponse } from "../http/message.ts";
import { isSafe } from "../http/method.ts";
import { ConnectionTaken } from "../http/connection-taken.ts";
import { BodyRefused, type Refusal, SERVER_FAULT } from "../http/refusal.ts";
import { refusalResponse } from "../http/refusal-response.ts";
import { isSource } from "../http/response-head.ts";
import type { ExchangeRecord, Observer } from "../observe/observer.ts";
import type { Clock } from "./clock.ts";
import type { LoopTurn } from "./loop-turn.ts";
import type { ReplyOwner, ReplySender } from "./reply-sender.ts";
import type { BodyFlow } from "./request-body.ts";
import { type ReaderContext, type RequestReader } from "./request-reader.ts";
import type { SocketPeer } from "./socket-peer.ts";

/** What the exchanges of a server share. */
export interface ExchangeContext extends ReaderContext {
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  readonly turn: LoopTurn;
  /** True while the server shuts down: each exchange is its connection's last. */
  readonly isDraining: boolean;
}

/** One object serves all exchanges of a connection, one after the other. */
export class Exchange {
  /** The connection ends behind this exchange. */
  isLast = false;
  readonly #context: ExchangeContext;
  readonly #peer: SocketPeer;
  readonly #reader: RequestReader;
  readonly #sender: ReplySender;
  readonly #owner: ReplyOwner & BodyFlow;
  /** Null as soon as the exchange is told of, and between two. */
  #request: HttpRequest | null = null;
  /** Why it is refused or cut, if it is. */
  #refusal: Refusal | null = null;
  /** By `performance.now`; 0 when nobody asks. */
  #startedAt = 0;
  /** When its response began, the same way. */
  #answeredAt = 0;
  /** How much the kernel had then, where that is all that was needed; -1 where a response goes on from there. */
  #takenWhenAnswered = -1;

  constructor(
    context: ExchangeContext,
    peer: SocketPeer,
    reader: RequestReader,
    sender: ReplySender,
    owner: ReplyOwner & BodyFlow,
  ) {
    this.#context = context;
    this.#peer = peer;
    this.#reader = reader;
    this.#sender = sender;
    this.#owner = owner;
  }

  /** There is one that was not told of. */
  get isUnderWay(): boolean {
    return this.#request !== null;
  }

  /** A handler works on it. */
  get isHandled(): boolean {
    return this.#request !== null && this.#sender.writing === "idle";
  }

  /** A handler works on it, and may change something: its work counts though its client has left. */
  get isEffective(): boolean {
    return this.isHandled && !isSafe(this.#request!.method);
  }

  /** The next one begins; the client may want it to be the last. */
  begin(request: HttpRequest, keepsAlive: boolean): void {
    this.#request = request;
    this.isLast = !keepsAlive || this.#context.isDraining;
    this.#startedAt = this.#context.observer.wantsAll ? performance.now() : 0;
  }

  /** Lets a handler answer it: at once, or the owner is told when the reply has begun. */
  dispatch(request: HttpRequest): void {
    // What only makes an answer is nobody's any more.
    if (this.#peer.hasLeft && isSafe(request.method)) return this.#sender.discard(null);
    let reply: ReturnType<Dispatch>;
    try {
      reply = this.#context.dispatch(request);
    } catch (error) {
      return this.#handlerFailed(error);
    }
    if (reply instanceof HttpResponse) this.#respond(request, reply);
    else this.#await(request, reply);
  }

  #await(request: HttpRequest, reply: Promise<HttpResponse>): void {
    const isAwaited = (): boolean => this.#request === request && this.isHandled;
    reply
      .then(
        (response) => {
          if (isAwaited()) this.#respond(request, response);
          else if (isSource(response.body)) response.body.close();
        },
        (error) => {
          if (isAwaited()) this.#handlerFailed(error);
          else if (!isOutcome(error)) this.#context.observer.fault(error);
        },
      )
      .then(() => {
        this.#context.turn.lookSoon();
        this.#owner.replyMoved();
      })
      .catch((error: unknown) => this.#owner.fail(error));
  }

  #handlerFailed(error: unknown): void {
    if (error instanceof ConnectionTaken) return this.#handOver(error);
    if (error instanceof DeliberateCut) return this.#sender.break(error);
    if (!(error instanceof BodyRefused)) this.#context.observer.fault(error);
    this.refuse(error instanceof BodyRefused ? error.refusal : SERVER_FAULT);
  }

  /** A handler has the connection from here on. */
  #handOver({ status, serve }: ConnectionTaken): void {
    this.isLast = true;
    if (this.#peer.hasLeft) return this.#sender.discard(new HttpResponse(status));
    this.#sender.beginRaw(status, serve(this.#reader.giveRest(this.#owner)));
  }

  #respond(request: HttpRequest, response: HttpResponse): void {
    if (this.#peer.hasLeft) return this.#sender.discard(response);
    const { body } = response;
    const framing = this.#sender.frame(request, response);
    const isEcho = body !== null && body === this.#reader.body && framing !== "none";
    // The 100 that the source of an echo would ask for must leave before the final head (RFC 9110 15.2.1).
    if (isEcho) this.#reader.body?.want();
    if (!this.isLast) this.isLast = framing === "close" || !this.#canBeFollowed(body);
    if (this.#startedAt > 0) this.#answeredAt = performance.now();
    const { bytesTaken } = this.#sender;
    this.#sender.begin(request, response, !this.isLast, this.#context.clock.dateLines, isEcho);
    this.#takenWhenAnswered = this.#sender.writing === "complete" ? bytesTaken : -1;
  }

  /** See `HttpRequest.sendInterim`. */
  sendInterim(request: HttpRequest, response: HttpResponse): boolean {
    const isDue = this.#request === request && this.isHandled && request.minorVersion > 0;
    if (!isDue || this.#peer.hasLeft || this.#sender.isBlocked) return false;
    this.#sender.sendInterim(response);
    return true;
  }

  #canBeFollowed(responseBody: HttpResponse["body"]): boolean {
    if (this.#peer.hasEnded && this.#reader.waiting === 0) return false;
    if (responseBody !== null && responseBody === this.#reader.body) return true;
    return this.#reader.canReachNext;
  }

  /**
   * Answers it, or what waits to become one, with the refusal's row; earlier replies go out first. It is the last: no
   * further byte is interpreted, and a handler that works on it learns that it is over.
   */
  refuse(refusal: Refusal): void {
    const response = refusalResponse(refusal);
    const request = this.#blame(refusal);
    if (request.target !== "") this.#context.dispatch.finish?.(request, response);
    this.#reader.close(refusal);
    if (this.#peer.hasLeft) return this.#sender.discard(response);
    this.#sender.frame(request, response);
    if (this.#startedAt > 0) this.#answeredAt = performance.now();
    this.#sender.begin(request, response, false, this.#context.clock.dateLines, false);
  }

  /**
   * It ends in a cut for this reason, which is a fault of ours when nobody foresaw it, and nothing says so to the client.
   * Gives the form of the cut where that was chosen.
   */
  breakOff(error: unknown): CutForm | undefined {
    const status = this.#sender.response?.status ?? 0;
    if (error instanceof DeliberateCut) this.#blame({ status, name: "DELIBERATE_CUT", reason: error.message });
    else if (error instanceof ContentLost) this.#blame({ status, name: error.row, reason: error.message });
    else if (error instanceof BodyRefused) this.#blame(error.refusal);
    else this.#context.observer.fault(error);
    return error instanceof DeliberateCut ? error.form : undefined;
  }

  /** Gives the request, or what is known of a message that will never become one. */
  #blame(refusal: Refusal): HttpRequest {
    this.#refusal = refusal;
    this.#peer.identify();
    this.isLast = true;
    if (this.#request === null) {
      this.#request = this.#reader.describeHead(this.#peer);
      this.#startedAt = 0;
    }
    return this.#request;
  }

  /** Tells of it. Harmless between two. */
  end(cutOff: boolean): void {
    const request = this.#request;
    if (request === null) return;
    this.#request = null;
    const { observer } = this.#context;
    const response = this.#sender.response;
    const isPlain = this.#refusal === null && (response === null || response.ownLimit === null);
    if (!isPlain || observer.wantsAll) observer.exchange(this.#record(request, response, cutOff));
    this.#refusal = null;
    this.#answeredAt = 0;
    this.#takenWhenAnswered = -1;
  }

  /** A response that is whole at once, and waits for the end of the turn, ends when it begins: one look at the clock less. */
  #endedAt(): number {
    const isCollected = this.#answeredAt > 0 && this.#takenWhenAnswered === this.#sender.bytesTaken;
    return isCollected ? this.#answeredAt : performance.now();
  }

  #record(request: HttpRequest, response: HttpResponse | null, cutOff: boolean): ExchangeRecord {
    const startedAt = this.#startedAt;
    const endedAt = this.#endedAt();
    return {
      peerAddress: request.clientAddress,
      peerPort: request.clientPort,
      method: request.method,
      target: request.target,
      minorVersion: request.minorVersion,
      route: request.route === null ? "" : request.route.path,
      user: request.user,
      status: response === null ? 0 : response.status,
      refusal: this.#refusal,
      ownLimit: response === null ? null : response.ownLimit,
      requestBytes: this.#reader.content,
      bodyBytes: this.#sender.contentSent,
      answerMs: this.#answeredAt === 0 ? 0 : this.#answeredAt - startedAt,
      durationMs: startedAt === 0 ? 0 : endedAt - startedAt,
      endedAt,
      cutOff,
      fields: request.fields,
      requestId: request.requestId,
      connection: this.#peer.number,
      secure: this.#peer.secure,
    };
  }
}

/** What a handler may throw, and is no fault. */
function isOutcome(error: unknown): boolean {
  return error instanceof BodyRefused || error instanceof DeliberateCut || error instanceof ConnectionTaken;
}
