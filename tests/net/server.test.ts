import { describe, expect, test } from "bun:test";
import { addressesOf } from "../../src/net/host-addresses.ts";
import { HttpResponse } from "../../src/http/message.ts";
import { createRouter } from "../../src/router.ts";
import { needs } from "../support/needs.ts";
import { exchange, exchangeOpen, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { startServer } from "../support/start-server.ts";

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

  test("drain lets the exchange in hand finish, closes idle connections and takes no new ones", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpResponse>();
    const { port, server } = startServer(createRouter({ "/wait": { GET: () => promise } }));
    const idle = await RawClient.connect(port);
    const busy = await RawClient.connect(port);
    await busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    while (server.connectionCount < 2) await Bun.sleep(5);
    await Bun.sleep(20);
    const drained = server.drain(10_000);
    expect(await idle.untilEnd()).toBe("");
    idle.close();
    expect(RawClient.connect(port)).rejects.toThrow();
    resolve(new HttpResponse(200, "finished"));
    const [reply] = readResponses(await busy.untilEnd());
    expect(reply).toMatchObject({ status: 200, body: "finished" });
    expect(reply!.fields.get("connection")).toBe("close");
    busy.close();
    await drained;
    expect(server.connectionCount).toBe(0);
  });

  test("drain cuts off what is not finished within the grace time", async () => {
    const { port, server, observer } = startServer(createRouter({ "/never": { GET: () => new Promise(() => {}) } }));
    const client = await RawClient.connect(port);
    await client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    while (observer.connections === 0) await Bun.sleep(5);
    await Bun.sleep(20);
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
    await Bun.sleep(500);
    const answered = observer.records.length;
    await Bun.sleep(300);
    // The kernel's buffers are full: nothing more is taken, and far from everything was.
    expect(observer.records.length).toBe(answered);
    expect(answered).toBeLessThan(50_000);
    client.resume();
    await client.until(() => observer.records.length === 100_000, 30_000);
    await flood;
    client.close();
    await stop();
  }, 60_000);
});

async function getFrom(address: string, port: number): Promise<string> {
  const client = await RawClient.connect(port, address);
  await client.send(GET);
  client.end();
  const reply = await client.untilEnd();
  client.close();
  return reply;
}

/** Every address in 127/8 is one of the machine's, on Linux. */
describe.skipIf(needs({ linux: true }).skip)("a host of several addresses", () => {
  test("is listened on at all of them, on one port, until the drain", async () => {
    const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const { port, server, stop } = startServer(undefined, {}, { addresses });
    for (const address of addresses) expect(await getFrom(address, port)).toContain("200 OK");
    expect(server.absentAddresses).toEqual([]);
    await stop();
    for (const address of addresses) expect(getFrom(address, port)).rejects.toThrow();
  });

  test("that the machine has only in part tells which are absent", async () => {
    const addresses = ["198.51.100.1", "127.0.0.2", "2001:db8::1"];
    const { port, server, stop } = startServer(undefined, {}, { addresses });
    expect(await getFrom("127.0.0.2", port)).toContain("200 OK");
    expect(server.absentAddresses).toEqual(["198.51.100.1", "2001:db8::1"]);
    await stop();
  });

  test("of which the machine has none is a fault", () => {
    const addresses = ["198.51.100.1", "198.51.100.2"];
    expect(() => startServer(undefined, {}, { addresses })).toThrow("Failed to listen at 198.51.100.1");
  });

  test("is a fault when the port is in use on one of them, and leaves it free on the others", () => {
    using other = Bun.listen({ hostname: "127.0.0.3", port: 0, socket: { data() {} } });
    const { port } = other;
    expect(() => startServer(undefined, {}, { addresses: ["127.0.0.2", "127.0.0.3"], port })).toThrow("127.0.0.3");
    Bun.listen({ hostname: "127.0.0.2", port, socket: { data() {} } }).stop(true);
  });
});

describe("addressesOf", () => {
  test.each([
    ["127.0.0.1", ["127.0.0.1"]],
    ["::1", ["::1"]],
    ["fe80::1%lo", ["fe80::1%lo"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["127.1", ["127.0.0.1"]],
  ])("%s is %j", async (host, addresses) => {
    expect(await addressesOf(host)).toEqual(addresses);
  });

  test("a name that nobody knows is a fault", () => {
    expect(addressesOf("no-such-host.invalid")).rejects.toThrow();
  });
});
