// One socket's exchanges, in order: at most one is in hand, replies leave in the order of their requests, and after a
// refusal no further byte is interpreted. Bytes come in through `receive` and leave through the writer.
//
// Above 350 lines because it is one state machine: `#phase` and the few moves between its words.

import type { Socket } from "bun";
import { type BodyDecoder, ChunkedDecoder, LengthDecoder } from "../http/body-decoder.ts";
import { type ByteSource, ContentLost, type CutForm, DeliberateCut, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HeadFields } from "../http/field-section.ts";
import type { Limits } from "../http/limits.ts";
import { type Dispatch, HttpRequest, HttpResponse, type Peer } from "../http/message.ts";
import {
  BODY_TOO_SLOW,
  BodyRefused,
  BUFFERS_FULL,
  HEAD_TOO_SLOW,
  INCOMPLETE_BODY,
  INCOMPLETE_HEAD,
  type Refusal,
  SERVER_FAULT,
  TOO_MANY_CONNECTIONS,
} from "../http/refusal.ts";
import { INCOMPLETE, REFUSED, RequestHeadParser } from "../http/request-head.ts";
import {
  type BodyFraming,
  bodyLength,
  chooseFraming,
  interimHead,
  isSource,
  refusalReply,
  responseHead,
} from "../http/response-head.ts";
import type { Observer } from "../observe/observer.ts";
import { type BufferBudget, type BufferHolder, BufferShare } from "./buffer-budget.ts";
import type { Clock } from "./clock.ts";
import { InputBuffer } from "./input-buffer.ts";
import type { LoopTurn } from "./loop-turn.ts";
import { PeerPatience } from "./peer-patience.ts";
import { type BodyFlow, RequestBody } from "./request-body.ts";
import { ResponseWriter } from "./response-writer.ts";

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly limits: Limits;
  readonly parser: RequestHeadParser;
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  readonly budget: BufferBudget;
  readonly turn: LoopTurn;
  /** True while the server shuts down: each exchange is its connection's last. */
  readonly isDraining: boolean;
  /** The connection is closed, and nothing that its client asked for is under way any more. Called once. */
  ended(connection: Connection): void;
}

/** What a connection needs of its socket beside the writer's calls. */
export type ConnectionSocket = Pick<
  Socket<unknown>,
  "write" | "shutdown" | "close" | "terminate" | "pause" | "resume" | "remoteAddress" | "remotePort" | "localAddress"
>;

/**
 * head: waits for a request or reads its head. handling: a handler works. sending: the reply goes out. skipping: the
 * reply is out, the rest of the request's body is not in. lingering: our FIN is out. closed: nothing has effect.
 */
type Phase = "head" | "handling" | "sending" | "skipping" | "lingering" | "closed";

/** What may be skipped of a body that nobody read, to keep the connection; past it, closing is cheaper. */
const SKIP_LIMIT_BYTES = 256 * 1024;
/** Replies above this are sent at once, so that their end is known when it is there. */
const SEND_AT_ONCE_BYTES = 16 * 1024;
/** Reads below this need not be let go while their request is in hand. */
const SMALL_READ_BYTES = 16 * 1024;
/** What a client that does not read its answers has to start again in while memory is short. */
const UNREAD_PATIENCE_MS = 5000;
const LAST_CHUNK = "0\r\n\r\n";
const IPV4_MAPPED = "::ffff:";

/** One connection, from its `open` event to its `close`. */
export class Connection implements BodyFlow, BufferHolder, Peer {
  /** `Clock.now` past which `expired` is due. */
  deadline: number;
  readonly secure: boolean;

  readonly #context: ConnectionContext;
  readonly #socket: ConnectionSocket;
  readonly #writer: ResponseWriter;
  #phase: Phase = "head";

  readonly #input = new InputBuffer();
  readonly #share: BufferShare;
  /** Bytes of an incomplete head that the parser has seen. */
  #seen = 0;
  #peerEnded = false;
  #isPaused = false;
  #hasLeft = false;
  /** Others have their turn; what has come waits. */
  #isYielding = false;

