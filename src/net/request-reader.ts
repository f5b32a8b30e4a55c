// What one connection receives: heads and their bodies, one request at a time. A body is unwrapped as it comes, and goes
// to whoever reads it; behind a fault no byte is interpreted.

import { type BodyDecoder, ChunkedDecoder, LengthDecoder, RawDecoder } from "../http/body-decoder.ts";
import { UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HeadFields } from "../http/field-section.ts";
import type { HeadProgress } from "../http/head-progress.ts";
import type { Limits } from "../http/limits.ts";
import { HttpRequest, type Peer } from "../http/message.ts";
import { INCOMPLETE_BODY, type Refusal } from "../http/refusal.ts";
import type { BodyTap, Wiretap } from "../http/wiretap.ts";
import { INCOMPLETE, REFUSED, type RequestHeadParser } from "../http/request-head.ts";
import type { Deadlines } from "./deadlines.ts";
import { InputBuffer } from "./input-buffer.ts";
import { type BodyFlow, RequestBody } from "./request-body.ts";
import type { ConnectionSocket } from "./socket-peer.ts";

/**
 * head: waits for a request or reads its head. owed: nothing of a body has come whose client may wait for `100 Continue`.
 * body: the body comes. complete: the request is in. taken: a handler has all that comes. closed: no further byte is
 * interpreted.
 */
export type Reading = "head" | "owed" | "body" | "complete" | "taken" | "closed";

/** What the readers of a server share. */
export interface ReaderContext {
  readonly limits: Limits;
  readonly parser: RequestHeadParser;
  /** That of secure connections, which are of another scheme; not needed where there are none. */
  readonly secureParser?: RequestHeadParser;
  /** There when somebody has to see requests as they come. */
  readonly wiretap?: Wiretap | undefined;
}

/** What may be skipped of a body that nobody read, to keep the connection; past it, closing is cheaper. */
const SKIP_LIMIT_BYTES = 256 * 1024;
/** Reads below this need not be let go while their request is in hand. */
const SMALL_READ_BYTES = 16 * 1024;

const NO_FIELDS = new HeadFields(Buffer.alloc(0), 0, 0, 0);
const NO_LINE = { method: "", target: "", targetNeedsWork: false, minorVersion: 1 };

/** The way in of one connection. */
export class RequestReader {
  readonly #context: ReaderContext;
  readonly #parser: RequestHeadParser;
  readonly #socket: ConnectionSocket;
  readonly #deadlines: Deadlines;
  readonly #input = new InputBuffer();
  #reading: Reading = "head";
  /** Of a head that is not complete. */
  #progress: HeadProgress | null = null;
  /** The socket is not read, so that TCP slows the peer down. */
  #isPaused = false;
  /** Of the request in hand. */
  #fields: HeadFields | null = null;
  /** Of the request in hand, from its head until the next one is looked for. */
  #body: RequestBody | null = null;
  /** There exactly while reading is "owed", "body" or "taken". */
  #decoder: BodyDecoder | null = null;
  /** Bytes of the body and its framing; from the beginning of skipping on, those that were skipped. */
  #received = 0;
  /** Bytes of the body, without its framing. */
  #content = 0;
  /** The client expects `100 Continue` for the request in hand. */
  #expectsContinue = false;
  #isSkipping = false;
  /** Of the body in hand. */
  #tap: BodyTap | null = null;

  constructor(socket: ConnectionSocket, context: ReaderContext, deadlines: Deadlines, isSecure = false) {
    this.#socket = socket;
    this.#parser = (isSecure ? context.secureParser : undefined) ?? context.parser;
    this.#context = context;
    this.#deadlines = deadlines;
  }

  get reading(): Reading {
    return this.#reading;
  }

  /** What the head said that was read last, as long as no other connection's has been read. */
  get keepsAlive(): boolean {
    return this.#parser.keepAlive;
  }

