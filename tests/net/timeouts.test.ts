import { describe, expect, test } from "bun:test";
import type { ByteSource } from "../../src/http/byte-source.ts";
import type { Limits } from "../../src/http/limits.ts";
import { type Dispatch, type HttpRequest, HttpResponse } from "../../src/http/message.ts";
import { TICK_MS } from "../../src/net/clock.ts";
import { StallWatch } from "../../src/net/stall-watch.ts";
import { createRouter } from "../../src/router.ts";
import { HandClock } from "../support/hand-clock.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { until } from "../support/patience.ts";
import { RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { heard } from "../support/heard.ts";

const GET = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";

/** A server whose time the test moves, and one client of it. */
async function serve(
  limits: Partial<Limits>,
  routes?: Dispatch,
): Promise<StartedServer & { readonly client: RawClient; readonly clock: HandClock }> {
  const clock = new HandClock();
  const started = startServer(routes, limits, { clock });
  const client = await RawClient.connect(started.port);
  while (started.observer.connections === 0) await Bun.sleep(1);
  return { ...started, client, clock };
}

const POST = "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: ";

describe.concurrent("deadlines", () => {
  test("an idle connection closes silently", async () => {
    const { client, clock, stop } = await serve({ idleTimeout: 60_000 });
    clock.pass(60_000 + TICK_MS);
    expect(await client.untilEnd()).toBe("");
    await stop();
  });

  test("nobody gets less time than was promised, and nobody two ticks more", async () => {
    for (const delay of [0, 100, 200, 300, 400, 499]) {
      const clock = new HandClock();
      const { port, stop, server, observer } = startServer(undefined, { idleTimeout: 900 }, { clock });
      clock.pass(delay);
      const client = await RawClient.connect(port);
      while (observer.connections === 0) await Bun.sleep(1);
      clock.pass(899);
      await heard();
      expect(client.isEnded).toBe(false);
      expect(server.connectionCount).toBe(1);
      clock.pass(2 * TICK_MS + 1);
      expect(await client.untilEnd()).toBe("");
      await stop();
    }
  });

  test("a connection that idles after an answer closes silently, also after an empty line", async () => {
    const { client, clock, stop } = await serve({ idleTimeout: 1000, headTimeout: 60_000 });
    await client.send(GET + "\r\n");
    await client.until(({ received }) => received.endsWith("a"));
    clock.pass(1000 + TICK_MS);
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 200 }]);
    await stop();
  });

  test("a head that takes too long gets 408, though a byte comes now and then", async () => {
    const { client, clock, stop, observer } = await serve({ headTimeout: 10_000 });
    for (let i = 0; i < 21; i++) {
      expect(client.received).toBe("");
      await client.send("a");
      await heard();
      clock.pass(500);
    }
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 408 }]);
    expect(observer.refusals).toEqual(["HEAD_TOO_SLOW"]);
    await stop();
  });

  const bodyless = (next: string): string => GET + next;
  const withBody = (next: string): string => "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na" + next;
  const streams: [what: string, whole: (next: string) => string, cut: number][] = [
    ["the next head has begun with the end of each", bodyless, 20],
    ["its last byte alone is missing each time", bodyless, GET.length - 1],
    ["one byte of it comes early each time", bodyless, 1],
    ["there are bodies between", withBody, 20],
  ];
  test.each(streams)("each head has its own time in a stream of requests where %s", async (_what, whole, cut) => {
    const { client, clock, stop, observer } = await serve({ headTimeout: 10_000 });
    const beginning = whole("").slice(0, cut);
    await client.send(beginning);
    await heard();
    for (let i = 1; i <= 5; i++) {
      clock.pass(6000);
      await client.send(whole(beginning).slice(cut));
      await client.until(() => observer.exchanges.length === i);
    }
    expect(observer.refusals).toEqual([]);
    clock.pass(9500);
    await heard();
    expect(observer.refusals).toEqual([]);
    clock.pass(1000);
    const replies = readResponses(await client.untilEnd());
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 408]);
    await stop();
  });

  test("a body that stops gets 408 when its answer has not begun", async () => {
    const { client, clock, stop } = await serve({ bodyTimeout: 30_000 }, createRouter({ "/take": { POST: takeBody } }));
    await client.send(POST + "10\r\n\r\nabc");
    await heard();
    clock.pass(29_500);
    await heard();
    expect(client.received).toBe("");
    clock.pass(1000);
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 408 }]);
    await stop();
  });

  test("a client that waits for 100 Continue is not too slow", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = async (request: HttpRequest): Promise<HttpResponse> => {
      await promise;
      return takeBody(request);
    };
    const { client, clock, stop } = await serve({ bodyTimeout: 300 }, createRouter({ "/take": { POST: late } }));
    await client.send(POST + "3\r\nExpect: 100-continue\r\n\r\n");
    await heard();
    clock.pass(100_000);
    resolve();
    await client.until(({ received }) => received.includes("\r\n\r\n"));
    await client.send("abc");
    client.end();
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 100 }, { status: 200, body: "3" }]);
    client.close();
    await stop();
  });

  test("a body below the least rate gets 408", async () => {
    const limits = { bodyTimeout: 30_000, minBodyRate: 256 };
    const { client, clock, stop } = await serve(limits, createRouter({ "/take": { POST: takeBody } }));
    await client.send(POST + "100000\r\n\r\n");
    for (let i = 0; i < 31; i++) {
      expect(client.received).toBe("");
      await client.send("a".repeat(250));
      await heard();
      clock.pass(1000);
    }
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 408 }]);
    await stop();
  });

  test("a handler's own time does not count", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpResponse>();
    const limits = { headTimeout: 100, idleTimeout: 100, bodyTimeout: 100 };
    const { client, clock, stop } = await serve(limits, createRouter({ "/slow": { GET: () => promise } }));
    await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await heard();
    clock.pass(1_000_000);
    resolve(new HttpResponse(200, "done"));
    client.end();
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 200, body: "done" }]);
    await stop();
  });

  const LARGE = new Uint8Array(64 << 20);
  const bodies: [what: string, body: () => HttpResponse["body"]][] = [
    ["bytes", () => LARGE],
    ["a source", () => pieces(LARGE)],
  ];
  test.each(bodies)("a reader of %s that stops is cut off, and the exchange is recorded as such", async (_, body) => {
    const routes = createRouter({ "/large": { GET: () => new HttpResponse(200, body()) } });
    const { client, clock, stop, observer } = await serve({ writeTimeout: 60_000 }, routes);
    client.pause();
    await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    while (observer.disconnections === 0) {
      await heard();
      clock.pass(TICK_MS);
    }
    expect(observer.records).toMatchObject([{ status: 200, cutOff: true }]);
    client.close();
    await stop();
  });

  // The kernel tells of room when a third of its buffer is free, which takes this reader longer than the timeout.
  test.each(bodies)("a reader that is slow but fast enough gets all of %s", async (_, body) => {
    const routes = createRouter({ "/large": { GET: () => new HttpResponse(200, body()) } });
    const clock = new HandClock();
    const limits = { writeTimeout: 3000, minWriteRate: 1024 };
    const { port, stop, observer } = startServer(routes, limits, { clock });
    let received = 0;
    const connection = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (socket, bytes) => {
          received += bytes.length;
          socket.pause();
        },
        drain() {},
        error() {},
      },
    });
    connection.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let i = 0; i < 7; i++) {
      const before = received;
      connection.resume();
      await until(() => received > before);
      await heard();
      clock.pass(1400);
    }
    while (received <= LARGE.length && observer.disconnections === 0) {
      await Bun.sleep(1);
      connection.resume();
    }
    expect(observer.disconnections).toBe(0);
    connection.terminate();
    await stop();
  });
});

