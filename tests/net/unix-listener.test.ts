import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AddressSet } from "../../src/http/address-set.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { type Listener, ListenFault, type SocketEvents } from "../../src/net/listener.ts";
import { ProxiedListener } from "../../src/net/proxied-listener.ts";
import { Server } from "../../src/net/server.ts";
import { clearStale, MOST_PATH_BYTES } from "../../src/net/socket-file.ts";
import { UnixListener } from "../../src/net/unix-listener.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { protocolRoutes, RecordingObserver } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { exchangeAt } from "../support/unix-client.ts";

const HELLO = withoutBody("GET", "/echo/hello");
const EVENTS = { data() {} };
const { skip } = needs({ linux: true });

function serve(...listeners: readonly Listener[]): { readonly observer: RecordingObserver; readonly server: Server } {
  const [observer, lifecycle] = [new RecordingObserver(), new Lifecycle()];
  const given = { limits: DEFAULT_LIMITS, maxTurnedAway: 1, dispatch: protocolRoutes };
  const server = new Server({ ...given, listeners, observer, lifecycle });
  server.listen();
  return { observer, server };
}

/** As a server with this one place. */
function begin(listener: UnixListener, events: SocketEvents<undefined> = EVENTS): void {
  listener.listen(events);
  listener.publish();
}

