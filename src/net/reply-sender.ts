// Sends one reply at a time, head and content, as fast as the peer takes it: exactly the bytes that its head promises, or
// the reply is broken.

import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { type BodyFraming, chooseFraming, interimHead, isSource, responseHead } from "../http/response-head.ts";
import type { LoopTurn } from "./loop-turn.ts";
import { ResponseWriter, type WritableSocket } from "./response-writer.ts";

/**
 * idle: there is no reply yet. sending: it goes out. complete: all of it was handed to the kernel, or is collected for
 * the end of the turn. broken: it cannot be completed, and the client must see that.
 */
export type Writing = "idle" | "sending" | "complete" | "broken";

/** Whoever looks at the state when it has changed behind a promise. */
export interface ReplyOwner {
  /** The piece that was waited for has come, or never will. */
  replyMoved(): void;
  /** A fault of ours. */
  fail(error: unknown): void;
}

/** Replies above this are sent at once, so that their end is known when it is there. */
const SEND_AT_ONCE_BYTES = 16 * 1024;
const LAST_CHUNK = "0\r\n\r\n";

/** The way out of one connection. */
export class ReplySender {
  readonly #writer: ResponseWriter;
  readonly #owner: ReplyOwner;
  readonly #turn: LoopTurn;
  #writing: Writing = "idle";
  /** The reply in hand; null while there is none. */
  #response: HttpResponse | null = null;
  /** How the last reply that was begun tells its end. */
  #framing: BodyFraming = "none";
  /** What is left to read of the reply; closed exactly once. */
  #source: ByteSource | null = null;
  /** The source was asked, and has yet to answer; or others have their turn. */
  #isReading = false;
  /** The head of a reply that is made of the request's body, until the first of it has come: it may be refused yet. */
  #heldHead = "";
  /** Bytes of content that the writer has. */
  #contentSent = 0;
  /** Why the reply is broken. */
  #failure: unknown = null;

  constructor(socket: WritableSocket, owner: ReplyOwner, turn: LoopTurn) {
    this.#writer = new ResponseWriter(socket);
    this.#owner = owner;
    this.#turn = turn;
  }

  get writing(): Writing {
    return this.#writing;
  }

  /** The kernel has yet to take something: `drained` will come. */
  get isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  /** Bytes that the kernel took, ever. */
  get bytesTaken(): number {
    return this.#writer.bytesTaken;
  }

  /** The memory of what the kernel did not take, if it is kept here. */
  get keptBuffer(): ArrayBufferLike | null {
    return this.#writer.keptBuffer;
  }

  /** The reply in hand. */
  get response(): HttpResponse | null {
    return this.#response;
  }

