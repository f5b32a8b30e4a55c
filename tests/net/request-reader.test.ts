import { describe, expect, test } from "bun:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { HttpRequest } from "../../src/http/message.ts";
import { BAD_CHUNK, BAD_FIELD_LINE } from "../../src/http/refusal.ts";
import { RequestHeadParser } from "../../src/http/request-head.ts";
import { Deadlines } from "../../src/net/deadlines.ts";
import { type Reading, RequestReader } from "../../src/net/request-reader.ts";
import { SocketPeer } from "../../src/net/socket-peer.ts";
import { HandClock } from "../support/hand-clock.ts";
import { HandDrivenSocket } from "../support/hand-driven.ts";

const HEAD = "POST /x HTTP/1.1\r\nHost: a\r\n";
const flow = { bodyWanted: () => {}, bodyTaken: () => {} };

/** A reader that has received this. */
function readerOf(text: string): { reader: RequestReader; socket: HandDrivenSocket; peer: SocketPeer } {
  const socket = new HandDrivenSocket();
  const context = { limits: DEFAULT_LIMITS, parser: new RequestHeadParser(DEFAULT_LIMITS) };
  const reader = new RequestReader(socket, context, new Deadlines(DEFAULT_LIMITS, new HandClock()));
  reader.append(Buffer.from(text));
  return { reader, socket, peer: new SocketPeer(socket, { sendInterim: () => false }) };
}

describe("RequestReader", () => {
  const states: [what: string, text: string, afterHead: Reading, afterBody: Reading, content: number][] = [
    ["a request without a body", HEAD + "\r\n", "complete", "complete", 0],
    ["half of a body", HEAD + "Content-Length: 6\r\n\r\nabc", "body", "body", 3],
    ["a whole body", HEAD + "Content-Length: 3\r\n\r\nabc", "body", "complete", 3],
    ["chunks", HEAD + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "body", "complete", 3],
    ["a client that waits", HEAD + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "owed", "owed", 0],
    ["one that did not", HEAD + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "owed", "complete", 3],
  ];
  test.each(states)("knows how far %s is in", (_what, text, afterHead, afterBody, content) => {
    const { reader, peer } = readerOf(text);
    expect(reader.reading).toBe("head");
    expect(reader.readHead(peer, flow)).toBeInstanceOf(HttpRequest);
    expect(reader.reading).toBe(afterHead);
    expect(reader.readBody()).toBe(null);
    expect(reader.reading).toBe(afterBody);
    expect(reader.hasBodyToCome).toBe(afterBody === "body" || afterBody === "owed");
    expect(reader.content).toBe(content);
    reader.next();
    expect([reader.reading, reader.content, reader.body]).toEqual(["head", 0, null]);
  });

  test("has nothing yet of a head that is not all there, and describes what there is", () => {
    const { reader, peer } = readerOf("PUT /late?x HTTP/1.1\r\nHo");
    expect(reader.readHead(peer, flow)).toBe(null);
    expect(reader.hasPartialHead).toBe(true);
    expect(reader.describeHead(peer)).toMatchObject({ method: "PUT", target: "/late?x", rawPath: "/late", query: "x" });
    expect(reader.reading).toBe("head");
  });

  test("gives a refusal of a head, and of a body", () => {
    const head = readerOf(HEAD + "bad line\r\n\r\n");
    expect(head.reader.readHead(head.peer, flow)).toBe(BAD_FIELD_LINE);
    const body = readerOf(HEAD + "Transfer-Encoding: chunked\r\n\r\nxyz");
    body.reader.readHead(body.peer, flow);
    expect(body.reader.readBody()).toBe(BAD_CHUNK);
  });

  test("tells whoever reads a body why its rest will not come, and interprets nothing more", async () => {
    const { reader, peer } = readerOf(HEAD + "Content-Length: 6\r\n\r\n");
    const request = reader.readHead(peer, flow) as HttpRequest;
    const pending = request.body!.read();
    reader.close(BAD_CHUNK);
    expect(pending).rejects.toMatchObject({ refusal: BAD_CHUNK });
    expect([reader.reading, reader.waiting, reader.hasBodyToCome]).toEqual(["closed", 0, false]);
    reader.append(Buffer.from("abc"));
    expect(reader.readBody()).toBe(null);
  });

  test("skips a body up to 256 KiB, and counts from when nobody wanted it", () => {
    const { reader, peer } = readerOf(HEAD + "Content-Length: 9999999\r\n\r\n" + "x".repeat(200 * 1024));
    reader.readHead(peer, flow);
    reader.readBody();
    expect(reader.skipBody()).toBe(true);
    expect(reader.skipBody()).toBe(false);
    reader.append(Buffer.alloc(256 * 1024));
    reader.readBody();
    expect(reader.hasSkippedEnough).toBe(false);
    reader.append(Buffer.alloc(1));
    reader.readBody();
    expect(reader.hasSkippedEnough).toBe(true);
  });

  test("pauses its socket once, and resumes it once", () => {
    const { reader, socket } = readerOf("");
    for (const isOpen of [true, false, false]) reader.setFlow(isOpen);
    expect([reader.isPaused, socket.isPaused]).toEqual([true, true]);
    reader.setFlow(true);
    expect([reader.isPaused, socket.isPaused]).toEqual([false, false]);
  });
});