/** A socket that nobody listens at, as a killed server leaves it. */
function leaveStale(path: string): void {
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`;
  Bun.spawnSync([process.execPath, "-e", script]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

describe.skipIf(skip)("a unix socket", () => {
  test("is listened at from the moment that it is there, and goes when that ends", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const listener = new UnixListener({ path, mode: 0o660 });
    expect(listener.urls).toEqual([`unix:${path}`]);
    const { observer, server } = serve(listener);
    expect(await exchangeAt(path, HELLO)).toContain("hello");
    expect(observer.records[0]!.peerAddress).toBe("unix");
    expect(observer.records[0]!.peerPort).toBe(0);
    expect(readdirSync(folder.path)).toEqual(["s"]);
    await server.drain(0);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each([
    [0o660, 0o022],
    [0o600, 0o000],
    [0o666, 0o077],
    [0o000, 0o022],
    [0o777, 0o777],
  ])("has the mode %o whatever the umask is (%o), which stays", (mode, umask) => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const before = process.umask(umask);
    const listener = new UnixListener({ path, mode });
    begin(listener);
    expect(process.umask(before)).toBe(umask);
    expect(lstatSync(path).mode & 0o777).toBe(mode);
    listener.stop();
  });

  test.skipIf(needs({ programs: ["setfacl"] }).skip)("has its mode where the folder gives new files another", () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    Bun.spawnSync(["setfacl", "-d", "-m", "u::rwx,g::rwx,o::rwx", folder.path]);
    const listener = new UnixListener({ path, mode: 0o600 });
    begin(listener);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    listener.stop();
  });

  const taken: [what: string, put: (path: string) => void][] = [
    ["a file", (path) => writeFileSync(path, "mine")],
    ["a folder", (path) => mkdirSync(path)],
    ["a symbolic link to nowhere", (path) => symlinkSync("nowhere", path)],
    ["an old socket", leaveStale],
  ];
  test.each(taken)("takes no path where there is %s", (_, put) => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    put(path);
    const { ino } = lstatSync(path);
    const listener = new UnixListener({ path, mode: 0o660 });
    const fault = expect.objectContaining({ host: `unix:${path}`, cause: expect.objectContaining({ code: "EEXIST" }) });
    expect(() => begin(listener)).toThrow(fault);
    listener.stop();
    expect(readdirSync(folder.path)).toEqual(["s"]);
    expect(lstatSync(path).ino).toBe(ino);
  });

  test("whose folder is not there is a fault", () => {
    using folder = tempFolder();
    const listener = new UnixListener({ path: join(folder.path, "none", "s"), mode: 0o660 });
    expect(() => begin(listener)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: "ENOENT" }) }),
    );
  });

  test("that another has taken over is the other's to remove, and who was let in stays", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const first = new UnixListener({ path, mode: 0o660 });
    let told = "";
    begin(first, {
      open: (socket) => void socket.write(Buffer.from("first"), 0, 5),
      data: (_, bytes) => void (told += bytes),
    });
    const client = await Bun.connect({ unix: path, socket: EVENTS });
    const second = new UnixListener({ path, mode: 0o600, takesOver: true });
    begin(second, { open: (socket) => socket.close(), data() {} });
    first.stop();
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(await exchangeAt(path, "")).toBe("");
    client.write("still there");
    while (told === "") await Bun.sleep(1);
    expect(told).toBe("still there");
    client.end();
    second.stop();
    expect(existsSync(path)).toBe(false);
  });

  test("that another would take over stays where that one cannot be everywhere", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const first = serve(new UnixListener({ path, mode: 0o660 }));
    const { ino } = lstatSync(path);
    const second = new UnixListener({ path, mode: 0o660, takesOver: true });
    const nowhere = new UnixListener({ path: join(folder.path, "none", "s"), mode: 0o660, takesOver: true });
    for (const listeners of [
      [second, nowhere],
      [nowhere, second],
    ])
      expect(() => serve(...listeners)).toThrow(expect.any(ListenFault));
    expect(readdirSync(folder.path)).toEqual(["s"]);
    expect(lstatSync(path).ino).toBe(ino);
    expect(await exchangeAt(path, HELLO)).toContain("hello");
    await first.server.drain(0);
  });

  test("that somebody else has removed, or put another file in place of, is left alone", () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const listener = new UnixListener({ path, mode: 0o660 });
    begin(listener);
    Bun.spawnSync(["rm", path]);
    writeFileSync(path, "mine");
    listener.stop();
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("without a file has one owner, and leaves nothing", async () => {
    const path = `@mini-http-${process.pid}-${Date.now()}`;
    const { server } = serve(new UnixListener({ path, mode: 0o660 }));
    expect(await exchangeAt(path, HELLO)).toContain("hello");
    const second = new UnixListener({ path, mode: 0o660 });
    expect(() => begin(second)).toThrow(
      expect.objectContaining({ host: `unix:${path}`, cause: expect.objectContaining({ code: "EADDRINUSE" }) }),
    );
    await server.drain(0);
    begin(second);
    second.stop();
  });

  test("has clients that a PROXY header names, and others that are called as before", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const settings = { proxies: new AddressSet(["unix"]), timeoutMs: 10_000, mostWaiting: 8 };
    const { observer, server } = serve(new ProxiedListener(new UnixListener({ path, mode: 0o660 }), settings));
    expect(await exchangeAt(path, "PROXY TCP4 192.0.2.1 127.0.0.1 5000 80\r\n" + HELLO)).toContain("hello");
    expect(
      await exchangeAt(path, Buffer.from("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "latin1").toString("latin1") + HELLO),
    ).toContain("hello");
    expect(await exchangeAt(path, HELLO)).toBe("");
    expect(observer.exchanges.map(({ peerAddress, peerPort }) => [peerAddress, peerPort])).toEqual([
      ["192.0.2.1", 5000],
      ["unix", 0],
      ["unix", 0],
    ]);
    expect(observer.refusals).toEqual(["NO_PROXY_HEADER"]);
    await server.drain(0);
  });
});

describe.skipIf(skip)("room for a unix socket", () => {
  const found: [what: string, put: (path: string) => void, fault: string | null, isLeft: boolean][] = [
    ["nothing", () => {}, null, false],
    ["an old socket", leaveStale, null, false],
    ["a file", (path) => writeFileSync(path, ""), "other-file", true],
    ["a folder", (path) => mkdirSync(path), "other-file", true],
    ["a symbolic link to nowhere", (path) => symlinkSync("nowhere", path), "other-file", true],
  ];
  test.each(found)("where there is %s", async (_, put, fault, isLeft) => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    put(path);
    expect(await clearStale(path, false)).toBe(fault as never);
    expect(readdirSync(folder.path)).toEqual(isLeft ? ["s"] : []);
  });

  test("is none where somebody listens, unless it is taken over", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "s");
    const listener = new UnixListener({ path, mode: 0o660 });
    begin(listener);
    expect(await clearStale(path, false)).toBe("in-use");
    expect(await clearStale(path, true)).toBeNull();
    expect(readdirSync(folder.path)).toEqual(["s"]);
    listener.stop();
  });

  test.each([
    ["that fits", "s", 0, null],
    ["that is too long by a byte", "s", 1, "too-long"],
    ["that is too long in bytes, and not in characters", "é", 1, "too-long"],
  ])("is found for a path %s", async (_, last, more, fault) => {
    using folder = tempFolder();
    const rest = MOST_PATH_BYTES - Buffer.byteLength(`${folder.path}/${last}`) + more;
    const path = join(folder.path, last + "x".repeat(rest));
    expect(await clearStale(path, false)).toBe(fault as never);
    if (fault !== null) return;
    const listener = new UnixListener({ path, mode: 0o660 });
    begin(listener);
    expect(existsSync(path)).toBe(true);
    listener.stop();
  });
});