describe("a body that nobody reads to its end has a deadline", () => {
  const length = "Content-Length: 100\r\n\r\n";
  const chunked = "Transfer-Encoding: chunked\r\n\r\n";
  const cases: [what: string, head: string, pieces: string[]][] = [
    ["of a known length", length, ["a", "b"]],
    ["in chunks", chunked, ["1\r\na\r\n", "1\r\nb\r\n"]],
    ["whose client did not wait for 100 Continue", "Expect: 100-continue\r\n" + length, ["a", "b"]],
    ["in chunks, whose client did not wait", "Expect: 100-continue\r\n" + chunked, ["1\r\na\r\n", "1\r\nb\r\n"]],
  ];
  test.each(cases)("%s", async (_what, head, sent) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const readOnce = async ({ body }: HttpRequest): Promise<HttpResponse> => {
      await promise;
      await body!.read();
      body!.close();
      return new HttpResponse(200);
    };
    const server = new HandDrivenServer({ bodyTimeout: 30_000 }, createRouter({ "/once": { POST: readOnce } }));
    const { connection, socket } = server.connect();
    for (const piece of ["POST /once HTTP/1.1\r\nHost: a\r\n" + head, ...sent]) connection.receive(Buffer.from(piece));
    resolve();
    await heard();
    expect(readResponses(socket.sent)).toMatchObject([{ status: 200 }]);
    server.pass(30_000);
    expect(socket.calls).toEqual(["shutdown"]);
  });
});

