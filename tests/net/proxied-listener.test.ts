import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { AddressSet } from "../../src/http/address-set.ts";
import type { ByteSource } from "../../src/http/byte-source.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import { type Dispatch, HttpResponse } from "../../src/http/message.ts";
import { ProxiedListener, type ProxiedSettings } from "../../src/net/proxied-listener.ts";
import { Server } from "../../src/net/server.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { TlsListener } from "../../src/net/tls-listener.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { protocolRoutes, RecordingObserver } from "../support/start-server.ts";

const LARGE = Buffer.alloc(3 * 1024 * 1024, "0123456789abcdef");
const PIECE = Buffer.alloc(256 * 1024, "x");
const ENDLESS_BYTES = 256 * 1024 * 1024;
const HEADER = "PROXY TCP4 192.0.2.1 198.51.100.7 5000 80\r\n";
const BINARY = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x07\x13\x88\0\x50";
const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
const identity = signSelf(makeKey(), "test", { hosts: ["localhost"], addresses: ["127.0.0.1"] }, Date.now());

const dispatch: Dispatch = (request) => {
  const { peer, decodedPath } = request;
  if (decodedPath === "/large") return new HttpResponse(200, LARGE);
  if (decodedPath === "/endless") return new HttpResponse(200, endless());
  if (decodedPath !== "/who") return protocolRoutes(request);
  return new HttpResponse(200, `${peer.address} ${peer.port} ${peer.localAddress} ${peer.secure}`);
};

/** More than the kernel takes, in pieces that are all the same. */
function endless(): ByteSource {
  let left = ENDLESS_BYTES;
  return {
    length: ENDLESS_BYTES,
    read: () => {
      if (left === 0) return null;
      left -= PIECE.length;
      return PIECE;
    },
    close: () => {},
  };
}

class ProxiedServer implements AsyncDisposable {
  readonly observer = new RecordingObserver();
  readonly #tcp: TcpListener;
  readonly #server: Server;

  constructor(settings: Partial<ProxiedSettings> = {}, isSecure = false, limits: Partial<Limits> = {}) {
    this.#tcp = new TcpListener({ hosts: [{ host: "127.0.0.1", addresses: ["127.0.0.1"] }], port: 0 });
    const proxies = new AddressSet(["127.0.0.0/8"]);
    const proxied = new ProxiedListener(this.#tcp, { proxies, timeoutMs: 10_000, mostWaiting: 100, ...settings });
    const listener = isSecure ? new TlsListener(proxied, { ...identity, clientAuthorities: null }) : proxied;
    const options = { limits: { ...DEFAULT_LIMITS, ...limits }, maxTurnedAway: 8, dispatch, observer: this.observer };
    this.#server = new Server({ ...options, listeners: [listener], lifecycle: new Lifecycle() });
    this.#server.listen();
  }

  get port(): number {
    return this.#tcp.port;
  }

  get connections(): number {
    return this.#server.connectionCount;
  }

  drain(graceMs: number): Promise<void> {
    return this.#server.drain(graceMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.drain(0);
  }
}

describe("behind a PROXY header", () => {
  test.each([
    ["version 1", HEADER],
    ["version 2", BINARY],
  ])("the client is whom it names: %s", async (_, header) => {
    await using server = new ProxiedServer();
    expect(await exchange(server.port, header + GET("/who"))).toEndWith("\r\n\r\n192.0.2.1 5000 198.51.100.7 false");
  });

  test.each([
    ["version 1", HEADER],
    ["version 2", BINARY],
  ])("it is the same for every cut: %s", async (_, header) => {
    await using server = new ProxiedServer();
    const all = header + GET("/who");
    for (let cut = 1; cut < header.length + 5; cut += 1) {
      const answer = await exchange(server.port, all.slice(0, cut), all.slice(cut));
      expect(answer).toEndWith("\r\n\r\n192.0.2.1 5000 198.51.100.7 false");
    }
  });

  test("a proxy speaks for itself", async () => {
    await using server = new ProxiedServer();
    const local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    expect(await exchange(server.port, local + GET("/who"))).toMatch(/\r\n\r\n127\.0\.0\.1 \d+ 127\.0\.0\.1 false$/);
  });

  test("one header is enough for a connection, and another is no request", async () => {
    await using server = new ProxiedServer();
    expect(await exchange(server.port, HEADER + HEADER + GET("/who"))).toStartWith("HTTP/1.1 400 ");
    const kept = GET("/who").replace("close", "keep-alive") + GET("/who");
    expect((await exchange(server.port, HEADER + kept)).match(/192\.0\.2\.1 5000/g)).toHaveLength(2);
  });

  test("bodies and large answers pass", async () => {
    await using server = new ProxiedServer();
    const answer = await exchange(server.port, HEADER + GET("/large"));
    expect(answer.length - answer.indexOf("\r\n\r\n") - 4).toBe(LARGE.length);
  });
});

describe("without the header that is due", () => {
  test.each([
    ["a request", GET("/who"), "It does not begin with a PROXY header."],
    ["a TLS handshake", "\x16\x03\x01", "It does not begin with a PROXY header."],
    ["a header that is malformed", "PROXY TCP4 x y 1 2\r\n" + GET("/who"), "Its PROXY header is malformed."],
    ["a header that is cut", HEADER.slice(0, 20), "Its PROXY header is cut short."],
  ])("%s is closed with a line in the log, and nothing is answered", async (_, sent, reason) => {
    await using server = new ProxiedServer();
    expect(await exchange(server.port, sent)).toBe("");
    const told = server.observer.records.map(({ peerAddress, refusal }) => [
      peerAddress,
      refusal?.name,
      refusal?.reason,
    ]);
    const advice = "--proxy-protocol demands one of every connection from --trusted-proxies.";
    expect(told).toEqual([["127.0.0.1", "NO_PROXY_HEADER", `${reason} ${advice}`]]);
    expect(server.connections).toBe(0);
  });

  test("who only looks whether somebody listens makes no noise", async () => {
    await using server = new ProxiedServer();
    expect(await exchange(server.port, "")).toBe("");
    expect(server.observer.records).toEqual([]);
  });

  test("a silent connection ends when its time is over", async () => {
    await using server = new ProxiedServer({ timeoutMs: 20 });
    const client = await RawClient.connect(server.port);
    await client.untilEnd();
    expect(server.observer.records[0]?.refusal?.reason).toStartWith("Its PROXY header did not come in time.");
  });

  test("so many wait and no more; those who leave make room", async () => {
    await using server = new ProxiedServer({ mostWaiting: 2 });
    const first = await RawClient.connect(server.port);
    const second = await RawClient.connect(server.port);
    const third = await RawClient.connect(server.port);
    await third.untilEnd();
    await second.send(HEADER + GET("/who"));
    await second.untilEnd();
    first.reset();
    second.close();
    third.close();
    for (let i = 0; i < 4; i++) expect(await exchange(server.port, HEADER + GET("/who"))).toEndWith("false");
  });

  test("a stop does not wait for it", async () => {
    const server = new ProxiedServer();
    const client = await RawClient.connect(server.port);
    const other = await RawClient.connect(server.port);
    await other.send("PROXY TCP4");
    await exchange(server.port, HEADER + GET("/who"));
    await server.drain(60_000);
    await client.untilEnd();
    await other.untilEnd();
  });
});

describe("whoever is no proxy of ours", () => {
  test("needs no header, and has no say with one", async () => {
    await using server = new ProxiedServer({ proxies: new AddressSet(["192.0.2.0/24"]) });
    expect(await exchange(server.port, GET("/who"))).toMatch(/\r\n\r\n127\.0\.0\.1 \d+ 127\.0\.0\.1 false$/);
    expect(await exchange(server.port, HEADER + GET("/who"))).toStartWith("HTTP/1.1 400 ");
    expect(server.observer.refusals).toEqual(["PROXY_PROTOCOL"]);
  });
});

/** All that a secure client gets which sends its header and its handshake as one piece or as two. */
function secureExchange(port: number, header: string, request: string | Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const below = connect(port, "127.0.0.1", () => {
    below.write(Buffer.from(header, "latin1"));
    const socket = connectTls({ socket: below, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] }, () =>
      socket.write(request),
    );
    let received = "";
    socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
    socket.on("end", () => (socket.end(), resolve(received)));
    socket.on("error", reject);
  });
  below.on("error", reject);
  return promise;
}

