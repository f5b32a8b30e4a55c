import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import { type Dispatch, HttpResponse } from "../../src/http/message.ts";
import { TOO_MANY_CONNECTIONS } from "../../src/http/refusal.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { namedClient, type TlsCredentials } from "../../src/net/tls-credentials.ts";
import { TlsListener } from "../../src/net/tls-listener.ts";
import { Server } from "../../src/net/server.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { createRouter } from "../../src/router.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { fingerprintOf } from "../../src/tls/identity.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { protocolRoutes, RecordingObserver } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const LARGE_BYTES = 6 * 1024 * 1024;
const LARGE = Buffer.alloc(LARGE_BYTES, "0123456789abcdef");

function makeIdentity(): TlsCredentials & { readonly cert: string; readonly key: string } {
  const names = { hosts: ["localhost"], addresses: ["127.0.0.1"] };
  return { ...signSelf(makeKey(), "test", names, Date.now()), clientAuthorities: null };
}

const routes: Dispatch = createRouter({
  "/secure": { access: "public", GET: ({ peer }) => new HttpResponse(200, String(peer.secure)) },
  "/large": { access: "public", GET: () => new HttpResponse(200, LARGE) },
});
const dispatch: Dispatch = (request) =>
  request.decodedPath === "/secure" || request.decodedPath === "/large" ? routes(request) : protocolRoutes(request);

class SecureServer {
  readonly observer = new RecordingObserver();
  readonly listener: TlsListener;
  readonly server: Server;
  readonly #tcp: TcpListener;

  constructor(credentials: TlsCredentials, limits: Partial<Limits> = {}) {
    this.#tcp = new TcpListener({ hosts: [{ host: "127.0.0.1", addresses: ["127.0.0.1"] }], port: 0 });
    this.listener = new TlsListener(this.#tcp, credentials);
    this.server = new Server({
      listeners: [this.listener],
      limits: { ...DEFAULT_LIMITS, ...limits },
      maxTurnedAway: 8,
      dispatch,
      observer: this.observer,
      lifecycle: new Lifecycle(),
    });
    this.server.listen();
  }

  get port(): number {
    return this.#tcp.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.drain(0);
  }
}

/** Everything that comes back, and how the connection ended. */
async function secureExchange(port: number, request: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = await openSecure(port, options);
  let received = "";
  socket.on("data", (bytes) => (received += bytes.toString("latin1")));
  const ended = new Promise<void>((resolve) => socket.on("end", resolve).on("close", () => resolve()));
  socket.end(Buffer.from(request, "latin1"));
  await ended;
  socket.destroy();
  return received;
}

function openSecure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const settings = { host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], ...options };
  const socket = connectTls(settings, () => resolve(socket));
  socket.on("error", reject);
  return promise;
}

const identity = makeIdentity();
let shared: SecureServer;
beforeAll(() => {
  shared = new SecureServer(identity);
});
afterAll(() => shared.server.drain(0));

const GET = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