  // The exchange in hand.
  #request: HttpRequest | null = null;
  #fields: HeadFields | null = null;
  #body: RequestBody | null = null;
  #decoder: BodyDecoder | null = null;
  #bodyReceived = 0;
  #owesContinue = false;
  #keepAlive = true;
  #source: ByteSource | null = null;
  #isReading = false;
  #framing: BodyFraming = "none";
  /** The head of a reply that is made of the request's body, until the first of it has come: it may be refused yet. */
  #heldHead = "";
  #status = 0;
  #contentSent = 0;
  #startedAt = 0;

  readonly #patience: PeerPatience;
  /** `Clock.now` past which a lingering client has had its time, whatever it sends. */
  #lingerEnd = 0;
  #address: string | null = null;
  #localAddress: string | null = null;
  #port = 0;

  constructor(socket: ConnectionSocket, context: ConnectionContext, secure = false) {
    this.secure = secure;
    this.#socket = socket;
    this.#context = context;
    this.#writer = new ResponseWriter(socket);
    this.#share = new BufferShare(context.budget, this);
    this.#patience = new PeerPatience(context.limits);
    this.deadline = context.clock.now + context.limits.idleTimeout;
  }

  get address(): string {
    if (this.#address === null) {
      this.#address = withoutMapping(this.#socket.remoteAddress ?? "");
      this.#port = this.#socket.remotePort ?? 0;
    }
    return this.#address;
  }

  get port(): number {
    return this.address === "" ? 0 : this.#port;
  }

  get localAddress(): string {
    this.#localAddress ??= withoutMapping(this.#socket.localAddress ?? "");
    return this.#localAddress;
  }

  get hasLeft(): boolean {
    return this.#hasLeft || this.#phase === "closed";
  }

  /** See `HttpRequest.sendInterim`. */
  sendInterim(request: HttpRequest, response: HttpResponse): boolean {
    const isDue = this.#phase === "handling" && this.#request === request && request.minorVersion > 0;
    if (!isDue || this.hasLeft || this.#writer.isBlocked) return false;
    this.#writer.writeText(interimHead(response));
    this.#writer.flush();
    this.#setDeadline();
    return true;
  }

  // ── What the listener says ──

  /** The socket has bytes. They are ours to keep and to change. */
  receive(bytes: Buffer): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "lingering") return this.#lingerOn();
    this.#context.turn.begin();
    this.#input.append(bytes);
    if (this.#decoder !== null) this.#feedBody();
    this.#advance();
  }