describe("TLS behind a PROXY header", () => {
  test.each([
    ["version 1", HEADER],
    ["version 2", BINARY],
  ])("the client is whom it names: %s", async (_, header) => {
    await using server = new ProxiedServer({}, true);
    expect(await secureExchange(server.port, header, GET("/who"))).toEndWith("192.0.2.1 5000 198.51.100.7 true");
  });

  test("large answers pass whole, many at once", async () => {
    await using server = new ProxiedServer({}, true);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => secureExchange(server.port, HEADER, GET("/large"))),
    );
    for (const answer of answers) {
      const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
      expect(Bun.hash(body)).toBe(Bun.hash(LARGE.toString("latin1")));
    }
  });

  test("a client that does not read holds up no more than itself, and gets all of it in the end", async () => {
    await using server = new ProxiedServer({}, true);
    const { promise, resolve } = Promise.withResolvers<TLSSocket>();
    const below = connect(server.port, "127.0.0.1", () => {
      below.write(HEADER);
      const socket = connectTls({ socket: below, rejectUnauthorized: false }, () => resolve(socket));
    });
    const socket = await promise;
    below.pause();
    const before = process.memoryUsage().rss;
    socket.write(GET("/endless").replace("close", "keep-alive"));
    await Bun.sleep(300);
    expect(process.memoryUsage().rss - before).toBeLessThan(ENDLESS_BYTES / 2);
    expect(await secureExchange(server.port, HEADER, GET("/who"))).toEndWith("true");
    let received = 0;
    socket.on("data", (bytes: Buffer) => (received += bytes.length));
    below.resume();
    while (received < ENDLESS_BYTES) await Bun.sleep(10);
    socket.destroy();
  });

  test("large bodies pass whole", async () => {
    await using server = new ProxiedServer({}, true);
    const head = `POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${LARGE.length}\r\n\r\n`;
    const answer = await secureExchange(server.port, HEADER, Buffer.concat([Buffer.from(head), LARGE]));
    const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
    expect(Bun.hash(body)).toBe(Bun.hash(LARGE.toString("latin1")));
  });

  test("a client that speaks no TLS is closed, and the log says why", async () => {
    await using server = new ProxiedServer({}, true);
    expect(await exchange(server.port, HEADER + GET("/who"))).not.toContain("HTTP/1.1 200");
    expect(server.observer.records.map(({ peerAddress, refusal }) => [peerAddress, refusal?.name])).toEqual([
      ["192.0.2.1", "PLAIN_HTTP"],
    ]);
    expect(server.connections).toBe(0);
  });

  test("a handshake that stalls ends when its time is over", async () => {
    await using server = new ProxiedServer({}, true, { handshakeTimeout: 50 });
    const client = await RawClient.connect(server.port);
    await client.send(HEADER + "\x16\x03\x01\x02\0\x01");
    await client.untilEnd();
    client.close();
    expect(server.connections).toBe(0);
  });
});
