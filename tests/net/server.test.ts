import { describe, expect, test } from "bun:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { type Handler, HttpResponse } from "../../src/http/message.ts";
import { Server } from "../../src/net/server.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { createRouter } from "../../src/router.ts";
import { until } from "../support/patience.ts";
import { exchange, exchangeOpen, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { HandClock } from "../support/hand-clock.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { protocolRoutes, RecordingObserver, startServer } from "../support/start-server.ts";

/** As many as `startServer` says. */
const TURNED_AWAY = 8;
const GET = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";

describe("Server", () => {
  test("turns connections over the limit away with 503 and Retry-After, and serves again when some go", async () => {
    const { port, server, stop } = startServer(undefined, { maxConnections: 3 });
    const held = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
    for (const client of held) {
      await client.send(GET);
      await client.until(({ received }) => received.endsWith("a"));
    }
    const [reply] = readResponses(await exchangeOpen(port, ""));
    expect(reply).toMatchObject({ status: 503 });
    expect(reply!.fields.get("retry-after")).toBe("1");
    held[0]!.close();
    while (server.connectionCount > 2) await Bun.sleep(10);
    expect(readResponses(await exchange(port, GET))).toMatchObject([{ status: 200 }]);
    for (const client of held) client.close();
    await stop();
  });

  test.each([0, 1, 5])(
    "tells its log of each connection over the limit, also of %d that get no answer",
    async (unheard) => {
      const { port, server, observer, stop } = startServer(undefined, { maxConnections: 1 });
      const held = [await RawClient.connect(port)];
      // Whoever is turned away has a moment to read why; nobody leaves before all have come.
      for (let i = 0; i < TURNED_AWAY + unheard; i++) held.push(await RawClient.connect(port));
      await until(() => observer.refusals.length === TURNED_AWAY + unheard);
      expect(new Set(observer.refusals)).toEqual(new Set(["TOO_MANY_CONNECTIONS"]));
      expect(observer.exchanges.filter(({ status }) => status === 0)).toHaveLength(unheard);
      expect(server.connectionCount).toBe(1 + TURNED_AWAY);
      for (const client of held) client.close();
      await stop();
    },
  );

  test("drain lets the exchange in hand finish, closes idle connections and takes no new ones", async () => {
    const { handler, asked, answer } = waitingHandler();
    const { port, server } = startServer(createRouter({ "/wait": { GET: handler } }));
    const idle = await RawClient.connect(port);
    const busy = await RawClient.connect(port);
    await busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked;
    while (server.connectionCount < 2) await Bun.sleep(5);
    const drained = server.drain(10_000);
    expect(await idle.untilEnd()).toBe("");
    idle.close();
    expect(RawClient.connect(port)).rejects.toThrow();
    answer(new HttpResponse(200, "finished"));
    const [reply] = readResponses(await busy.untilEnd());
    expect(reply).toMatchObject({ status: 200, body: "finished" });
    expect(reply!.fields.get("connection")).toBe("close");
    busy.close();
    await drained;
    expect(server.connectionCount).toBe(0);
  });

  test.each(["", GET.slice(0, 7)])("drain waits a moment for who has just come, and sent %p so far", async (sent) => {
    const { port, server } = startServer(undefined, {}, { clock: new HandClock() });
    const client = await RawClient.connect(port);
    await client.send(sent);
    while (server.connectionCount < 1) await Bun.sleep(1);
    const drained = server.drain(10_000);
    await client.send(GET.slice(sent.length));
    const [reply] = readResponses(await client.untilEnd());
    expect([reply!.status, reply!.fields.get("connection")]).toEqual([200, "close"]);
    client.close();
    await drained;
  });

  test("drain waits no longer for who has just come and asks for nothing", async () => {
    const { port, server } = startServer();
    const client = await RawClient.connect(port);
    while (server.connectionCount < 1) await Bun.sleep(1);
    const drained = server.drain(60_000);
    expect(await client.untilEnd()).toBe("");
    client.close();
    await drained;
  });

  test("drain cuts off what is not finished within the grace time", async () => {
    const { handler, asked } = waitingHandler();
    const { port, server } = startServer(createRouter({ "/never": { GET: handler } }));
    const client = await RawClient.connect(port);
    await client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked;
    await server.drain(50);
    await client.until(({ isClosed, isEnded }) => isClosed || isEnded);
    expect(server.connectionCount).toBe(0);
  });

  test("aborted connections of every kind leave nothing behind", async () => {
    const { port, server, observer, stop } = startServer();
    const beginnings = ["", "GET /ec", GET, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"];
    for (let round = 0; round < 50; round++) {
      const clients = await Promise.all(beginnings.map(() => RawClient.connect(port)));
      await Promise.all(clients.map((client, i) => client.send(beginnings[i]!)));
      for (const [i, client] of clients.entries()) (round + i) % 2 === 0 ? client.reset() : client.close();
    }
    while (server.connectionCount > 0) await Bun.sleep(10);
    expect(observer.connections).toBe(200);
    expect(observer.disconnections).toBe(200);
    expect(observer.faults).toEqual([]);
    await stop();
  });

  test("a pipelining client that never reads is made to wait, not buffered", async () => {
    const routes = createRouter({ "/kib": { GET: () => new HttpResponse(200, "x".repeat(1024)) } });
    const { port, observer, stop } = startServer(routes);
    const client = await RawClient.connect(port);
    client.pause();
    const flood = client.send("GET /kib HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100_000));
    let answered: number;
    do {
      answered = observer.records.length;
      await Bun.sleep(300);
    } while (answered === 0 || observer.records.length > answered);
    // The kernel's buffers are full: nothing more is taken, and far from everything was.
    expect(answered).toBeLessThan(50_000);
    client.resume();
    await client.until(() => observer.records.length === 100_000);
    await flood;
    client.close();
    await stop();
  });

  test("of several listeners listens at all of them, or at none when one cannot be had", () => {
    const placeOf = (port: number): TcpListener =>
      new TcpListener({ hosts: [{ host: "localhost", addresses: ["127.0.0.1"] }], port });
    const [one, other] = [placeOf(0), placeOf(0)];
    const server = serverOf([one, other]);
    expect(server.listen()).toEqual([...one.urls, ...other.urls]);
    const third = placeOf(0);
    expect(() => serverOf([third, placeOf(one.port)]).listen()).toThrow();
    expect(third.port).toBeGreaterThan(0);
    Bun.listen({ hostname: "127.0.0.1", port: third.port, socket: { data() {} } }).stop(true);
    return server.drain(0);
  });
});

/** A handler that answers when the test says so, if ever; `asked` resolves when it is called. */
function waitingHandler(): { handler: Handler; asked: Promise<void>; answer: (response: HttpResponse) => void } {
  const reply = Promise.withResolvers<HttpResponse>();
  const call = Promise.withResolvers<void>();
  const handler = (): Promise<HttpResponse> => {
    call.resolve();
    return reply.promise;
  };
  return { handler, asked: call.promise, answer: reply.resolve };
}

function serverOf(listeners: readonly TcpListener[]): Server {
  const [observer, lifecycle] = [new RecordingObserver(), new Lifecycle()];
  const given = { limits: DEFAULT_LIMITS, maxTurnedAway: 1, dispatch: protocolRoutes };
  return new Server({ ...given, listeners, observer, lifecycle });
}
