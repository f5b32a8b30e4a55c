// A server that is started with sockets that listen already, as systemd and systemd-socket-activate do it.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { type ProgramOptions, RunningProgram, runProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { type SocketWish, SystemSocket } from "../support/system-socket.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { exchangeAt } from "../support/unix-client.ts";

const { skip } = needs({ linux: true });
const { skip: withoutCurl } = needs({ linux: true, programs: ["curl"] });
const HELLO = withoutBody("GET", "/echo/hello", "Connection: close\r\n");
const CREWS: readonly (readonly string[])[] = [
  ["--workers", "1"],
  ["--workers", "2"],
];
const CLIENTS = 16;
/** A client that was slower than this with its first word may have been given up. */
const SLOW_MS = 300;
const PATIENCE_MS = 60_000;

/** How a service manager starts a program: with its sockets, and with words about them for it alone. */
function handing(sockets: readonly SystemSocket[], env: Record<string, string> = {}): ProgramOptions {
  return {
    descriptors: sockets.map(({ descriptor }) => descriptor),
    before: "export LISTEN_PID=$$",
    env: { LISTEN_FDS: String(sockets.length), ...env },
  };
}

function childrenOf(pid: number): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.filter((name) => parentOf(name) === pid).map(Number);
}

function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  } catch {
    return null;
  }
}

async function curl(...words: string[]): Promise<string> {
  return Bun.spawn(["curl", "--silent", "--max-time", "30", ...words], { stdout: "pipe" }).stdout.text();
}

/** Clients that come one after the other until they are told to stop; how many were answered, and what the others got. */
class Newcomers {
  answered = 0;
  readonly lost: string[] = [];
  #goesOn = true;
  readonly #all: Promise<void[]>;

  constructor(port: number) {
    this.#all = Promise.all(Array.from({ length: CLIENTS }, () => this.#comeAndGo(port)));
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#all;
  }

  async #comeAndGo(port: number): Promise<void> {
    while (this.#goesOn) {
      const begin = performance.now();
      let spoke = begin;
      try {
        const client = await RawClient.connect(port);
        await client.send(HELLO);
        spoke = performance.now();
        const answer = await client.untilEnd(PATIENCE_MS);
        client.close();
        if (answer.endsWith("hello")) this.answered += 1;
        else if (spoke - begin < SLOW_MS) this.lost.push(JSON.stringify(answer));
      } catch (error) {
        if (spoke - begin < SLOW_MS) this.lost.push(String(error));
      }
    }
  }
}

