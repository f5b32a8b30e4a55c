// Sockets that somebody else has opened, in this process: what they are, and what clients find on them.

import { afterEach, describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { InheritedListener } from "../../src/net/inherited-listener.ts";
import { describeListeningSocket, type ListeningSocket } from "../../src/net/listening-socket.ts";
import { Server } from "../../src/net/server.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { withLength, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { protocolRoutes, RecordingObserver } from "../support/start-server.ts";
import { type SocketWish, SystemSocket } from "../support/system-socket.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { exchangeAt } from "../support/unix-client.ts";

const { skip } = needs({ linux: true });
const HELLO = withoutBody("GET", "/echo/hello");
const BIG = "b".repeat(8_000_000);
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.drain(0);
});

function listening(socket: SystemSocket): ListeningSocket {
  const described = describeListeningSocket(socket.duplicate());
  if ("reason" in described) throw new Error(described.reason);
  return described;
}

function serve(socket: SystemSocket): { readonly server: Server; readonly urls: readonly string[] } {
  const server = new Server({
    listeners: [new InheritedListener(listening(socket))],
    limits: DEFAULT_LIMITS,
    maxTurnedAway: 8,
    dispatch: protocolRoutes,
    observer: new RecordingObserver(),
    lifecycle: new Lifecycle(),
  });
  servers.push(server);
  return { server, urls: server.listen() };
}

describe.skipIf(skip)("a descriptor", () => {
  const good: [what: string, wish: SocketWish, host: string][] = [
    ["an IPv4 socket", { at: "127.0.0.1" }, "127.0.0.1"],
    ["one of another loopback address", { at: "127.1.2.3" }, "127.1.2.3"],
    ["one of every address", { at: "0.0.0.0" }, "0.0.0.0"],
    ["an IPv6 socket", { at: "::1" }, "::1"],
    ["one of every IPv6 address", { at: "::" }, "::"],
    ["an abstract unix socket", { at: `@mini-http-test-${process.pid}` }, `unix:@mini-http-test-${process.pid}`],
  ];
  test.each(good)("of %s is told as --host would name it", (_what, wish, host) => {
    using socket = new SystemSocket(wish);
    const { descriptor } = socket;
    const port = host.startsWith("unix:") ? null : socket.port;
    expect(describeListeningSocket(descriptor)).toEqual({ descriptor, host, port });
  });

  test("of a unix socket has its path", () => {
    using folder = tempFolder();
    const path = join(folder.path, "ein Täst.sock");
    using socket = new SystemSocket({ at: path });
    expect(describeListeningSocket(socket.descriptor)).toMatchObject({ host: `unix:${path}`, port: null });
  });

  const bad: [what: string, wish: SocketWish, reason: string][] = [
    ["a datagram socket", { at: "127.0.0.1", type: "datagram" }, "is no stream socket"],
    ["a socket of packets", { at: `@mini-http-packets-${process.pid}`, type: "seqpacket" }, "is no stream socket"],
    ["a socket that does not listen", { at: "127.0.0.1", listens: false }, "is a socket that does not listen"],
  ];
  test.each(bad)("of %s is of no use", (_what, wish, reason) => {
    using socket = new SystemSocket(wish);
    expect(describeListeningSocket(socket.descriptor)).toEqual({ reason } as never);
  });

  test("of a file, or of nothing, is no socket", () => {
    const file = openSync(import.meta.path, "r");
    expect(describeListeningSocket(file)).toEqual({ reason: "is no socket" } as never);
    closeSync(file);
    expect(describeListeningSocket(file)).toEqual({ reason: "is no socket" } as never);
  });
});

describe.skipIf(skip)("a server at an inherited socket", () => {
  test("answers, and says where", async () => {
    using socket = new SystemSocket({ at: "127.0.0.1" });
    expect(serve(socket).urls).toEqual([`http://127.0.0.1:${socket.port}`]);
    expect(await exchange(socket.port, HELLO)).toEndWith("hello");
  });

  test("reads to the end what a client sends that does not wait, and answers it whole", async () => {
    using socket = new SystemSocket({ at: "127.0.0.1" });
    serve(socket);
    const client = await RawClient.connect(socket.port);
    await client.send(withLength("POST", "/echo", "", BIG));
    client.end();
    client.pause();
    await Bun.sleep(50);
    client.resume();
    expect(await client.untilEnd()).toEndWith(`\r\n\r\n${BIG}`);
  });

  test("answers who came before it, and leaves to the next one who comes after it", async () => {
    using socket = new SystemSocket({ at: "127.0.0.1" });
    const early = exchange(socket.port, HELLO);
    const { server } = serve(socket);
    expect(await early).toEndWith("hello");
    await server.drain(0);
    const late = exchange(socket.port, HELLO);
    await Bun.sleep(20);
    serve(socket);
    expect(await late).toEndWith("hello");
  });

  test("leaves the file of a unix socket where it is", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    using socket = new SystemSocket({ at: path });
    const { server, urls } = serve(socket);
    expect(urls).toEqual([`unix:${path}`]);
    expect(await exchangeAt(path, HELLO)).toEndWith("hello");
    await server.drain(0);
    expect(existsSync(path)).toBe(true);
    const late = exchangeAt(path, HELLO);
    serve(socket);
    expect(await late).toEndWith("hello");
  });

  test("cannot be at a descriptor that is none", () => {
    const listener = new InheritedListener({ descriptor: 1000, host: "127.0.0.1", port: 80 });
    expect(() => listener.listen({ data() {} })).toThrow();
    listener.stop();
  });
});