  /** The body of the request in hand is not all in. */
  get hasBodyToCome(): boolean {
    return this.#decoder !== null;
  }

  get body(): RequestBody | null {
    return this.#body;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Bytes of the body of the request in hand that came, without its framing. */
  get content(): number {
    return this.#content;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#input.size;
  }

  /** What waits is the beginning of a head; a forgiven empty line is none. */
  get hasPartialHead(): boolean {
    return this.#input.hasPartialHead;
  }

  /** Bytes of memory that input and body hold; with what the reader of the body has in hand when that is ours to count. */
  heldBytes(countsLent: boolean): number {
    const held = this.#input.bytes.length;
    const body = this.#body;
    if (body === null) return held;
    return held + body.queuedBytes + (countsLent ? body.lentBytes : 0);
  }

  /** The socket has bytes, which are ours from here on. */
  append(bytes: Buffer): void {
    this.#input.append(bytes);
  }

  /** What is known of the head that waits, which will not become a request. The parser's facts may be another's. */
  describeHead(peer: Peer): HttpRequest {
    const parser = this.#parser;
    const { bytes, start, end } = this.#input;
    parser.parse(bytes, start, end, null);
    const { target, fieldsStart, fieldsEnd, nameBits } = parser;
    const fields = fieldsEnd === 0 ? NO_FIELDS : new HeadFields(bytes, fieldsStart, fieldsEnd, nameBits);
    return new HttpRequest(target === "" ? { ...NO_LINE, method: parser.method } : parser, fields, null, peer);
  }

  /** The next request, a refusal, or null when its head is not all there. Nothing of its body was looked at yet. */
  readHead(peer: Peer, flow: BodyFlow): HttpRequest | Refusal | null {
    const parser = this.#parser;
    const input = this.#input;
    const consumed = parser.parse(input.bytes, input.start, input.end, this.#progress);
    if (consumed === INCOMPLETE) {
      this.#progress = input.hasPartialHead ? parser.progress : null;
      return null;
    }
    if (consumed === REFUSED) return parser.refusal;
    input.start += consumed;
    this.#progress = null;
    this.#deadlines.endHead();
    if (parser.bodyLength === 0) this.#reading = "complete";
    else this.#beginBody(parser, flow);
    this.#fields = new HeadFields(input.bytes, parser.fieldsStart, parser.fieldsEnd, parser.nameBits);
    const request = new HttpRequest(parser, this.#fields, this.#body, peer);
    const { wiretap } = this.#context;
    if (wiretap !== undefined) this.#tap = wiretap.begun(request, input.size);
    return request;
  }

  #beginBody(parser: RequestHeadParser, flow: BodyFlow): void {
    const length = parser.bodyLength;
    this.#body = new RequestBody(length, flow);
    this.#decoder = length === UNKNOWN_LENGTH ? new ChunkedDecoder(this.#context.limits) : new LengthDecoder(length);
    this.#received = 0;
    this.#isSkipping = false;
    this.#expectsContinue = parser.expectsContinue;
    this.#reading = parser.expectsContinue ? "owed" : "body";
    this.#deadlines.beginBody();
  }

  /** Unwraps what has come of the body and pushes it to whoever reads it; gives why the body is refused, if it is. */
  readBody(): Refusal | null {
    const input = this.#input;
    const decoder = this.#decoder;
    const body = this.#body;
    if (decoder === null || body === null || input.size === 0) return null;
    // Unwrapping moves bytes.
    const untouched = this.#tap === null ? null : Buffer.from(input.bytes.subarray(input.start, input.end));
    const consumed = decoder.decode(input.bytes, input.start, input.end);
    if (untouched !== null) this.#tap?.took(untouched.subarray(0, consumed));
    input.start += consumed;
    this.#received += consumed;
    // Who sends does not wait (RFC 9110 10.1.1): from here on it is the client that is waited for.
    if (this.#reading === "owed" && consumed > 0) this.#reading = "body";
    this.#deadlines.noteBody(consumed);
    const { outputStart, outputEnd, refusal, done } = decoder;
    if (refusal !== null) return refusal;
    this.#content += outputEnd - outputStart;
    const content = outputEnd > outputStart ? pieceOf(input.bytes, outputStart, outputEnd) : null;
    input.share();
    if (done) {
      this.#decoder = null;
      this.#reading = "complete";
    }
    if (content !== null) body.push(content);
    if (done) body.end();
    return null;
  }

  /** Somebody reads the body now; true when the client is to be told so first. */
  claimBody(): boolean {
    if (this.#reading !== "owed") return false;
    this.#reading = "body";
    return true;
  }

  /** Nobody reads the body: what is left of it counts as skipped. False when that was known. */
  skipBody(): boolean {
    if (this.#isSkipping) return false;
    this.#isSkipping = true;
    this.#received = 0;
    this.#body?.close();
    return true;
  }

  /** More was skipped of the body than a next request is worth. */
  get hasSkippedEnough(): boolean {
    return this.#isSkipping && this.#received > SKIP_LIMIT_BYTES;
  }

  /** Whether a next request can be told from what is left of this one's body. */
  get canReachNext(): boolean {
    const body = this.#body;
    if (body === null) return true;
    // The client may send the body, or take the final status for a "no" (RFC 9110 10.1.1): what follows is unclear.
    if (this.#expectsContinue && !body.wasRead) return false;
    if (this.#decoder === null) return true;
    return body.length === UNKNOWN_LENGTH || body.length - this.#received <= SKIP_LIMIT_BYTES;
  }

  /** Gives all that comes from here on, what waits first. What is left of the request in hand is part of it. */
  giveRest(flow: BodyFlow): RequestBody {
    this.#body?.close();
    const rest = new RequestBody(UNKNOWN_LENGTH, flow);
    this.#body = rest;
    this.#tap = null;
    this.#decoder = new RawDecoder();
    this.#reading = "taken";
    this.#isSkipping = false;
    this.readBody();
    return rest;
  }

  /** No more will come for the handler that has it all; false when none has. */
  endRest(): boolean {
    if (this.#reading !== "taken") return false;
    this.#decoder = null;
    this.#reading = "closed";
    this.#body?.end();
    return true;
  }

  /** The request in hand is done with. */
  next(): void {
    this.#reading = "head";
    this.#content = 0;
    this.#fields = null;
    this.#body = null;
  }

  /** No further byte is interpreted; whoever reads a body that is not all in learns why. */
  stop(why: Refusal): void {
    const isCut = this.#decoder !== null;
    this.#decoder = null;
    this.#reading = "closed";
    if (isCut) this.#body?.fail(why);
  }

  /** The same, and what waits is forgotten. Bytes may still come, and nobody will look at them. */
  close(why: Refusal = INCOMPLETE_BODY): void {
    this.stop(why);
    this.#input.clear();
    this.#fields = null;
    this.#body = null;
  }

  /** What waits for others keeps what it needs of the reads that it came in, and not all of them. */
  letReadsGo(): void {
    if (this.#reading !== "head") {
      if (this.#input.bytes.length <= SMALL_READ_BYTES) return;
      this.#fields?.detach();
    }
    this.#input.detachLeftover();
  }

  /** Reads on, or stops reading, so that TCP slows the peer down. */
  setFlow(isOpen: boolean): void {
    if (isOpen !== this.#isPaused) return;
    this.#isPaused = !isOpen;
    if (isOpen) this.#socket.resume();
    else this.#socket.pause();
  }
}

/** A view, unless it would pin far more than it shows. */
function pieceOf(bytes: Buffer, start: number, end: number): Uint8Array {
  const isSmall = 2 * (end - start) < bytes.length && bytes.length > SMALL_READ_BYTES;
  return isSmall ? Buffer.from(bytes.subarray(start, end)) : bytes.subarray(start, end);
}