describe.skipIf(skip).each(CREWS)("a server with sockets that were handed over (%s %s)", (...crew) => {
  test(
    "serves at all of them, and nowhere else",
    async () => {
      using folder = tempFolder();
      const [path, ready] = [join(folder.path, "s"), join(folder.path, "ready.json")];
      using v4 = new SystemSocket({ at: "127.0.0.1" });
      using v6 = new SystemSocket({ at: "::1" });
      using unix = new SystemSocket({ at: path });
      const flags = [...crew, "--ready-file", ready];
      await using program = await RunningProgram.start(flags, handing([v4, v6, unix]));
      const urls = [`http://127.0.0.1:${v4.port}`, `http://[::1]:${v6.port}`, `unix:${path}`];
      expect(program.log).toContain(`[SERVER STARTED] Listening on ${urls.join(", ")} `);
      expect(program.log).not.toContain("WARNING");
      await program.untilLog(() => readdirSync(folder.path).includes("ready.json"));
      expect(JSON.parse(readFileSync(ready, "utf8")).urls).toEqual(urls);
      expect(await exchange(v4.port, HELLO)).toEndWith("hello");
      const six = await RawClient.connect(v6.port, "::1");
      await six.send(HELLO);
      expect(await six.untilEnd()).toEndWith("hello");
      expect(await exchangeAt(path, HELLO)).toEndWith("hello");
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
      expect(readdirSync(folder.path)).toEqual(["s"]);
    },
    PATIENCE_MS,
  );

  test(
    "is replaced under load, and no client notices",
    async () => {
      using socket = new SystemSocket({ at: "127.0.0.1" });
      const options = handing([socket]);
      const newcomers = new Newcomers(socket.port);
      for (let turn = 0; turn < 2; turn++) {
        await using program = await RunningProgram.start(crew, options);
        const before = newcomers.answered;
        await program.untilLog(() => newcomers.answered > before + CLIENTS);
        program.kill("SIGTERM");
        expect(await program.exited).toBe(0);
        // It is nobody's for a while: those who come now wait for the next one.
        await Bun.sleep(100);
      }
      await using last = await RunningProgram.start(crew, options);
      await newcomers.stop();
      expect(newcomers.lost).toEqual([]);
      last.kill("SIGTERM");
      expect(await last.exited).toBe(0);
    },
    PATIENCE_MS,
  );

  test.skipIf(withoutCurl)(
    "is secure at them with a certificate; one that is named http sends its clients there",
    async () => {
      using plain = new SystemSocket({ at: "127.0.0.1" });
      using secure = new SystemSocket({ at: "127.0.0.1" });
      const names = { LISTEN_FDNAMES: "http:mini-http.socket" };
      const flags = [...crew, "--tls", "self-signed"];
      await using program = await RunningProgram.start(flags, handing([plain, secure], names));
      const urls = [`https://127.0.0.1:${secure.port}`, `http://127.0.0.1:${plain.port}`];
      expect(program.log).toContain(`[SERVER STARTED] Listening on ${urls.join(", ")} `);
      expect(await curl("--insecure", `${urls[0]}/echo/hello`)).toBe("hello");
      const { status, fields } = await ask(plain.port, "GET", "/echo/hello");
      expect([status, fields.get("location")]).toEqual([308, `https://a:${secure.port}/echo/hello`]);
    },
    PATIENCE_MS,
  );

  test.skipIf(withoutCurl)(
    "hears from a proxy for whom it comes, with a certificate and without",
    async () => {
      for (const tls of [[], ["--tls", "self-signed"]]) {
        using socket = new SystemSocket({ at: "127.0.0.1" });
        const flags = [...crew, ...tls, "--proxy-protocol", "--trusted-proxies", "127.0.0.1"];
        await using program = await RunningProgram.start(flags, handing([socket]));
        const scheme = tls.length === 0 ? "http" : "https";
        const url = `${scheme}://127.0.0.1:${socket.port}/echo/hello`;
        expect(await curl("--insecure", "--haproxy-protocol", url)).toBe("hello");
        expect(await curl("--insecure", url)).toBe("");
        await program.untilLog((log) => log.includes("NO_PROXY_HEADER"));
      }
    },
    PATIENCE_MS,
  );

  test(
    "tells nobody that it starts what was meant for it alone",
    async () => {
      using socket = new SystemSocket({ at: "127.0.0.1" });
      const told = { NOTIFY_SOCKET: "/nowhere/mini-http", WATCHDOG_USEC: "1000000", LISTEN_FDNAMES: "a" };
      const command = 'env; ls /proc/self/fd; curl -s "$MINI_HTTP_URL/echo/x"';
      const options = handing([socket], told);
      const child = await runProgram(["run", ...crew, "--", "sh", "-c", command], options);
      expect(child.exitCode).toBe(withoutCurl ? 127 : 0);
      expect(child.stdout).toContain(`MINI_HTTP_URL=http://127.0.0.1:${socket.port}\n`);
      expect(child.stdout).not.toMatch(/LISTEN_|NOTIFY_|WATCHDOG_/);
      // The last is what `ls` looks with.
      expect(child.stdout).toMatch(/^0\n1\n2\n3\n(?!4)/m);
      await using program = await RunningProgram.start(crew, options);
      for (const pid of childrenOf(program.pid))
        expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toMatch(/LISTEN_|NOTIFY_|WATCHDOG_/);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip)("a server with a socket that was handed over", () => {
  test(
    "whose worker is killed goes on: another one takes its clients",
    async () => {
      using socket = new SystemSocket({ at: "127.0.0.1" });
      await using program = await RunningProgram.start(["--workers", "2"], handing([socket]));
      const before = childrenOf(program.pid);
      expect(before).toHaveLength(2);
      for (const pid of before) process.kill(pid, "SIGKILL");
      const waiting = exchange(socket.port, HELLO);
      expect(await waiting).toEndWith("hello");
      await program.untilLog((log) => log.split("another one starts").length === 3);
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
    },
    PATIENCE_MS,
  );

  const bad: [what: string, wishes: SocketWish[], count: number, reason: string][] = [
    [
      "a datagram socket",
      [{ at: "127.0.0.1", type: "datagram" }],
      1,
      'descriptor 3 ("a"), of which LISTEN_FDS tells, is no',
    ],
    ["one that does not listen", [{ at: "127.0.0.1", listens: false }], 1, 'descriptor 3 ("a"), of which LISTEN_FDS'],
    ["one good, one bad", [{ at: "::1" }, { at: "::1", listens: false }], 2, "descriptor 4, of which LISTEN_FDS tells"],
    ["fewer than were told of", [{ at: "127.0.0.1" }], 16, "descriptor 4, of which LISTEN_FDS tells, is no socket"],
  ];
  test.each(bad)("does not start with %s: exit code 1", async (_what, wishes, count, reason) => {
    const sockets = wishes.map((wish) => new SystemSocket(wish));
    const env = { LISTEN_FDS: String(count), LISTEN_FDNAMES: "a" };
    const { exitCode, stderr } = await runProgram(["--port", "0"], handing(sockets, env));
    for (const socket of sockets) socket[Symbol.dispose]();
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith(`mini-http: Cannot listen: ${reason}`);
    expect(stderr.split("\n")).toHaveLength(2);
  });

  test("does not start with a plain one alone that is to send clients elsewhere: exit code 1", async () => {
    using socket = new SystemSocket({ at: "127.0.0.1" });
    const options = handing([socket], { LISTEN_FDNAMES: "http" });
    const { exitCode, stderr } = await runProgram(["--tls", "self-signed"], options);
    expect([exitCode, stderr.split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain('a socket named "http" sends its clients to HTTPS');
  });

  test("says what does nothing beside it, and who may do what there", async () => {
    using socket = new SystemSocket({ at: "0.0.0.0" });
    using folder = tempFolder();
    const flags = [folder.path, "--host", "127.0.0.1", "--port", "4999", "--reuse-port", "--socket-mode", "600"];
    await using program = await RunningProgram.start(flags, handing([socket]));
    for (const flag of ["--host", "--port", "--socket-mode", "--reuse-port"])
      expect(program.log).toContain(`${flag} does nothing: the sockets to listen at were handed over (LISTEN_FDS).`);
    expect(program.log).toContain("Everyone who can reach 0.0.0.0 may upload and replace files");
    expect(program.log).toContain(`Listening on http://0.0.0.0:${socket.port}\n`);
  });

  const others: [what: string, env: Record<string, string>, before: string, warns: boolean][] = [
    ["of another process", { LISTEN_FDS: "1" }, "export LISTEN_PID=1", false],
    ["of nobody", { LISTEN_FDS: "1" }, "true", false],
    ["that are abc in number", { LISTEN_FDS: "abc" }, "export LISTEN_PID=$$", true],
    ["that are -1 in number", { LISTEN_FDS: "-1" }, "export LISTEN_PID=$$", true],
    ["that are 99999 in number", { LISTEN_FDS: "99999" }, "export LISTEN_PID=$$", true],
    ["that are none", { LISTEN_FDS: "0" }, "export LISTEN_PID=$$", false],
  ];
  test.each(others)("%s listens where its flags say", async (_what, env, before, warns) => {
    using socket = new SystemSocket({ at: "127.0.0.1" });
    const options = { descriptors: [socket.descriptor], env, before };
    await using program = await RunningProgram.start([], options);
    expect(program.log).toContain(`Listening on http://localhost:${program.port} `);
    expect(program.port).not.toBe(socket.port);
    expect(program.log.includes("WARNING")).toBe(warns);
  });
});
