import { describe, expect, test } from "bun:test";
import type { ByteSource } from "../../src/http/byte-source.ts";
import { HttpResponse } from "../../src/http/message.ts";
import type { ExchangeRecord } from "../../src/observe/observer.ts";
import { createRouter } from "../../src/router.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { RawClient } from "../support/raw-client.ts";
import { startServer } from "../support/start-server.ts";

const routes = createRouter({
  "/": { GET: () => new HttpResponse(200, "twelve bytes") },
  "/never/{name}": { rest: "decoded", GET: () => new Promise(() => {}), PUT: () => new Promise(() => {}) },
  "/fault": {
    GET: () => {
      throw new Error("ours");
    },
  },
  "/large": { GET: () => new HttpResponse(203, new Uint8Array(100_000)) },
  "/pieces": { GET: () => new HttpResponse(200, pieces()) },
});

/** Two of them, each after a moment. */
function pieces(): ByteSource {
  const rest = [Buffer.from("one"), Buffer.from("two")];
  const read = async (): Promise<Buffer | null> => {
    await Bun.sleep(1);
    return rest.shift() ?? null;
  };
  return { length: 6, read, close: () => {} };
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const NEVER = "GET /never/a HTTP/1.1\r\nHost: a\r\n\r\n";
const put = (length: number, body = ""): string =>
  `PUT /never/b?c HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;

type Connected = ReturnType<HandDrivenServer["connect"]> & { readonly server: HandDrivenServer };

function connect(limits = {}): Connected {
  const server = new HandDrivenServer(limits, routes);
  return { server, ...server.connect() };
}

describe("each exchange has one record", () => {
  const route = "/never/{name}";
  const cases: [how: string, sent: string, then: (it: Connected) => void, record: Partial<ExchangeRecord> | object][] =
    [
      [
        "answered",
        GET,
        () => {},
        { method: "GET", target: "/", route: "/", status: 200, bodyBytes: 12, cutOff: false },
      ],
      ["left while a handler works", NEVER, (it) => it.connection.closed(), { route, status: 0, cutOff: true }],
      ["left in its body", put(9, "ab"), (it) => it.connection.closed(), { status: 0, requestBytes: 2, cutOff: true }],
      [
        "refused for the length that its head tells",
        put(10_000),
        () => {},
        { method: "PUT", target: "/never/b?c", status: 413, refusal: { name: "BODY_TOO_LARGE" }, cutOff: false },
      ],
      [
        "refused for the length that comes",
        "PUT /never/d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
        () => {},
        { method: "PUT", target: "/never/d", status: 413, refusal: { name: "BODY_TOO_LARGE" } },
      ],
      [
        "refused for a body that is late",
        put(9, "abc"),
        ({ server }) => server.pass(30_000),
        { target: "/never/b?c", route, status: 408, refusal: { name: "BODY_TOO_SLOW" }, requestBytes: 3 },
      ],
      [
        "refused for a head that is late, behind its first line",
        "GET /never/late HTTP/1.1\r\nHo",
        ({ server }) => server.pass(10_000),
        { method: "GET", target: "/never/late", route, status: 408, refusal: { name: "HEAD_TOO_SLOW" } },
      ],
      [
        "refused for a head that is late, within its first line",
        "GET /ne",
        ({ server }) => server.pass(10_000),
        { method: "GET", target: "", status: 408, refusal: { name: "HEAD_TOO_SLOW" }, durationMs: 0 },
      ],
      [
        "refused for a field",
        "GET /x HTTP/1.1\r\nHost : a\r\n\r\n",
        () => {},
        { target: "/x", status: 400, refusal: { name: "BAD_FIELD_LINE" } },
      ],
      [
        "refused for its first byte",
        "\x01",
        () => {},
        { method: "", target: "", refusal: { name: "BAD_REQUEST_LINE" } },
      ],
      [
        "failed by its handler",
        "GET /fault HTTP/1.1\r\nHost: a\r\n\r\n",
        () => {},
        { method: "GET", target: "/fault", route: "/fault", status: 500, refusal: { name: "SERVER_FAULT" } },
      ],
      [
        "of a connection too many",
        "",
        ({ connection }) => connection.turnAway(),
        { method: "", target: "", status: 503, refusal: { name: "TOO_MANY_CONNECTIONS" } },
      ],
    ];
  test.each(cases)("when it is %s, alone or behind another", (_how, sent, then, record) => {
    for (const before of ["", GET]) {
      const it = connect({ maxBody: 9999 });
      it.connection.receive(Buffer.from(before + sent, "latin1"));
      then(it);
      it.connection.closed();
      const { exchanges } = it.server.observer;
      expect(exchanges).toHaveLength(before === "" ? 1 : 2);
      expect(exchanges.at(-1)).toMatchObject(record);
    }
  });

  test("when its refusal was not read to the end", () => {
    const it = connect();
    it.socket.room = 10;
    it.connection.receive(Buffer.from("GET /x HTTP/1.1\r\nHost : a\r\n\r\n"));
    expect(it.server.observer.exchanges).toEqual([]);
    it.connection.closed();
    expect(it.server.observer.exchanges).toMatchObject([
      { status: 400, refusal: { name: "BAD_FIELD_LINE" }, cutOff: true },
    ]);
  });

  test("and none when the connection ends between two", () => {
    const it = connect();
    it.connection.receive(Buffer.from(GET + "\r\n"));
    it.server.pass(60_000);
    it.connection.closed();
    expect(it.server.observer.exchanges).toHaveLength(1);
  });

  test("also what was asked for and nobody worked on, because its client had left", () => {
    const it = connect();
    it.connection.receive(Buffer.from(NEVER.replace("GET", "PUT") + GET));
    it.connection.closed();
    it.connection.cutOff();
    expect(it.server.observer.exchanges).toMatchObject([{ target: "/never/a", status: 0, cutOff: true }]);
  });
});

describe("what is told of a message that never became a request", () => {
  const cases: [what: string, sent: string, minorVersion: number][] = [
    ["another major version", "GET /x HTTP/2.0\r\n\r\n", 1],
    ["a version that is none", "GET /x HTTP/1.x\r\n\r\n", 1],
    ["a version that has not come", "GET /x HTT", 1],
    ["a method that is none", "G(T /x HTTP/1.1\r\n\r\n", 1],
    ["an older version, before its field's fault", "GET /x HTTP/1.0\r\nHost : a\r\n\r\n", 0],
  ];
  test.each(cases)("is nothing that another connection said: %s", (_what, sent, minorVersion) => {
    for (const version of ["1.0", "1.1"]) {
      const server = new HandDrivenServer({}, routes);
      server.connect().connection.receive(Buffer.from(`HEAD /secret HTTP/${version}\r\nHost: a\r\n\r\n`));
      server.connect().connection.receive(Buffer.from(sent));
      server.pass(10_000);
      const told = server.observer.exchanges.filter(({ target }) => target !== "/secret");
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ minorVersion, cutOff: false });
    }
  });
});

describe("who was refused is known, though the answer found nobody", () => {
  const cases: [what: string, sent: string, then: (it: Connected) => void][] = [
    ["a head whose client has closed", "GET / HT", ({ connection }) => connection.peerEnded()],
    ["a malformed head", "\x01", () => {}],
    ["a body whose client has closed", put(9, "ab"), ({ connection }) => connection.peerEnded()],
    ["a head that is late", "GET / HT", ({ server }) => server.pass(10_000)],
    ["a handler's fault", "GET /fault HTTP/1.1\r\nHost: a\r\n\r\n", () => {}],
    ["a connection too many", "", ({ connection }) => connection.turnAway()],
  ];
  test.each(cases)("%s", (_what, sent, then) => {
    const it = connect();
    Object.assign(it.server.observer, { wantsAll: false });
    // A socket that its peer has reset has no peer any more.
    const peer = { get: (): string => (it.socket.sent === "" ? "192.0.2.1" : (undefined as unknown as string)) };
    Object.defineProperty(it.socket, "remoteAddress", peer);
    it.connection.receive(Buffer.from(sent));
    then(it);
    expect(it.socket.sent).not.toBe("");
    expect(it.server.observer.exchanges).toMatchObject([{ peerAddress: "192.0.2.1", peerPort: 1 }]);
  });

  test("on a socket that is closed with its request half sent", async () => {
    const { port, observer, stop } = startServer(routes);
    Object.assign(observer, { wantsAll: false });
    const client = await RawClient.connect(port);
    await client.send("GET / HT");
    client.close();
    while (observer.exchanges.length === 0) await Bun.sleep(1);
    expect(observer.exchanges).toMatchObject([{ peerAddress: "127.0.0.1", refusal: { name: "INCOMPLETE_HEAD" } }]);
    await stop();
  });
});

describe("how long an answer took us", () => {
  const CHUNKED = "PUT /never/d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const refused: [how: string, sent: string, then: (it: Connected) => void][] = [
    ["a body that is late", put(9, "abc"), ({ server }) => server.pass(30_000)],
    ["a body that its client ended", put(9, "abc"), ({ connection }) => connection.peerEnded()],
    ["a broken chunk", CHUNKED + "xyz\r\n", () => {}],
    ["a handler's fault", "GET /fault HTTP/1.1\r\nHost: a\r\n\r\n", () => {}],
  ];
  test.each(refused)("is told of a refusal too: %s", (_how, sent, then) => {
    const it = connect();
    it.connection.receive(Buffer.from(sent));
    then(it);
    const { answerMs, durationMs } = it.server.observer.exchanges[0]!;
    expect(answerMs).toBeGreaterThan(0);
    expect(answerMs).toBeLessThanOrEqual(durationMs);
  });

  const whole: [what: string, target: string, endsWithHead: boolean][] = [
    ["is all that a small one takes, which leaves at the end of the turn", "/", true],
    ["is not what a large one takes, which the kernel gets at once", "/large", false],
    ["is not what one in pieces takes", "/pieces", false],
  ];
  test.each(whole)("%s", async (_, target, endsWithHead) => {
    const it = connect();
    it.connection.receive(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
    while (it.server.observer.exchanges.length === 0) await Bun.sleep(1);
    const { answerMs, durationMs } = it.server.observer.exchanges[0]!;
    expect(answerMs).toBeGreaterThan(0);
    expect(durationMs === answerMs).toBe(endsWithHead);
    expect(durationMs).toBeGreaterThanOrEqual(answerMs);
  });

  test("is nothing when there was no answer, and when nobody had asked for the time", () => {
    const it = connect();
    it.socket.room = 0;
    it.connection.receive(Buffer.from("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    Object.assign(it.server.observer, { wantsAll: false });
    it.socket.room = Infinity;
    it.connection.drained();
    it.connection.receive(Buffer.from("\x01"));
    expect(it.server.observer.exchanges).toMatchObject([{ status: 400, answerMs: 0, durationMs: 0 }]);

    const left = connect();
    left.connection.receive(Buffer.from(NEVER));
    left.connection.closed();
    expect(left.server.observer.exchanges).toMatchObject([{ status: 0, answerMs: 0 }]);
  });
});

describe("a client that is lost while a handler works, on a kept connection", () => {
  const endings: [how: string, end: (it: Connected) => void][] = [
    ["by its leaving", ({ connection }) => connection.closed()],
    ["by the end of the server", ({ connection }) => connection.cutOff()],
    ["by a fault of ours", ({ connection }) => connection.fail(new Error("ours"))],
  ];
  test.each(endings)("%s is recorded with status 0 and no byte, whatever came before", (_how, end) => {
    for (const before of [GET, GET + GET, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"]) {
      const it = connect();
      it.connection.receive(Buffer.from(before + NEVER));
      end(it);
      expect(it.server.observer.exchanges.at(-1)).toMatchObject({
        target: "/never/a",
        status: 0,
        bodyBytes: 0,
        cutOff: true,
      });
    }
  });
});