  get contentSent(): number {
    return this.#contentSent;
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** Nothing of the reply in hand has left. */
  get holdsHead(): boolean {
    return this.#heldHead !== "";
  }

  /** Only a reset tells the client that something is missing. */
  get needsReset(): boolean {
    // Where the end of the connection marks the end of the content, nothing else says "cut".
    return this.#framing === "close" || this.#writer.isBlocked;
  }

  /** The reply in hand is made of this source, which is not at its end. */
  isSending(source: ByteSource | null): boolean {
    return source !== null && this.#source === source;
  }

  /** Answers a client that waits with its body (RFC 9110 10.1.1). */
  sendContinue(): void {
    this.#writer.writeText("HTTP/1.1 100 Continue\r\n\r\n");
    this.#writer.flush();
  }

  /** Sends an interim response ahead of the reply (RFC 9110 15.2). */
  sendInterim(response: HttpResponse): void {
    this.#writer.writeText(interimHead(response));
    this.#writer.flush();
  }

  /** Chooses how the content of the reply that begins next is framed. */
  frame(request: HttpRequest, response: HttpResponse): BodyFraming {
    this.#framing = chooseFraming(request.method, request.minorVersion, response);
    return this.#framing;
  }

  /** Begins the reply that was framed. `isHeld`: its head leaves with the first of its content. */
  begin(request: HttpRequest, response: HttpResponse, keepAlive: boolean, dateLines: string, isHeld: boolean): void {
    const head = responseHead(response, request.method, request.minorVersion, keepAlive, dateLines);
    this.#response = response;
    this.#writing = "sending";
    this.#contentSent = 0;
    const { body } = response;
    if (isSource(body)) return this.#beginSource(head, body, isHeld);
    if (this.#framing === "none" || body === null) this.#writer.writeText(head);
    else this.#writeWhole(head, body);
    if (!this.#writer.isBlocked) this.#writing = "complete";
  }

  #beginSource(head: string, source: ByteSource, isHeld: boolean): void {
    if (isHeld) this.#heldHead = head;
    else this.#writer.writeText(head);
    this.#source = source;
    if (this.#framing === "none") this.closeSource();
    this.#proceed();
  }

  /** Begins to send what is no reply, as it is; the end of the connection is its end. */
  beginRaw(status: number, source: ByteSource): void {
    this.#framing = "close";
    this.#response = new HttpResponse(status);
    this.#writing = "sending";
    this.#contentSent = 0;
    this.#source = source;
    this.#proceed();
  }

  /** Takes a reply that nobody will get, or none. */
  discard(response: HttpResponse | null): void {
    this.#response = response;
    this.#writing = "complete";
    const body = response === null ? null : response.body;
    if (isSource(body)) body.close();
  }

  /** The reply is done with. */
  next(): void {
    this.#writing = "idle";
    this.#response = null;
    this.#contentSent = 0;
  }

  /** Nothing more of the reply in hand will be sent, or of those before it that are not all with the kernel. */
  stop(): void {
    this.closeSource();
    this.#writing = "complete";
  }

  /** Takes the source from the reply, which cannot go on with it. Whoever calls closes it. */
  giveUpSource(): void {
    this.#source = null;
    this.#heldHead = "";
  }

  closeSource(): void {
    const source = this.#source;
    this.#source = null;
    source?.close();
  }

  /** Sends what was collected. True when the kernel took everything. */
  flush(): boolean {
    return this.#writer.flush();
  }

  /** There will be no reply, or not all of it. */
  break(error: unknown): void {
    this.#writing = "broken";
    this.#failure = error;
  }

  /** The kernel takes bytes again. */
  drained(): void {
    if (this.#writer.drained()) this.#proceed();
  }

  /** Sends FIN behind all that was taken. */
  shutdown(): void {
    this.#writer.shutdown();
  }

  /** The peer is gone: what the kernel did not take was not sent, and whatever comes is taken. */
  abandon(): void {
    this.#contentSent = Math.max(0, this.#contentSent - this.#writer.keptBytes);
    this.#writer.abandon();
  }

  #writeWhole(head: string, content: string | Uint8Array): void {
    this.#contentSent = content.length;
    if (typeof content === "string") this.#writer.writeText(head, content);
    else {
      this.#writer.writeText(head);
      this.#writer.writeBytes(content);
    }
    if (this.#contentSent > SEND_AT_ONCE_BYTES) this.#writer.flush();
  }

  /** Sends as much of the source as the kernel takes; the next piece is read only when the last one is gone. */
  #proceed(): void {
    while (this.#writing === "sending" && !this.#writer.isBlocked && !this.#isReading) {
      const source = this.#source;
      if (source === null) {
        this.#writing = "complete";
        return;
      }
      let chunk: ReturnType<ByteSource["read"]>;
      try {
        chunk = source.read();
      } catch (error) {
        this.break(error);
        return;
      }
      if (chunk instanceof Promise) {
        // The head leaves now; the source may take its time.
        this.#writer.flush();
        this.#awaitChunk(source, chunk);
        return;
      }
      this.#sendChunk(source, chunk);
      if (this.#turn.isOver()) this.#giveWay();
    }
  }

  /** A reader as fast as the source would have the loop until the end of it. */
  #giveWay(): void {
    this.#isReading = true;
    this.#turn.giveWay(() => {
      this.#isReading = false;
      try {
        this.#proceed();
        this.#owner.replyMoved();
      } catch (error) {
        this.#owner.fail(error);
      }
    });
  }

  #awaitChunk(source: ByteSource, pending: Promise<Uint8Array | null>): void {
    this.#isReading = true;
    pending
      .then(
        (chunk) => {
          this.#isReading = false;
          if (this.#source !== source) return;
          this.#sendChunk(source, chunk);
          this.#proceed();
        },
        (error) => {
          this.#isReading = false;
          if (this.#source === source) this.break(error);
        },
      )
      .then(() => this.#owner.replyMoved())
      .catch((error: unknown) => this.#owner.fail(error));
  }

  #sendChunk(source: ByteSource, chunk: Uint8Array | null): void {
    if (this.#heldHead !== "") {
      this.#writer.writeText(this.#heldHead);
      this.#heldHead = "";
    }
    const promised = source.length;
    if (chunk === null) {
      this.#endContent(source, promised);
      return;
    }
    this.#contentSent += chunk.length;
    if (promised !== UNKNOWN_LENGTH && this.#contentSent > promised) {
      this.break(new Error(`a source of ${promised} bytes gave more`));
      return;
    }
    if (this.#framing === "chunked") this.#writer.writeChunk(chunk);
    else if (source.putBack === undefined) this.#writer.writeBytes(chunk);
    else this.#sendWindow(source, chunk);
    this.#writer.flush();
  }

  #endContent(source: ByteSource, promised: number): void {
    if (promised !== UNKNOWN_LENGTH && this.#contentSent !== promised) {
      this.break(new Error(`a source of ${promised} bytes ended after ${this.#contentSent}`));
      return;
    }
    if (this.#framing === "chunked")
      this.#writer.writeText(source.trailerLines === undefined ? LAST_CHUNK : `0\r\n${source.trailerLines()}\r\n`);
    this.closeSource();
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
}
