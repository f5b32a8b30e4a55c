// `/websocket/echo`: gives each message back (RFC 6455).

import { type ByteSource, type GivingSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { ConnectionTaken } from "../http/connection-taken.ts";
import { splitList, trimBlanks } from "../http/field-syntax.ts";
import type { FieldSection } from "../http/field-section.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { BodyRefused } from "../http/refusal.ts";
import {
  CLOSE_CODE,
  encodeClose,
  encodeFrame,
  OPCODE,
  type WebSocketEvent,
  WebSocketReader,
} from "../http/websocket-frame.ts";
import { loopShare } from "../storage/loop-share.ts";
import type { Timer } from "./timer.ts";

const MOST_MESSAGE_BYTES = 1024 * 1024;
/** What goes out at once, and a message more. */
const BATCH_BYTES = 64 * 1024;
/** A client that says nothing for so long is asked whether it is there, and after as much again given up. */
const SILENCE_MS = 30_000;
/** RFC 6455 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Sixteen bytes in base64 (RFC 6455 4.1). */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const VERSION = "13";

/** GET. Throws the connection when it becomes one of the other protocol. */
export function createWebSocketEcho(timer: Timer): (request: HttpRequest) => HttpResponse {
  return (request) => {
    const { fields, minorVersion } = request;
    const key = fields.get("sec-websocket-key") ?? "";
    const wantsUpgrade = hasToken(fields, "upgrade", "websocket") && hasToken(fields, "connection", "upgrade");
    if (!wantsUpgrade || minorVersion === 0)
      return upgradeRequired("This resource speaks WebSocket; ask with Upgrade.\n");
    if (fields.get("sec-websocket-version") !== VERSION)
      return upgradeRequired("Only version 13 of WebSocket is spoken here.\n");
    if (!KEY.test(key)) return plainText("Sec-WebSocket-Key must be 16 bytes in base64.\n", 400);
    throw new ConnectionTaken(101, (incoming) => new EchoSession(incoming, acceptOf(key), timer));
  };
}

function hasToken(fields: FieldSection, name: string, token: string): boolean {
  return splitList(fields.get(name) ?? "").some((member) => trimBlanks(member).toLowerCase() === token);
}

function upgradeRequired(line: string): HttpResponse {
  return plainText(line, 426).append("Upgrade", "websocket").append("Sec-WebSocket-Version", VERSION);
}

/** The value of Sec-WebSocket-Accept (RFC 6455 4.2.2). */
export function acceptOf(key: string): string {
  return new Bun.CryptoHasher("sha1").update(key + ACCEPT_GUID).digest("base64");
}

/** One connection: what goes out follows from what comes in. */
class EchoSession implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #incoming: GivingSource;
  readonly #timer: Timer;
  readonly #reader = new WebSocketReader(MOST_MESSAGE_BYTES);
  #head: string;
  /** The piece that is waited for. */
  #next: Promise<Uint8Array | null> | null = null;
  #stop = (): void => {};
  #isAsked = false;
  #isOver = false;

  constructor(incoming: GivingSource, accept: string, timer: Timer) {
    this.#incoming = incoming;
    this.#timer = timer;
    this.#head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#head !== "") {
      const head = Buffer.from(this.#head);
      this.#head = "";
      return head;
    }
    while (!this.#isOver) {
      if (loopShare.isOver) await loopShare.next();
      const answers = this.#answer();
      if (answers.length > 0) return Buffer.concat(answers);
      const ended = await this.#feed();
      if (ended !== null) return ended;
    }
    return null;
  }

  close(): void {
    this.#stop();
    this.#incoming.close();
  }

  /** The answers to what has come, up to a batch. */
  #answer(): readonly Uint8Array[] {
    const answers: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < BATCH_BYTES && !this.#isOver) {
      const event = this.#reader.next();
      if (event === null) break;
      const answer = this.#answerTo(event);
      if (answer === null) continue;
      answers.push(answer);
      bytes += answer.length;
    }
    return answers;
  }

  #answerTo(event: WebSocketEvent): Uint8Array | null {
    switch (event.kind) {
      case "message":
        return encodeFrame(event.isText ? OPCODE.text : OPCODE.binary, event.bytes);
      case "ping":
        return encodeFrame(OPCODE.pong, event.bytes);
      case "pong":
        return null;
      case "close":
      case "violation":
        return this.#close(event.code);
    }
  }

  #close(code: number | null): Uint8Array {
    this.#isOver = true;
    return encodeClose(code);
  }

  /** Waits for more; gives what is to be said when none comes. */
  async #feed(): Promise<Uint8Array | null> {
    this.#next ??= this.#readIncoming();
    const piece = await Promise.race([this.#next, this.#silence()]);
    this.#stop();
    if (piece === "silence") {
      if (this.#isAsked) return this.#close(CLOSE_CODE.goingAway);
      this.#isAsked = true;
      return encodeFrame(OPCODE.ping, new Uint8Array(0));
    }
    this.#next = null;
    this.#isAsked = false;
    if (piece === null) return this.#close(CLOSE_CODE.goingAway);
    this.#reader.feed(piece);
    return null;
  }

  async #readIncoming(): Promise<Uint8Array | null> {
    try {
      return await this.#incoming.read();
    } catch (error) {
      // The client has left, and nobody will hear what is said.
      if (error instanceof BodyRefused) return null;
      throw error;
    }
  }

  #silence(): Promise<"silence"> {
    return new Promise((resolve) => {
      this.#stop = this.#timer.start(SILENCE_MS, () => resolve("silence"));
    });
  }
}
