import { describe, expect, test } from "bun:test";
import type { ByteSource } from "../../src/http/byte-source.ts";
import { type HttpRequest, HttpResponse } from "../../src/http/message.ts";
import { StallWatch } from "../../src/net/stall-watch.ts";
import { createRouter } from "../../src/router.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { startServer } from "../support/start-server.ts";

const GET = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";

describe.concurrent("deadlines", () => {
  test("an idle connection closes silently", async () => {
    const { port, stop } = startServer(undefined, { idleTimeout: 100 });
    const client = await RawClient.connect(port);
    expect(await client.untilEnd()).toBe("");
    await stop();
  });

  test("nobody gets less time than was promised", async () => {
    const { port, stop } = startServer(undefined, { idleTimeout: 900 });
    const lived = async (delayMs: number): Promise<number> => {
      await Bun.sleep(delayMs);
      const begin = performance.now();
      const client = await RawClient.connect(port);
      await client.untilEnd();
      return performance.now() - begin;
    };
    const times = await Promise.all([0, 100, 200, 300, 400].map(lived));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(900);
    await stop();
  });

  test("a connection that idles after an answer closes silently, also after an empty line", async () => {
    const { port, stop } = startServer(undefined, { idleTimeout: 100, headTimeout: 60_000 });
    const client = await RawClient.connect(port);
    await client.send(GET + "\r\n");
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 200 }]);
    await stop();
  });

  test("a head that takes too long gets 408, though a byte comes now and then", async () => {
    const { port, stop, observer } = startServer(undefined, { headTimeout: 300 });
    const client = await RawClient.connect(port);
    const drip = setInterval(() => void client.send("a"), 50);
    const received = await client.untilEnd();
    clearInterval(drip);
    expect(readResponses(received)).toMatchObject([{ status: 408 }]);
    expect(observer.refusals).toEqual(["HEAD_TOO_SLOW"]);
    await stop();
  });

  test("a body that stops gets 408 when its answer has not begun", async () => {
    const routes = createRouter({ "/take": { POST: takeBody } });
    const { port, stop } = startServer(routes, { bodyTimeout: 300 });
    const client = await RawClient.connect(port);
    await client.send("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 408 }]);
    await stop();
  });

  test("a client that waits for 100 Continue is not too slow", async () => {
    const late = async (request: HttpRequest): Promise<HttpResponse> => {
      await Bun.sleep(1500);
      return takeBody(request);
    };
    const { port, stop } = startServer(createRouter({ "/late": { POST: late } }), { bodyTimeout: 300 });
    const client = await RawClient.connect(port);
    await client.send("POST /late HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    await client.until(({ received }) => received.includes("\r\n\r\n"));
    await client.send("abc");
    client.end();
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 100 }, { status: 200, body: "3" }]);
    client.close();
    await stop();
  });

  test("a body below the least rate gets 408", async () => {
    const routes = createRouter({ "/take": { POST: takeBody } });
    const { port, stop } = startServer(routes, { bodyTimeout: 1000, minBodyRate: 1000 });
    const client = await RawClient.connect(port);
    await client.send("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const drip = setInterval(() => void client.send("a"), 50);
    const received = await client.untilEnd();
    clearInterval(drip);
    expect(readResponses(received)).toMatchObject([{ status: 408 }]);
    await stop();
  });

  const LARGE = new Uint8Array(64 << 20);
  const bodies: [what: string, body: () => HttpResponse["body"]][] = [
    ["bytes", () => LARGE],
    ["a source", () => pieces(LARGE)],
  ];
  test.each(bodies)("a reader of %s that stops is cut off, and the exchange is recorded as such", async (_, body) => {
    const routes = createRouter({ "/large": { GET: () => new HttpResponse(200, body()) } });
    const { port, stop, observer } = startServer(routes, { writeTimeout: 300 });
    const client = await RawClient.connect(port);
    client.pause();
    await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    while (observer.disconnections === 0) await Bun.sleep(50);
    expect(observer.records).toMatchObject([{ status: 200, cutOff: true }]);
    client.close();
    await stop();
  });

  // The kernel tells of room when a third of its buffer is free, which takes this reader longer than the timeout.
  test.each(bodies)(
    "a reader that is slow but fast enough gets all of %s",
    async (_, body) => {
      const routes = createRouter({ "/large": { GET: () => new HttpResponse(200, body()) } });
      const { port, stop, observer } = startServer(routes, { writeTimeout: 3000, minWriteRate: 1024 });
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
        await Bun.sleep(1400);
        connection.resume();
      }
      while (received <= LARGE.length && observer.disconnections === 0) {
        await Bun.sleep(1);
        connection.resume();
      }
      expect(observer.disconnections).toBe(0);
      connection.terminate();
      await stop();
    },
    60_000,
  );

  test("a handler's own time does not count", async () => {
    const routes = createRouter({
      "/slow": {
        GET: async () => {
          await Bun.sleep(1500);
          return new HttpResponse(200, "done");
        },
      },
    });
    const { port, stop } = startServer(routes, { headTimeout: 100, idleTimeout: 100, bodyTimeout: 100 });
    const received = await exchange(port, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(readResponses(received)).toMatchObject([{ status: 200, body: "done" }]);
    await stop();
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