describe("a secure connection", () => {
  test("carries exchanges, one behind the other", async () => {
    const received = await secureExchange(shared.port, GET("/echo/one") + GET("/echo/two", "Connection: close\r\n"));
    expect(received.match(/one|two/g)).toEqual(["one", "two"]);
  });

  test("is known to be one", async () => {
    expect(await secureExchange(shared.port, GET("/secure"))).toEndWith("true");
  });

  test("has an https URL", () => {
    expect(shared.listener.urls).toEqual([`https://127.0.0.1:${shared.port}`]);
  });

  test.each([
    ["its own scheme", "https://localhost/echo/x", "200"],
    ["its own scheme in capitals", "HTTPS://localhost/echo/x", "200"],
    ["the other scheme", "http://localhost/echo/x", "421"],
    ["a scheme that nobody serves", "ftp://localhost/echo/x", "400"],
  ])("takes a target of %s accordingly", async (_, target, status) => {
    expect((await secureExchange(shared.port, GET(target))).slice(9, 12)).toBe(status);
  });

  test("carries a large answer to a client that has ended its own side", async () => {
    const received = await secureExchange(shared.port, GET("/large"));
    const body = received.slice(received.indexOf("\r\n\r\n") + 4);
    expect(body.length).toBe(LARGE_BYTES);
    expect(Bun.hash(body)).toBe(Bun.hash(LARGE.toString("latin1")));
  });

  test("carries a large body up and down", async () => {
    const body = "x".repeat(3_000_000);
    const request = `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const received = await secureExchange(shared.port, request);
    expect(received.endsWith(body)).toBe(true);
  });

  test.each([
    ["HTTP/1.1", "http/1.1", ["h2", "http/1.1"]],
    ["HTTP/1.1 rather than 1.0", "http/1.1", ["http/1.0", "http/1.1"]],
    ["HTTP/1.0, which it answers without TLS too,", "http/1.0", ["http/1.0"]],
  ])("speaks %s by ALPN", async (_, chosen, offered) => {
    const socket = await openSecure(shared.port, { ALPNProtocols: offered });
    expect(socket.alpnProtocol).toBe(chosen);
    socket.destroy();
  });

  test.each([
    ["TLS 1.2", "TLSv1.2"],
    ["TLS 1.3", "TLSv1.3"],
  ] as const)("speaks %s", async (_, version) => {
    const socket = await openSecure(shared.port, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });
});

describe("a handshake that fails", () => {
  test.each([
    ["plain HTTP", GET("/"), "PLAIN_HTTP"],
    ["plain HTTP to a proxy", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "PLAIN_HTTP"],
    ["another protocol", "SSH-2.0-OpenSSH_9.9\r\n", "TLS_FAILED"],
    ["a broken record", "\x16\x03\x01\x00\x05hello", "TLS_FAILED"],
  ])("of %s is closed and told in the log", async (_, bytes, name) => {
    await using own = new SecureServer(identity);
    const received = await exchange(own.port, bytes);
    expect(received).not.toContain("HTTP");
    expect(own.observer.refusals).toEqual([name]);
    expect(own.observer.disconnections).toBe(1);
    expect(own.observer.faults).toEqual([]);
  });

  test("of a client without a common protocol is told", async () => {
    await using own = new SecureServer(identity);
    expect(openSecure(own.port, { ALPNProtocols: ["h2"] })).rejects.toThrow();
    await until(() => own.observer.disconnections === 1);
    expect(own.observer.refusals).toEqual(["TLS_NO_HTTP"]);
  });

  test("because the client went is nobody's news", async () => {
    await using own = new SecureServer(identity);
    const client = await RawClient.connect(own.port);
    client.close();
    await until(() => own.observer.disconnections === 1);
    expect(own.observer.refusals).toEqual([]);
  });

  test.each([
    ["says nothing", ""],
    ["begins and says no more", "\x16\x03\x01\x02\x00\x01"],
  ])("of a client that %s ends with its time", async (_, bytes) => {
    await using own = new SecureServer(identity, { handshakeTimeout: 1 });
    const client = await RawClient.connect(own.port);
    await client.send(bytes);
    expect(await client.untilEnd()).toBe("");
    client.close();
    await until(() => own.server.connectionCount === 0);
  });
});

describe("too many secure connections", () => {
  test("are closed without a word but in the log, and the others go on", async () => {
    await using own = new SecureServer(identity, { maxConnections: 1 });
    const first = await openSecure(own.port);
    expect(openSecure(own.port)).rejects.toThrow();
    await until(() => own.observer.connections === 2 && own.observer.disconnections === 1);
    expect(own.observer.exchanges).toMatchObject([
      { peerAddress: "127.0.0.1", status: 0, cutOff: true, refusal: TOO_MANY_CONNECTIONS },
    ]);
    first.write(GET("/echo/still"));
    const answer = await new Promise<Buffer>((resolve) => first.once("data", resolve));
    expect(answer.toString()).toEndWith("still");
    first.destroy();
  });
});

describe("a new certificate", () => {
  test("is for new connections, and the open ones go on", async () => {
    await using own = new SecureServer(identity);
    const before = await openSecure(own.port);
    const renewed = makeIdentity();
    own.listener.renew(renewed);
    const after = await openSecure(own.port);
    expect(after.getPeerCertificate().fingerprint256).toBe(fingerprintOf(renewed));
    expect(before.getPeerCertificate().fingerprint256).toBe(fingerprintOf(identity));
    before.write(GET("/echo/old"));
    const answer = await new Promise<Buffer>((resolve) => before.once("data", resolve));
    expect(answer.toString()).toEndWith("old");
    before.destroy();
    after.destroy();
  });

  test("under load loses no connection", async () => {
    await using own = new SecureServer(identity);
    let isOver = false;
    const renewing = (async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        own.listener.renew(makeIdentity());
        await Bun.sleep(5);
      }
      isOver = true;
    })();
    const clients = Array.from({ length: 4 }, async () => {
      let count = 0;
      for (; !isOver; count++) {
        expect(await secureExchange(own.port, GET("/echo/ok", "Connection: close\r\n"))).toEndWith("ok");
      }
      return count;
    });
    await renewing;
    const counts = await Promise.all(clients);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(own.observer.refusals).toEqual([]);
  });
});

describe.skipIf(needs({ programs: ["openssl"] }).skip)("client certificates", () => {
  /** An authority, a client that it vouches for, and one that vouches for itself. */
  const SCRIPT = `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=authority
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.csr -subj /CN=bob
openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out own.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -subj /CN=eve`;
  const folder = tempFolder();
  const read = (name: string): string => readFileSync(join(folder.path, name), "utf8");
  beforeAll(() => void Bun.spawnSync(["bash", "-ec", SCRIPT], { cwd: folder.path }));
  afterAll(() => folder[Symbol.dispose]());

  test.each([
    ["none", null, "TLS_NO_CERTIFICATE"],
    ["one that the authority signed", "own", null],
    ["one that signed itself", "other", "TLS_BAD_CERTIFICATE"],
  ])("with %s", async (_, name, refusal) => {
    await using own = new SecureServer({ ...identity, clientAuthorities: read("ca.pem") });
    const pair = name === null ? {} : { cert: read(`${name}.pem`), key: read(`${name}.key`) };
    const received = await secureExchange(own.port, GET("/echo/in"), pair).catch(() => "");
    expect(received.endsWith("in")).toBe(refusal === null);
    expect(own.observer.refusals).toEqual(refusal === null ? [] : [refusal]);
    expect(own.observer.records.map(({ user }) => user)).toEqual(refusal === null ? ["bob"] : [""]);
  });
});

describe("whom a certificate names", () => {
  test.each([
    ["its common name", { CN: "anna" }, "anna"],
    ["a common name among others", { C: "DE", O: "Acme, Inc.", CN: 'a"b' }, 'a"b'],
    ["all of it where there is no common name", { O: "Acme", OU: ["one", "two"] }, "O=Acme,OU=one,OU=two"],
    ["all of it where there are two", { CN: ["anna", "bob"] }, "CN=anna,CN=bob"],
    ["nobody where a name would break a line", { CN: "anna\r\nbob" }, ""],
    ["nobody where it is cut short", { CN: "anna\0.example" }, ""],
    ["nobody where there is none", {}, ""],
  ])("%s", (_, subject, name) => {
    expect(namedClient({ subject } as never)).toBe(name);
  });

  test("is nobody without a certificate", () => {
    expect(namedClient(undefined)).toBe("");
  });
});

describe.skipIf(needs({ programs: ["python3"] }).skip)("the end of an answer", () => {
  const PROGRAM = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
secure = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
secure.sendall(sys.argv[3].encode())
received = 0
try:
    while True:
        piece = secure.recv(65536)
        if not piece: break
        received += len(piece)
    print("closed", received)
except ssl.SSLError as error:
    print("cut", error.reason)
`;
  test.each([
    ["that closes", GET("/echo/x", "Connection: close\r\n")],
    ["that is large and closes", GET("/large", "Connection: close\r\n")],
    ["of HTTP/1.0", "GET /echo/x HTTP/1.0\r\n\r\n"],
    ["to a request that is refused", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
  ])("%s is marked by close_notify", async (_, request) => {
    using folder = tempFolder();
    const file = join(folder.path, "cert.pem");
    writeFileSync(file, identity.cert);
    const child = Bun.spawn(["python3", "-c", PROGRAM, String(shared.port), file, request], { stdout: "pipe" });
    expect(await child.stdout.text()).toStartWith("closed ");
  });
});
