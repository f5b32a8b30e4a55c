// The frames of the WebSocket protocol (RFC 6455 section 5), as a server reads and writes them: messages out of bytes,
// however they were cut, and bytes out of messages. What a client must not send is a violation with its close code.

/** What a message or a control frame is (RFC 6455 11.8). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Why a connection is closed (RFC 6455 7.4.1). */
export const CLOSE_CODE = { normal: 1000, goingAway: 1001, protocolError: 1002, badText: 1007, tooBig: 1009 } as const;
/** The connection was closed without one; never sent. */
const NO_CODE = 1005;

/** What a client sent. */
export type WebSocketEvent =
  | { readonly kind: "message"; readonly isText: boolean; readonly bytes: Uint8Array }
  | { readonly kind: "ping"; readonly bytes: Uint8Array }
  | { readonly kind: "pong" }
  /** `code` is null when the client gave none. */
  | { readonly kind: "close"; readonly code: number | null }
  /** The last event. */
  | { readonly kind: "violation"; readonly code: number };

const KNOWN_OPCODES = new Set<number>(Object.values(OPCODE));
const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE_BITS = 0x0f;
const MASKED = 0x80;
const LENGTH_BITS = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const CONTROL_BIT = 0x8;
const MASK_BYTES = 4;
const MOST_CONTROL_BYTES = 125;
const MOST_HEAD_BYTES = 14;
const FIRST_ROOM_BYTES = 1024;

/** Bytes that grow by doubling: a message that is dripped costs linear time. */
class Gathering {
  #bytes = new Uint8Array(0);
  length = 0;

  add(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length, FIRST_ROOM_BYTES));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length = length;
  }

  /** What was gathered, which is the caller's from here on. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.length);
    this.#bytes = new Uint8Array(0);
    this.length = 0;
    return bytes;
  }
}

/** Takes the bytes of one client. Feed a piece, take events with `next` until it gives null, feed the next. */
export class WebSocketReader {
  readonly #mostBytes: number;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  readonly #head = new Uint8Array(MOST_HEAD_BYTES);
  #headLength = 0;
  /** Of the frame whose head is complete. */
  readonly #payload = new Gathering();
  #payloadLength = -1;
  #first = 0;
  #mask: Uint8Array = new Uint8Array(0);
  /** Of the message whose end has not come. */
  readonly #message = new Gathering();
  #messageOpcode: number | null = null;
  #isOver = false;

  /** `mostBytes` is for one message. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Only after `next` gave null. */
  feed(piece: Uint8Array): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** The next event, or null when more bytes are needed, or none count any more. */
  next(): WebSocketEvent | null {
    while (!this.#isOver) {
      if (this.#payloadLength < 0) {
        const violation = this.#readHead();
        if (violation !== null) return this.#violate(violation);
        if (this.#payloadLength < 0) return null;
      }
      if (!this.#readPayload()) return null;
      const event = this.#endFrame();
      if (event !== null) return event;
    }
    return null;
  }

  #violate(code: number): WebSocketEvent {
    this.#isOver = true;
    return { kind: "violation", code };
  }

  /** Gives the close code when the head must not be; without a head `#payloadLength` stays as it is. */
  #readHead(): number | null {
    const head = this.#head;
    while (this.#at < this.#piece.length) {
      head[this.#headLength++] = this.#piece[this.#at++]!;
      if (this.#headLength < 2) continue;
      if (this.#headLength === 2) {
        const violation = judgeHead(head[0]!, head[1]!);
        if (violation !== null) return violation;
      }
      if (this.#headLength === headLength(head[1]!)) return this.#beginFrame(head.subarray(0, this.#headLength));
    }
    return null;
  }

  #beginFrame(head: Uint8Array): number | null {
    const length = payloadLength(head);
    const isControl = (head[0]! & CONTROL_BIT) !== 0;
    const held = isControl ? 0 : this.#message.length;
    if (length + held > this.#mostBytes) return CLOSE_CODE.tooBig;
    this.#first = head[0]!;
    this.#mask = head.slice(-MASK_BYTES);
    this.#payloadLength = length;
    this.#headLength = 0;
    return null;
  }

  #readPayload(): boolean {
    const end = Math.min(this.#at + this.#payloadLength - this.#payload.length, this.#piece.length);
    this.#payload.add(this.#piece.subarray(this.#at, end));
    this.#at = end;
    return this.#payload.length === this.#payloadLength;
  }

  #endFrame(): WebSocketEvent | null {
    const bytes = this.#payload.take();
    this.#payloadLength = -1;
    for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i]! ^ this.#mask[i & 3]!;
    const opcode = this.#first & OPCODE_BITS;
    switch (opcode) {
      case OPCODE.ping:
        return { kind: "ping", bytes };
      case OPCODE.pong:
        return { kind: "pong" };
      case OPCODE.close:
        return this.#endConnection(bytes);
      default:
        return this.#addToMessage(opcode, bytes);
    }
  }

  #endConnection(bytes: Uint8Array): WebSocketEvent {
    if (bytes.length === 0) {
      this.#isOver = true;
      return { kind: "close", code: null };
    }
    const code = (bytes[0]! << 8) | (bytes[1] ?? 0);
    if (bytes.length === 1 || !maySendCode(code)) return this.#violate(CLOSE_CODE.protocolError);
    if (!isUtf8(bytes.subarray(2))) return this.#violate(CLOSE_CODE.badText);
    this.#isOver = true;
    return { kind: "close", code };
  }