describe("lingering behind the last reply", () => {
  const refused = (): ReturnType<HandDrivenServer["connect"]> & { server: HandDrivenServer } => {
    const server = new HandDrivenServer({ linger: 2000, lingerTotal: 30_000 });
    const { connection, socket } = server.connect();
    connection.receive(Buffer.from("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n"));
    expect(readResponses(socket.sent)).toMatchObject([{ status: 413 }]);
    expect(socket.calls).toEqual(["shutdown"]);
    return { server, connection, socket };
  };

  test("ends 2 s behind the client's last byte", () => {
    const { server, connection, socket } = refused();
    for (let i = 0; i < 5; i++) {
      server.pass(1900);
      connection.receive(Buffer.from("more"));
    }
    server.pass(1999);
    expect(socket.calls).toEqual(["shutdown"]);
    server.pass(1);
    expect(socket.calls).toEqual(["shutdown", "close"]);
  });

  test("ends after 30 s, whatever the client sends", () => {
    const { server, connection, socket } = refused();
    for (let i = 0; i < 29; i++) {
      server.pass(1000);
      connection.receive(Buffer.from("more"));
    }
    expect(socket.calls).toEqual(["shutdown"]);
    server.pass(1000);
    expect(socket.calls).toEqual(["shutdown", "close"]);
  });

  test("ends at once when the client has ended, though it sent a moment ago", () => {
    const { connection, socket } = refused();
    connection.receive(Buffer.from("more"));
    connection.peerEnded();
    expect(socket.calls).toEqual(["shutdown", "close"]);
  });
});

describe("StallWatch", () => {
  test("counts only the time in which we wait", () => {
    const watch = new StallWatch(1000, 0);
    watch.wait(0);
    watch.rest(900);
    expect(watch.deadline).toBe(Infinity);
    watch.wait(100_000);
    expect(watch.isTooSlow(100_050)).toBe(false);
    expect(watch.isTooSlow(101_000)).toBe(true);
  });

  test("judges the rate over each window of waiting", () => {
    const watch = new StallWatch(1000, 100);
    watch.wait(0);
    for (let now = 100; now <= 900; now += 100) watch.progress(now, 20);
    expect(watch.isTooSlow(1000)).toBe(false);
    for (let now = 1100; now <= 1900; now += 100) watch.progress(now, 5);
    expect(watch.isTooSlow(1999)).toBe(false);
    expect(watch.isTooSlow(2000)).toBe(true);
  });
});

/** Bytes that come piece by piece, each after a turn; what cannot be sent is read again, as files are. */
function pieces(bytes: Uint8Array): ByteSource {
  let position = 0;
  return {
    length: bytes.length,
    read: async () => {
      await Bun.sleep(0);
      const piece = bytes.subarray(position, position + 256 * 1024);
      position += piece.length;
      return piece.length === 0 ? null : piece;
    },
    putBack: (offset) => {
      position = offset;
      return true;
    },
    close: () => {},
  };
}

async function takeBody(request: HttpRequest): Promise<HttpResponse> {
  const body = request.body!;
  let taken = 0;
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) taken += chunk.length;
  body.close();
  return new HttpResponse(200, String(taken));
}