  /** The kernel takes bytes again. Harmless when nothing waits. */
  drained(): void {
    if (this.#phase === "closed" || !this.#writer.isBlocked) return;
    this.#context.turn.begin();
    const isEmpty = this.#writer.drained();
    if (isEmpty && this.#phase === "sending") this.#continueSending();
    this.#advance();
  }

  /** The peer sent FIN: nothing more will come, but it may still read. */
  peerEnded(): void {
    this.#peerEnded = true;
    switch (this.#phase) {
      case "closed":
        return;
      case "lingering":
        this.#close();
        return;
      case "head":
        // Whole requests may wait for their turn.
        if (this.#isYielding) break;
        // A forgiven empty line is no beginning of a request.
        if (this.#input.hasPartialHead && !this.#writer.isBlocked) this.#refuse(INCOMPLETE_HEAD);
        else if (!this.#writer.isBlocked) this.#finish();
        break;
      default:
        if (this.#decoder !== null) this.#failBody(INCOMPLETE_BODY);
    }
    this.#advance();
  }

  /**
   * The socket is gone; the last event. Answers go nowhere from here on, but what has come whole is carried out: a kernel
   * resets a connection whose client did not read an answer, and the client counts on what it had sent before.
   */
  closed(): void {
    if (this.#phase === "closed") return;
    this.#hasLeft = true;
    this.#peerEnded = true;
    this.#abandonWriter();
    const isCut = this.#decoder !== null;
    this.#decoder = null;
    if (isCut) this.#body?.fail(INCOMPLETE_BODY);
    if (isCut || !this.#hasMoreToCarryOut()) return this.#end();
    if (this.#phase === "sending") this.#leaveExchange();
    this.#advance();
    if (this.#phase === "head" && !this.#isYielding) this.#end();
  }

  #hasMoreToCarryOut(): boolean {
    switch (this.#phase) {
      case "handling":
        return this.#input.size > 0 || !isSafe(this.#request!);
      case "head":
      case "sending":
        return this.#input.size > 0;
      default:
        return false;
    }
  }

  /** Nobody gets what is left of the answer. */
  #leaveExchange(): void {
    if (!this.#keepAlive) return this.#end();
    this.#closeSource();
    this.#record(true);
    this.#nextExchange();
  }

  /** What the kernel did not take was not sent. */
  #abandonWriter(): void {
    this.#contentSent = Math.max(0, this.#contentSent - this.#writer.keptBytes);
    this.#writer.abandon();
  }

  /** The last thing that happens here. */
  #end(): void {
    if (this.#phase === "closed") return;
    this.#abandonWriter();
    if (this.#phase === "handling" || this.#phase === "sending") this.#record(true);
    this.#phase = "closed";
    if (this.#decoder !== null) this.#body?.fail(INCOMPLETE_BODY);
    this.#decoder = null;
    this.#closeSource();
    this.#input.clear();
    this.#request = null;
    this.#fields = null;
    this.#body = null;
    this.#settle();
    this.#share.leave();
    if (this.#context.observer.verbose) this.#context.observer.disconnected(this.address, this.port);
    this.#context.ended(this);
  }

  /** The deadline passed. */
  expired(): void {
    const now = this.#context.clock.now;
    if (this.#phase === "lingering") return this.#close();
    if (this.#writer.isBlocked) {
      const verdict = this.#patience.judgeReader(now);
      if (verdict === "too slow") return this.#cut();
      if (verdict === "suspect") return this.drained();
    } else if (this.#phase === "head") {
      if (this.#isYielding) return;
      if (this.#input.hasPartialHead) this.#refuse(HEAD_TOO_SLOW);
      else this.#finish();
    } else if (now - this.#share.waitingSince >= this.#context.limits.bodyTimeout) this.#failBody(BUFFERS_FULL);
    else if (this.#decoder !== null && this.#patience.isBodyTooSlow(now)) this.#failBody(BODY_TOO_SLOW);
    this.#advance();
  }

  /** Finishes the exchange in hand, then closes. */
  shutDown(): void {
    this.#keepAlive = false;
    if (this.#phase === "head" && !this.#input.hasPartialHead) this.#finish();
  }

  /** Refuses to serve this connection at all: the server has too many. */
  turnAway(): void {
    this.#refuse(TOO_MANY_CONNECTIONS);
    this.#advance();
  }

  /** Ends the connection now, without a word. */
  cutOff(): void {
    this.#cut();
  }

  /** A fault of ours in an event handler: the connection is of no further use. */
  fail(error: unknown): void {
    this.#context.observer.fault(error);
    this.#cut();
  }

  /** Memory is short: a client that asked for more than it reads gives back what it holds. */
  yieldMemory(): void {
    const unreadFor = this.#patience.unreadFor(this.#context.clock.now);
    if (this.#isAhead && unreadFor >= UNREAD_PATIENCE_MS) this.#cutForMemory();
  }

  memoryChanged(): void {
    this.#updateFlow();
    this.#setDeadline();
  }

  // ── What a request's body says ──

  bodyWanted(): void {
    if (this.#owesContinue && this.#bodyReceived === 0 && this.#phase === "handling") {
      this.#writer.writeText("HTTP/1.1 100 Continue\r\n\r\n");
      this.#writer.flush();
    }
    this.#owesContinue = false;
    this.#settle();
    this.#updateFlow();
    this.#setDeadline();
  }

  bodyClosed(): void {
    this.bodyTaken();
  }

  bodyTaken(): void {
    if (this.#phase === "closed") return;
    this.#settle();
    if (this.#decoder !== null) this.#updateFlow();
  }

  // ── Input ──

  /** Reads as many requests as can be answered now, then sends what they produced in one write. */
  #advance(): void {
    while (this.#phase === "head" && this.#input.size > 0 && !this.#writer.isBlocked && !this.#isYielding) {
      if (!this.#readHead()) break;
      if (this.#input.size > 0 && this.#context.turn.isOver()) this.#yieldTurn();
    }
    if (this.#phase === "closed") return;
    if (this.#hasLeft && this.#phase === "head" && !this.#isYielding) return this.#end();
    // The FIN may have come while an earlier exchange was in hand: what is missing now will not come.
    if (this.#peerEnded && this.#decoder !== null) this.#failBody(INCOMPLETE_BODY);
    this.#writer.flush();
    if (this.#phase === "head" && this.#peerEnded && !this.#writer.isBlocked && !this.#isYielding) this.#endAfterPeer();
    this.#letReadsGo();
    if (this.#settle() && this.#context.budget.isExhausted && this.#isAhead) return this.#cutForMemory();
    this.#updateFlow();
    this.#setDeadline();
  }

  #yieldTurn(): void {
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      if (this.#phase === "closed") return;
      this.#context.turn.begin();
      try {
        this.#advance();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** What waits for others keeps what it needs of the reads that it came in, and not all of them. */
  #letReadsGo(): void {
    if (this.#phase !== "head") {
      if (this.#input.bytes.length <= SMALL_READ_BYTES) return;
      this.#fields?.detach();
    }
    this.#input.detachLeftover();
  }

  /** Tells the budget what is held at the end of this turn; true when that has grown. */
  #settle(): boolean {
    const share = this.#share;
    const body = this.#body;
    // What an echo has in hand, the writer keeps.
    const lent = body === null || this.#phase !== "handling" ? 0 : body.lentBytes;
    const held = this.#input.bytes.length + (body === null ? 0 : body.queuedBytes + lent);
    const kept = this.#writer.keptBuffer;
    return (held !== share.held || kept !== share.kept) && share.settle(held, kept);
  }

  /** The client asks for far more than was answered, or for more than it reads, or sends more of an echo. */
  get #isAhead(): boolean {
    const { size } = this.#input;
    if (this.#writer.isBlocked) return size > 0 || this.#isEchoing;
    return this.#decoder === null && size > this.#context.limits.maxHead;
  }

  /** The body goes back as it comes. */
  get #isEchoing(): boolean {
    return this.#source !== null && this.#source === this.#body;
  }

  #cutForMemory(): void {
    const { status, name, reason } = BUFFERS_FULL;
    this.#context.observer.refused(this.address, this.port, status, name, reason);
    this.#cut();
  }

  #endAfterPeer(): void {
    if (this.#input.hasPartialHead) this.#refuse(INCOMPLETE_HEAD);
    else this.#finish();
  }

  /** Stops reading the socket while we hold enough, so that TCP slows the peer down. */
  #updateFlow(): void {
    if (this.#hasLeft || this.#phase === "closed") return;
    const isFull = this.#decoder === null ? this.#hasInputEnough() : !this.#mayTakeBody();
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  #hasInputEnough(): boolean {
    this.#share.leave();
    return this.#phase !== "lingering" && this.#input.size > this.#context.limits.maxHead;
  }

  #mayTakeBody(): boolean {
    const body = this.#body!;
    if (body.isClosed) {
      this.#share.leave();
      return true;
    }
    // An echo that its client does not read would take one read more than it can send.
    if (body.isFull || (this.#isEchoing && this.#writer.isBlocked)) return false;
    return this.#share.mayTake(this.#context.clock.now);
  }

  #setDeadline(): void {
    const { clock, limits } = this.#context;
    const now = clock.now;
    if (this.#phase === "lingering" || this.#phase === "closed") return;
    if (this.#writer.isBlocked) {
      this.#patience.restBody(now);
      this.deadline = this.#patience.awaitReader(now, this.#writer.bytesTaken);
      return;
    }
    this.#patience.restReader(now);
    if (this.#phase === "head") this.#setHeadDeadline(now);
    else if (this.#decoder !== null && !this.#isPaused && !this.#owesContinue)
      this.deadline = this.#patience.awaitBody(now);
    else {
      // Nobody but us has to move; memory may be what we wait for.
      this.#patience.restBody(now);
      const { waitingSince } = this.#share;
      this.deadline = waitingSince === Infinity ? Infinity : waitingSince + limits.bodyTimeout;
    }
  }

  #setHeadDeadline(now: number): void {
    if (!this.#input.hasPartialHead) {
      this.#seen = 0;
      this.deadline = now + this.#context.limits.idleTimeout;
    } else if (this.#startedAt === 0) {
      this.#startedAt = now;
      this.deadline = now + this.#context.limits.headTimeout;
    }
  }

  /** Reads one head and lets it be answered; false when there is no whole head or it is refused. */
  #readHead(): boolean {
    const { parser, observer } = this.#context;
    const input = this.#input;
    const consumed = parser.parse(input.bytes, input.start, input.end, this.#seen);
    if (consumed === INCOMPLETE) {
      this.#seen = input.size;
      return false;
    }
    if (consumed === REFUSED) {
      this.#refuse(parser.refusal, parser.method);
      return false;
    }
    input.start += consumed;
    this.#seen = 0;
    this.#startedAt = observer.verbose ? performance.now() : 0;
    this.#keepAlive = parser.keepAlive && !this.#context.isDraining;
    const body = parser.bodyLength === 0 ? null : this.#beginBody(parser);
    const fields = new HeadFields(input.bytes, parser.fieldsStart, parser.fieldsEnd, parser.nameBits);
    const request = new HttpRequest(parser, fields, body, this);
    this.#request = request;
    this.#fields = fields;
    // Whatever ends this exchange early must not be recorded with the last one's outcome.
    this.#status = 0;
    this.#contentSent = 0;
    if (body !== null) {
      this.#phase = "handling";
      this.#feedBody();
      if (this.#decoder !== null && this.#context.budget.isExhausted) this.#failBody(BUFFERS_FULL);
      // The body may have been refused at once.
      if (this.#phase !== "handling") return false;
    }
    this.#dispatch(request);
    return true;
  }

  #beginBody(parser: RequestHeadParser): RequestBody {
    const length = parser.bodyLength;
    this.#body = new RequestBody(length, this);
    this.#decoder = length === UNKNOWN_LENGTH ? new ChunkedDecoder(this.#context.limits) : new LengthDecoder(length);
    this.#bodyReceived = 0;
    this.#owesContinue = parser.expectsContinue;
    this.#patience.beginBody();
    return this.#body;
  }

  /** Unwraps what has come of the body and pushes it to whoever reads it. */
  #feedBody(): void {
    const input = this.#input;
    const decoder = this.#decoder;
    const body = this.#body;
    if (decoder === null || body === null || input.size === 0) return;
    const consumed = decoder.decode(input.bytes, input.start, input.end);
    input.start += consumed;
    this.#bodyReceived += consumed;
    this.#patience.noteBody(this.#context.clock.now, consumed);
    const { outputStart, outputEnd, refusal, done } = decoder;
    if (refusal !== null) {
      this.#failBody(refusal);
      return;
    }
    const content = outputEnd > outputStart ? pieceOf(input.bytes, outputStart, outputEnd) : null;
    input.share();
    if (done) this.#decoder = null;
    if (content !== null) body.push(content);
    if (done) {
      body.end();
      if (this.#phase === "skipping") this.#nextExchange();
    } else if (this.#phase === "skipping" && this.#bodyReceived > SKIP_LIMIT_BYTES) this.#finish();
  }

  /** The body cannot be had: the handler learns it, and the client if its answer has not begun. */
  #failBody(refusal: Refusal): void {
    this.#decoder = null;
    const body = this.#body;
    if (this.#phase === "handling") {
      this.#refuse(refusal);
      body?.fail(refusal);
    } else if (this.#phase === "sending" && this.#source === body) {
      this.#source = null;
      body?.fail(refusal);
      if (this.#heldHead !== "") this.#refuse(refusal);
      else this.#cut();
    } else if (this.#phase === "sending") this.#keepAlive = false;
    else this.#finish();
  }

  // ── Answers ──

  #dispatch(request: HttpRequest): void {
    let reply: ReturnType<Dispatch>;
    this.#phase = "handling";
    // What only makes an answer is nobody's any more.
    if (this.#hasLeft && isSafe(request)) return this.#nextExchange();
    try {
      reply = this.#context.dispatch(request);
    } catch (error) {
      this.#handlerFailed(error);
      return;
    }
    if (reply instanceof HttpResponse) this.#respond(request, reply);
    else this.#await(request, reply);
  }

  #await(request: HttpRequest, reply: Promise<HttpResponse>): void {
    reply
      .then(
        (response) => {
          if (this.#phase === "handling") this.#respond(request, response);
          else if (isSource(response.body)) response.body.close();
        },
        (error) => {
          if (this.#phase === "handling") this.#handlerFailed(error);
          else if (!(error instanceof BodyRefused || error instanceof DeliberateCut))
            this.#context.observer.fault(error);
        },
      )
      .then(() => {
        this.#context.turn.lookSoon();
        if (this.#phase !== "closed") this.#advance();
      })
      .catch((error: unknown) => this.fail(error));
  }

  #handlerFailed(error: unknown): void {
    if (error instanceof DeliberateCut) return this.#cutDeliberately(error);
    if (!(error instanceof BodyRefused)) this.#context.observer.fault(error);
    this.#refuse(error instanceof BodyRefused ? error.refusal : SERVER_FAULT);
  }

  #respond(request: HttpRequest, response: HttpResponse): void {
    const { body } = response;
    const { method, minorVersion } = request;
    if (this.#hasLeft) {
      this.#status = response.status;
      this.#phase = "sending";
      this.#source = isSource(body) ? body : null;
      this.#leaveExchange();
      return;
    }
    const framing = chooseFraming(method, minorVersion, response);
    // The 100 that the source of an echo would ask for must leave before the final head (RFC 9110 15.2.1).
    if (body !== null && body === this.#body && framing !== "none") this.bodyWanted();
    if (this.#keepAlive) this.#keepAlive = framing !== "close" && this.#canStayOpen(body);
    this.#phase = "sending";
    this.#status = response.status;
    if (response.ownLimit !== null) this.#context.observer.limitMet(response.status, response.ownLimit);
    this.#contentSent = 0;
    this.#framing = framing;
    const { dateLines } = this.#context.clock;
    const head = responseHead(response, method, minorVersion, this.#keepAlive, dateLines);
    if (body !== null && body === this.#body && framing !== "none") this.#heldHead = head;
    else this.#writer.writeText(head);
    if (isSource(body)) {
      this.#source = body;
      if (framing === "none") this.#closeSource();
      this.#continueSending();
      return;
    }
    if (framing !== "none" && body !== null) {
      this.#contentSent = bodyLength(body);
      if (typeof body === "string") this.#writer.writeText(body);
      else this.#writer.writeBytes(body);
      if (this.#contentSent > SEND_AT_ONCE_BYTES) this.#writer.flush();
    }
    if (!this.#writer.isBlocked) this.#endExchange();
  }

  /** Whether a next request may follow: not when it could not be told from what is left of this one's body. */
  #canStayOpen(responseBody: HttpResponse["body"]): boolean {
    if (this.#peerEnded && this.#input.size === 0) return false;
    const body = this.#body;
    if (body === null || responseBody === body) return true;
    // The client may send the body, or take the final status for a "no" (RFC 9110 10.1.1): what follows is unclear.
    if (this.#owesContinue && !body.wasRead) return false;
    if (this.#decoder === null) return true;
    return body.length === UNKNOWN_LENGTH || body.length - this.#bodyReceived <= SKIP_LIMIT_BYTES;
  }

  /** Sends as much of the source as the kernel takes; the next piece is read only when the last one is gone. */
  #continueSending(): void {
    while (this.#phase === "sending" && !this.#writer.isBlocked && !this.#isReading) {
      const source = this.#source;
      if (source === null) {
        this.#endExchange();
        return;
      }
      let chunk: ReturnType<ByteSource["read"]>;
      try {
        chunk = source.read();
      } catch (error) {
        this.#sourceFailed(error);
        return;
      }
      if (chunk instanceof Promise) {
        // The head leaves now; the source may take its time.
        this.#writer.flush();
        this.#awaitChunk(chunk);
        return;
      }
      this.#sendChunk(chunk);
    }
  }

  #awaitChunk(pending: Promise<Uint8Array | null>): void {
    this.#isReading = true;
    pending
      .then(
        (chunk) => {
          this.#isReading = false;
          if (this.#phase !== "sending" || this.#source === null) return;
          this.#sendChunk(chunk);
          this.#continueSending();
        },
        (error) => {
          this.#isReading = false;
          if (this.#phase === "sending" && this.#source !== null) this.#sourceFailed(error);
        },
      )
      .then(() => {
        if (this.#phase !== "closed") this.#advance();
      })
      .catch((error: unknown) => this.fail(error));
  }

  #sendChunk(chunk: Uint8Array | null): void {
    if (this.#heldHead !== "") {
      this.#writer.writeText(this.#heldHead);
      this.#heldHead = "";
    }
    const promised = this.#source!.length;
    if (chunk === null) {
      if (promised !== UNKNOWN_LENGTH && this.#contentSent !== promised) {
        this.#sourceFailed(new Error(`a source of ${promised} bytes ended after ${this.#contentSent}`));
        return;
      }
      this.#closeSource();
      if (this.#framing === "chunked") this.#writer.writeText(LAST_CHUNK);
      this.#writer.flush();
      return;
    }
    this.#contentSent += chunk.length;
    if (promised !== UNKNOWN_LENGTH && this.#contentSent > promised) {
      this.#sourceFailed(new Error(`a source of ${promised} bytes gave more`));
      return;
    }
    if (this.#framing === "chunked") this.#writer.writeChunk(chunk);
    else if (this.#source!.putBack === undefined) this.#writer.writeBytes(chunk);
    else this.#sendWindow(this.#source!, chunk);
    this.#writer.flush();
  }

  /** A client that does not read need not keep a window of its own: what the kernel left is read again. */
  #sendWindow(source: ByteSource, chunk: Uint8Array): void {
    const before = this.#contentSent - chunk.length;
    const taken = this.#writer.sendSome(chunk);
    if (taken === chunk.length) return;
    if (source.putBack?.(before + taken) === true) this.#contentSent = before + taken;
    else this.#writer.keep(chunk, taken);
  }

  /** A response that breaks after its head can only be cut: the client must not take it for whole. */
  #sourceFailed(error: unknown): void {
    const { observer } = this.#context;
    if (error instanceof DeliberateCut) return this.#cutDeliberately(error);
    if (error instanceof ContentLost) observer.refused(this.address, this.port, this.#status, error.row, error.message);
    else if (!(error instanceof BodyRefused)) observer.fault(error);
    this.#cut();
  }

  #cutDeliberately({ message, form }: DeliberateCut): void {
    this.#context.observer.refused(this.address, this.port, this.#status, "DELIBERATE_CUT", message);
    this.#cut(form);
  }

  #closeSource(): void {
    const source = this.#source;
    this.#source = null;
    source?.close();
  }

  /** The reply's last byte was taken. */
  #endExchange(): void {
    // A FIN behind a short write would cut the rest off; `drained` comes back here.
    if (!this.#keepAlive && !this.#writer.flush()) return;
    this.#record(false);
    if (!this.#keepAlive) {
      this.#finish();
      return;
    }
    if (this.#decoder === null) {
      this.#nextExchange();
      return;
    }
    // What is left of the body is skipped; what came before the reply does not count against the limit.
    this.#phase = "skipping";
    this.#bodyReceived = 0;
    this.#body?.close();
    this.#feedBody();
  }

  #nextExchange(): void {
    this.#phase = "head";
    this.#request = null;
    this.#fields = null;
    this.#body = null;
    this.#startedAt = 0;
    if (this.#context.isDraining) this.#finish();
  }

  #record(cutOff: boolean): void {
    const { observer } = this.#context;
    const request = this.#request;
    if (!observer.verbose || request === null) return;
    observer.received({
      peerAddress: this.address,
      peerPort: this.port,
      method: request.method,
      target: request.target,
      minorVersion: request.minorVersion,
      status: this.#status,
      bodyBytes: this.#contentSent,
      durationMs: performance.now() - this.#startedAt,
      cutOff,
    });
  }

  // ── Endings ──

  /** Answers with the refusal's row; no further byte is interpreted. Earlier replies go out first. */
  #refuse(refusal: Refusal, method = this.#request?.method): void {
    const { observer, clock } = this.#context;
    observer.refused(this.address, this.port, refusal.status, refusal.name, refusal.reason);
    const pending = this.#body;
    this.#decoder = null;
    this.#input.clear();
    this.#fields = null;
    this.#request = null;
    this.#keepAlive = false;
    this.#heldHead = "";
    this.#writer.writeText(refusalReply(refusal, method === "HEAD", clock.dateLines));
    this.#phase = "sending";
    if (this.#writer.flush()) this.#finish();
    pending?.fail(refusal);
  }

  /** Half-closes behind the last byte, then waits for the peer to have read it (RFC 9112 9.6). */
  #finish(): void {
    if (this.#phase === "closed" || this.#phase === "lingering") return;
    if (this.#hasLeft) return this.#end();
    if (!this.#writer.flush()) {
      // Earlier replies first; `drained` comes back to the end of this exchange.
      this.#keepAlive = false;
      this.#request = null;
      this.#decoder = null;
      this.#phase = "sending";
      return;
    }
    this.#phase = "lingering";
    this.#decoder = null;
    this.#input.clear();
    this.#settle();
    this.#share.leave();
    this.#writer.shutdown();
    if (this.#peerEnded) {
      this.#close();
      return;
    }
    if (this.#isPaused) this.#socket.resume();
    this.#isPaused = false;
    this.#lingerEnd = this.#context.clock.now + this.#context.limits.lingerTotal;
    this.#lingerOn();
  }

  /** A client that still sends has not read the reply yet: closing now could reset it away. */
  #lingerOn(): void {
    this.deadline = Math.min(this.#context.clock.now + this.#context.limits.linger, this.#lingerEnd);
  }

  #close(): void {
    // The `close` event runs inside the call, and must find nothing to do.
    this.#end();
    this.#socket.close();
  }

  /** Ends the connection so that the client sees that something is missing. */
  #cut(form?: CutForm): void {
    if (this.#phase === "closed") return;
    // Replies before this one are whole.
    if (!this.#writer.isBlocked) this.#writer.flush();
    // Where only the end of the connection marks the end of the content, nothing but a reset says "cut".
    const isReset = form === undefined ? this.#framing === "close" || this.#writer.isBlocked : form === "reset";
    this.#end();
    if (isReset) this.#socket.terminate();
    else this.#socket.close();
  }
}

/** Only makes an answer (RFC 9110 9.2.1). */
function isSafe({ method }: HttpRequest): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/** A view, unless it would pin far more than it shows. */
function pieceOf(bytes: Buffer, start: number, end: number): Uint8Array {
  const isSmall = 2 * (end - start) < bytes.length && bytes.length > SMALL_READ_BYTES;
  return isSmall ? Buffer.from(bytes.subarray(start, end)) : bytes.subarray(start, end);
}

function withoutMapping(address: string): string {
  return address.startsWith(IPV4_MAPPED) ? address.slice(IPV4_MAPPED.length) : address;
}
