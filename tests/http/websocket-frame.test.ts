import { describe, expect, test } from "bun:test";
import {
  encodeClose,
  encodeFrame,
  OPCODE,
  type WebSocketEvent,
  WebSocketReader,
} from "../../src/http/websocket-frame.ts";

const MASK = [0x37, 0xfa, 0x21, 0x3d];
const MOST_BYTES = 100_000;

/** A frame as a client sends it. `first` is FIN, the reserved bits and the opcode. */
function frame(first: number, payload: string | Uint8Array, length?: number): number[] {
  const bytes = Buffer.from(payload as string);
  const count = length ?? bytes.length;
  const head =
    count < 126
      ? [count]
      : count <= 0xffff
        ? [126, count >> 8, count & 0xff]
        : [127, 0, 0, 0, 0, 0, count >> 16, (count >> 8) & 0xff, count & 0xff];
  return [first, head[0]! | 0x80, ...head.slice(1), ...MASK, ...bytes.map((byte, i) => byte ^ MASK[i % 4]!)];
}

const FIN = 0x80;
const text = (payload: string): WebSocketEvent => ({
  kind: "message",
  isText: true,
  bytes: new Uint8Array(Buffer.from(payload)),
});
const violation = (code: number): WebSocketEvent => ({ kind: "violation", code });

const cases: [why: string, bytes: number[], events: WebSocketEvent[]][] = [
  ["the example of RFC 6455 5.7", [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], [text("Hello")]],
  ["nothing", frame(FIN | 1, ""), [text("")]],
  [
    "bytes",
    frame(FIN | 2, Uint8Array.of(0xff, 0)),
    [{ kind: "message", isText: false, bytes: Uint8Array.of(0xff, 0) }],
  ],
  [
    "125 bytes, then 126",
    [...frame(FIN | 1, "a".repeat(125)), ...frame(FIN | 1, "b".repeat(126))],
    [text("a".repeat(125)), text("b".repeat(126))],
  ],
  ["a message in fragments", [...frame(1, "Hel"), ...frame(0, ""), ...frame(FIN, "lo")], [text("Hello")]],
  ["a character cut by fragments", [...frame(1, Uint8Array.of(0xc3)), ...frame(FIN, Uint8Array.of(0xa4))], [text("ä")]],
  [
    "a ping between fragments",
    [...frame(1, "a"), ...frame(FIN | 9, "p"), ...frame(FIN, "b")],
    [{ kind: "ping", bytes: new Uint8Array(Buffer.from("p")) }, text("ab")],
  ],
  ["a pong", frame(FIN | 10, "x"), [{ kind: "pong" }]],
  ["a close with a code", frame(FIN | 8, Uint8Array.of(0x03, 0xe8)), [{ kind: "close", code: 1000 }]],
  ["a close with words", frame(FIN | 8, Uint8Array.of(0x0b, 0xb8, 0x62)), [{ kind: "close", code: 3000 }]],
  ["a close without a code", frame(FIN | 8, ""), [{ kind: "close", code: null }]],
  ["nothing behind a close", [...frame(FIN | 8, ""), ...frame(FIN | 1, "a")], [{ kind: "close", code: null }]],
  ["a close with half a code", frame(FIN | 8, "\x03"), [violation(1002)]],
  ["a close with a code that no frame has", frame(FIN | 8, Uint8Array.of(0x03, 0xed)), [violation(1002)]],
  ["a close with code 999", frame(FIN | 8, Uint8Array.of(0x03, 0xe7)), [violation(1002)]],
  ["a close with code 5000", frame(FIN | 8, Uint8Array.of(0x13, 0x88)), [violation(1002)]],
  ["a close with words that are no UTF-8", frame(FIN | 8, Uint8Array.of(0x03, 0xe8, 0xff)), [violation(1007)]],
  ["text that is no UTF-8", frame(FIN | 1, Uint8Array.of(0xff)), [violation(1007)]],
  ["text that ends in half a character", frame(FIN | 1, Uint8Array.of(0xc3)), [violation(1007)]],
  ["a frame without a mask", [0x81, 0x01, 0x61], [violation(1002)]],
  ["a reserved bit", frame(FIN | 0x41, "a"), [violation(1002)]],
  ["an unknown opcode", frame(FIN | 3, "a"), [violation(1002)]],
  ["an unknown control opcode", frame(FIN | 11, "a"), [violation(1002)]],
  ["a ping in fragments", frame(9, "a"), [violation(1002)]],
  ["a ping that is too long", frame(FIN | 9, "a".repeat(126)), [violation(1002)]],
  ["a continuation of nothing", frame(FIN, "a"), [violation(1002)]],
  ["a message inside of another", [...frame(1, "a"), ...frame(FIN | 1, "b")], [violation(1002)]],
  ["nothing behind a violation", [...frame(FIN, "a"), ...frame(FIN | 1, "b")], [violation(1002)]],
  ["a frame that is too long, before it has come", frame(FIN | 2, "", MOST_BYTES + 1), [violation(1009)]],
  [
    "fragments that are too long together",
    [...frame(2, "a".repeat(60_000)), ...frame(FIN, "", 60_000)],
    [violation(1009)],
  ],
];

function read(pieces: readonly Uint8Array[]): WebSocketEvent[] {
  const reader = new WebSocketReader(MOST_BYTES);
  const events: WebSocketEvent[] = [];
  for (const piece of pieces) {
    reader.feed(piece);
    for (let event = reader.next(); event !== null; event = reader.next()) events.push(event);
  }
  return events;
}

describe("WebSocketReader", () => {
  test.each(cases)("reads %s, however it is cut", (_why, bytes, events) => {
    expect(read([Uint8Array.from(bytes)])).toEqual(events);
    expect(read(bytes.map((byte) => Uint8Array.of(byte)))).toEqual(events);
  });

  test("takes a message of the most bytes", () => {
    const payload = "x".repeat(MOST_BYTES);
    expect(read([Uint8Array.from(frame(FIN | 1, payload))])).toEqual([text(payload)]);
  });

  test("a length past 2^53 is too long", () => {
    expect(read([Uint8Array.of(0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4)])).toEqual([
      violation(1009),
    ]);
  });
});

describe("encodeFrame", () => {
  const lengths: [length: number, head: number[]][] = [
    [0, [0x82, 0]],
    [125, [0x82, 125]],
    [126, [0x82, 126, 0, 126]],
    [65_535, [0x82, 126, 255, 255]],
    [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ];
  test.each(lengths)("of %d bytes", (length, head) => {
    const encoded = encodeFrame(OPCODE.binary, new Uint8Array(length));
    expect([...encoded.subarray(0, head.length)]).toEqual(head);
    expect(encoded.length).toBe(head.length + length);
  });

  test("a close has its code, or none", () => {
    expect([...encodeClose(1001)]).toEqual([0x88, 2, 3, 0xe9]);
    expect([...encodeClose(null)]).toEqual([0x88, 0]);
  });
});
