// What a handler can do with its exchange beside answering it.

import { describe, expect, test } from "bun:test";
import { DeliberateCut, UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { type Handler, type HttpRequest, HttpResponse } from "../../src/http/message.ts";
import { createRouter } from "../../src/router.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { RawClient } from "../support/raw-client.ts";
import { startServer } from "../support/start-server.ts";

const get = (path: string, version = "1.1"): string => `GET ${path} HTTP/${version}\r\nHost: a\r\n\r\n`;
const hints = (): HttpResponse => new HttpResponse(103).append("Link", "</a.css>; rel=preload");
const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

/** A server whose only handler is this one. */
function serverOf(handler: Handler): HandDrivenServer {
  return new HandDrivenServer({}, createRouter({ "/": { GET: handler, POST: handler } }));
}

describe("an interim response", () => {
  test("leaves at once, ahead of the answer, and behind the answers before it", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpResponse>();
    let isFirst = true;
    const { connection, socket } = serverOf((request) => {
      if (isFirst) {
        isFirst = false;
        return new HttpResponse(200, "first");
      }
      expect(request.sendInterim(hints())).toBe(true);
      expect(request.sendInterim(new HttpResponse(104).append("Upload-Offset", 5))).toBe(true);
      return promise;
    }).connect();
    connection.receive(Buffer.from(get("/") + get("/")));
    const [first, rest] = socket.sent.split("first");
    expect(first).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(rest).toBe(HINTS + "HTTP/1.1 104 Upload Resumption Supported\r\nUpload-Offset: 5\r\n\r\n");
    resolve(new HttpResponse(200, "second"));
    await Bun.sleep(0);
    expect(socket.sent.split("first")[1]).toStartWith(rest + "HTTP/1.1 200 OK\r\n");
    expect(socket.sent).toEndWith("second");
  });

  test("is not for HTTP/1.0", () => {
    const { connection, socket } = serverOf((request) => {
      expect(request.sendInterim(hints())).toBe(false);
      return new HttpResponse(200);
    }).connect();
    connection.receive(Buffer.from(get("/", "1.0")));
    expect(socket.sent).toStartWith("HTTP/1.1 200 OK\r\n");
  });

  test("is dropped while the client reads nothing, and nothing piles up", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpResponse>();
    let last: HttpRequest | undefined;
    const { connection, socket } = serverOf((request) => {
      last = request;
      return promise;
    }).connect();
    connection.receive(Buffer.from(get("/")));
    socket.room = 10;
    expect(last!.sendInterim(hints())).toBe(true);
    for (let i = 0; i < 1000; i++) expect(last!.sendInterim(hints())).toBe(false);
    socket.room = Infinity;
    connection.drained();
    expect(socket.sent).toBe(HINTS);
    resolve(new HttpResponse(200, "done"));
    await Bun.sleep(0);
    expect(socket.sent).toStartWith(HINTS + "HTTP/1.1 200 OK\r\n");
  });

  test("of a request that has its answer goes nowhere", () => {
    const requests: HttpRequest[] = [];
    const { connection, socket } = serverOf((request) => {
      requests.push(request);
      return requests.length === 1 ? new HttpResponse(200, "one") : new Promise(() => {});
    }).connect();
    connection.receive(Buffer.from(get("/")));
    expect(requests[0]!.sendInterim(hints())).toBe(false);
    connection.receive(Buffer.from(get("/")));
    expect(requests[0]!.sendInterim(hints())).toBe(false);
    connection.closed();
    expect(requests[1]!.sendInterim(hints())).toBe(false);
    expect(socket.sent).not.toContain("103");
  });
});

describe("a deliberate cut", () => {
  const brokenBy = (error: Error): HttpResponse => {
    let hasSent = false;
    return new HttpResponse(200, {
      length: UNKNOWN_LENGTH,
      read: () => {
        if (hasSent) throw error;
        hasSent = true;
        return Buffer.from("some");
      },
      close: () => {},
    });
  };
  const OUTCOMES: [why: string, handler: Handler, received: RegExp, isReset: boolean][] = [
    [
      "in place of an answer",
      () => {
        throw new DeliberateCut("on purpose");
      },
      /^$/,
      false,
    ],
    ["in place of an answer that takes time", () => Promise.reject(new DeliberateCut("on purpose")), /^$/, false],
    [
      "in the midst of an answer",
      () => brokenBy(new DeliberateCut("on purpose")),
      /^HTTP\/1.1 200 [^]*some\r\n$/,
      false,
    ],
    ["as a reset", () => Promise.reject(new DeliberateCut("on purpose", "reset")), /^$/, true],
    ["as a reset in the midst", () => brokenBy(new DeliberateCut("on purpose", "reset")), /^(HTTP|$)/, true],
  ];
  test.each(OUTCOMES)("%s ends the connection, and is no fault", async (_why, handler, received, isReset) => {
    const { port, observer, stop } = startServer(createRouter({ "/": { GET: handler } }));
    const client = await RawClient.connect(port);
    await client.send(get("/"));
    await client.until(({ isEnded, isClosed }) => isClosed || (!isReset && isEnded));
    expect(client.received).toMatch(received);
    expect(client.received).not.toContain("0\r\n\r\n");
    expect(client.isReset).toBe(isReset);
    expect(observer.faults).toEqual([]);
    expect(observer.refusals).toEqual(["DELIBERATE_CUT"]);
    client.close();
    await stop();
  });

  test("takes no answer before it along", () => {
    let isFirst = true;
    const { connection, socket } = serverOf(() => {
      if (!isFirst) throw new DeliberateCut("on purpose");
      isFirst = false;
      return new HttpResponse(200, "first");
    }).connect();
    connection.receive(Buffer.from(get("/") + get("/")));
    expect(socket.sent).toEndWith("first");
    expect(socket.calls).toEqual(["close"]);
  });
});
