import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createRouter } from "../../src/router.ts";
import { createTestingRoutes } from "../../src/testing/routes.ts";
import { acceptOf } from "../../src/testing/websocket-echo.ts";
import { application } from "../support/app.ts";
import { ask } from "../support/endpoint-client.ts";
import { HandTimer } from "../support/hand-timer.ts";
import { RawClient } from "../support/raw-client.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

const timer = new HandTimer();
let started: StartedServer;
beforeAll(() => {
  started = startServer(createRouter(createTestingRoutes({ allowedHosts: [], timer })));
});
afterAll(() => started.stop());

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const UPGRADE = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
const VERSION = "Sec-WebSocket-Version: 13\r\n";
const HANDSHAKE = `${UPGRADE}${VERSION}Sec-WebSocket-Key: ${KEY}\r\n`;

/** A client frame with a mask that changes nothing. */
function frame(first: number, payload: string): string {
  return String.fromCharCode(first, 0x80 | payload.length) + "\0\0\0\0" + payload;
}

async function open(more = ""): Promise<RawClient> {
  const client = await RawClient.connect(started.port);
  await client.send(`GET /websocket/echo HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n${more}`);
  await client.until(({ received }) => received.includes("\r\n\r\n"));
  return client;
}

function behindHead({ received }: RawClient): string {
  return received.slice(received.indexOf("\r\n\r\n") + 4);
}

describe("the handshake", () => {
  test("gives the accept value of RFC 6455 1.3", () => {
    expect(acceptOf(KEY)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  test("switches", async () => {
    const client = await open();
    expect(client.received).toStartWith(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    );
    expect(client.received).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    client.reset();
  });

  const refused: [why: string, fields: string, status: number][] = [
    ["no upgrade at all", "", 426],
    ["another protocol", HANDSHAKE.replace("websocket", "h2c"), 426],
    ["no upgrade in Connection", HANDSHAKE.replace(", Upgrade", ""), 426],
    ["another version", HANDSHAKE.replace("13", "8"), 426],
    ["no key", UPGRADE + VERSION, 400],
    ["a key of another length", HANDSHAKE.replace(KEY, "YWJj"), 400],
  ];
  test.each(refused)("%s is refused", async (_why, fields, status) => {
    const response = await ask(started.port, "GET", "/websocket/echo", { fields });
    expect(response.status).toBe(status);
    if (status === 426) expect(response.fields.get("sec-websocket-version")).toBe("13");
  });
});

const talks: [why: string, sent: string, received: string][] = [
  ["text", frame(0x81, "hello"), "\x81\x05hello"],
  ["bytes", frame(0x82, "\xff\0"), "\x82\x02\xff\0"],
  ["fragments as one message", frame(0x01, "a") + frame(0x00, "b") + frame(0x80, "c"), "\x81\x03abc"],
  ["a ping with a pong", frame(0x89, "p"), "\x8a\x01p"],
  ["a pong with nothing", frame(0x8a, "p") + frame(0x81, "x"), "\x81\x01x"],
  ["a close with the same", frame(0x88, "\x03\xe8bye"), "\x88\x02\x03\xe8"],
  ["a close without a code with the same", frame(0x88, ""), "\x88\x00"],
  ["text that is none with 1007", frame(0x81, "\xff"), "\x88\x02\x03\xef"],
  ["what must not be with 1002", frame(0xc1, "a"), "\x88\x02\x03\xea"],
  ["many messages in order", frame(0x81, "a") + frame(0x81, "b") + frame(0x81, "c"), "\x81\x01a\x81\x01b\x81\x01c"],
];

describe("/websocket/echo", () => {
  test.each(talks)("answers %s", async (_why, sent, received) => {
    const client = await open();
    await client.send(sent);
    await client.until((each) => behindHead(each).length >= received.length);
    expect(behindHead(client)).toBe(received);
    if (received.startsWith("\x88")) await client.untilEnd();
    client.reset();
  });

  test("takes frames that come with the request, and answers before a client that ended its side is let go", async () => {
    const client = await open(frame(0x81, "early"));
    client.end();
    await client.untilEnd();
    expect(behindHead(client)).toBe("\x81\x05early\x88\x02\x03\xe9");
    client.close();
  });

  test("asks a client that says nothing, and gives it up", async () => {
    const client = await open();
    await timer.pass(30_000);
    await client.until((each) => behindHead(each) === "\x89\x00");
    await client.send(frame(0x8a, ""));
    await client.send(frame(0x81, "x"));
    await client.until((each) => behindHead(each).endsWith("\x81\x01x"));
    await timer.pass(30_000);
    await timer.pass(30_000);
    await client.untilEnd();
    expect(behindHead(client)).toBe("\x89\x00\x81\x01x\x89\x00\x88\x02\x03\xe9");
    client.close();
  });

  test("a client that leaves costs nothing", async () => {
    const client = await open();
    const gone = started.observer.disconnections;
    client.reset();
    while (started.observer.disconnections === gone) await Bun.sleep(1);
    expect(timer.waiting).toBe(0);
    expect(started.observer.faults).toEqual([]);
  });

  test("a server that stops says that it goes away", async () => {
    const server = startServer(application(null, "--testing"));
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/websocket/echo`);
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    await server.server.drain(5000);
    expect(await closed).toBe(1001);
  });

  test("Bun's own client gets a megabyte back", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${started.port}/websocket/echo`);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const sent = crypto.getRandomValues(new Uint8Array(64 * 1024));
    const message = Buffer.concat(Array.from({ length: 16 }, () => sent));
    const echoed = new Promise<ArrayBuffer>((resolve) =>
      socket.addEventListener("message", ({ data }) => resolve(data)),
    );
    socket.send(message);
    expect(Buffer.from(await echoed).equals(message)).toBe(true);
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    socket.close(4000, "done");
    expect(await closed).toBe(4000);
  });
});