  #addToMessage(opcode: number, bytes: Uint8Array): WebSocketEvent | null {
    const isContinuation = opcode === OPCODE.continuation;
    if (isContinuation !== (this.#messageOpcode !== null)) return this.#violate(CLOSE_CODE.protocolError);
    if (!isContinuation) this.#messageOpcode = opcode;
    this.#message.add(bytes);
    if ((this.#first & FIN) === 0) return null;
    const isText = this.#messageOpcode === OPCODE.text;
    this.#messageOpcode = null;
    const message = this.#message.take();
    if (isText && !isUtf8(message)) return this.#violate(CLOSE_CODE.badText);
    return { kind: "message", isText, bytes: message };
  }
}

/** Why the first two bytes of a frame must not be, as a close code; null when they may. */
function judgeHead(first: number, second: number): number | null {
  const opcode = first & OPCODE_BITS;
  // A client masks each frame (5.1); no extension was agreed on that would use the reserved bits (5.2).
  if ((first & RESERVED) !== 0 || (second & MASKED) === 0 || !KNOWN_OPCODES.has(opcode))
    return CLOSE_CODE.protocolError;
  const isControl = (opcode & CONTROL_BIT) !== 0;
  const isTooMuch = (second & LENGTH_BITS) > MOST_CONTROL_BYTES || (first & FIN) === 0;
  return isControl && isTooMuch ? CLOSE_CODE.protocolError : null;
}

function headLength(second: number): number {
  const length = second & LENGTH_BITS;
  return 2 + MASK_BYTES + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0);
}

/** Past 2^53 it loses digits, and is over every limit. */
function payloadLength(head: Uint8Array): number {
  const short = head[1]! & LENGTH_BITS;
  if (short < LENGTH_16) return short;
  return head.subarray(2, -MASK_BYTES).reduce((length, byte) => length * 256 + byte, 0);
}

/** The codes that may stand in a frame (RFC 6455 7.4). */
function maySendCode(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== 1006;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** A whole frame of a server. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extended = length < LENGTH_16 ? 0 : length <= 0xffff ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + length);
  frame[0] = FIN | opcode;
  frame[1] = extended === 0 ? length : extended === 2 ? LENGTH_16 : LENGTH_64;
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 2 + extended);
  return frame;
}

/** The frame that closes; without a code when there is none. */
export function encodeClose(code: number | null): Uint8Array {
  return encodeFrame(OPCODE.close, code === null ? new Uint8Array(0) : Uint8Array.of(code >> 8, code & 0xff));
}
