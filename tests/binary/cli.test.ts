// The program as users start it, from source or, with MINI_HTTP_BINARY, as the compiled file.

import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { freePort } from "../support/free-port.ts";
import { LogPipe } from "../support/log-pipe.ts";
import manifest from "../../package.json" with { type: "json" };
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { RawClient } from "../support/raw-client.ts";
import {
  COMMAND,
  IS_BINARY,
  type FinishedProgram,
  programEnvironment,
  RunningProgram,
  runProgram,
} from "../support/program.ts";

const folder = mkdtempSync(join(tmpdir(), "mini-http-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whatever held up the end would do so for longer: --grace is 10 s, and most have no end. */
const HELD_UP_MS = 9000;

const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[/;

async function get(program: RunningProgram, path: string): Promise<string> {
  const reply = await fetch(program.url(path));
  return `${reply.status} ${await reply.text()}`;
}

describe("questions", () => {
  test.each(["--help", "-h"])("%s prints the flags to standard output", async (flag) => {
    const { exitCode, stdout, stderr } = await runProgram([flag]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toStartWith("mini-http: ");
    expect(stdout).toContain("--max-body-size SIZE");
  });

  test.each(["--version", "-V"])("%s prints one line to standard output", async (flag) => {
    const { exitCode, stdout, stderr } = await runProgram([flag]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const origin = IS_BINARY ? "commit ([0-9a-f]{7,}(-dirty)?|unknown)" : "source";
    const bun = manifest.packageManager.replace("bun@", "");
    expect(stdout).toMatch(new RegExp(`^mini-http ${manifest.version} \\(${origin}, Bun ${bun}, \\w+-\\w+\\)\n$`));
  });
});

describe("healthcheck", () => {
  const check = (port: number): Promise<FinishedProgram> => runProgram(["healthcheck", "--port", String(port)]);

  test.each([[], ["--host", "0.0.0.0"], ["--workers", "2"]])(
    "is silent and 0 while the server is well: %j",
    async (...flags) => {
      await using program = await RunningProgram.start(flags);
      expect(await get(program, "/-/health")).toBe("200 ok\n");
      expect(await check(program.port)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      const env = { MINI_HTTP_PORT: String(program.port), http_proxy: "http://127.0.0.1:9" };
      expect((await runProgram(["healthcheck"], { env })).exitCode).toBe(0);
    },
  );

  test.each([[], ["--workers", "2"]])("is 1 as soon as the server was told to stop: %j", async (...flags) => {
    await using program = await RunningProgram.start(["--drain-delay", "1m", ...flags]);
    program.kill("SIGTERM");
    let health = "";
    while (!health.startsWith("503")) health = await get(program, "/-/health");
    expect(health).toBe("503 draining\n");
    const line = `mini-http: The server at 127.0.0.1:${program.port} answers 503. Try --help.\n`;
    expect(await check(program.port)).toEqual({ exitCode: 1, stdout: "", stderr: line.replace(" Try --help.", "") });
  });

  test("is 1 where nothing listens, or nothing answers", async () => {
    const mute = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.end(), data() {} },
    });
    const { port } = mute;
    expect((await check(port)).stderr).toContain("ended the connection without an answer");
    mute.stop(true);
    const { exitCode, stderr } = await check(port);
    expect([exitCode, stderr]).toEqual([1, `mini-http: No server answers at 127.0.0.1:${port}.\n`]);
  });

  test("takes no folder", async () => {
    expect((await runProgram(["healthcheck", "dir"])).exitCode).toBe(2);
  });
});

describe("a mistake is one line on standard error and exit code 2", () => {
  const cases: [why: string, flags: string[], env: Record<string, string>, line: string][] = [
    ["a mistyped flag", ["--prot", "1"], {}, "mini-http: Unknown flag --prot; did you mean --port? Try --help.\n"],
    ["a missing value", ["--port"], {}, "mini-http: --port needs a value: --port PORT. Try --help.\n"],
    ["a wrong variable", [], { MINI_HTTP_GRACE: "soon" }, "mini-http: MINI_HTTP_GRACE must be a duration"],
    ["two folders", ["a", "b"], {}, "mini-http: Only one DIRECTORY can be served"],
    ["a file as the folder", [import.meta.path], {}, "mini-http: "],
    [
      "a missing folder with --read-only",
      ["/none/such", "--read-only"],
      {},
      'mini-http: There is no folder "/none/such"',
    ],
  ];
  test.each(cases)("%s", async (_, flags, env, line) => {
    const { exitCode, stdout, stderr } = await runProgram(flags, { env });
    expect({ exitCode, stdout, lines: stderr.split("\n").length }).toEqual({ exitCode: 2, stdout: "", lines: 2 });
    expect(stderr).toStartWith(line);
  });
});

describe.skipIf(needs({ linux: true }).skip)(
  "a folder whose path is no UTF-8 is one line, and never a second folder",
  () => {
    const cases: [why: string, before: string, flags: string[]][] = [
      ["as a word", `set -- "$@" -d $'caf\\xe9'`, []],
      ["as DIRECTORY, not there yet", `set -- "$@" $'new\\xe9'`, []],
      ["in the environment", `export MINI_HTTP_DIRECTORY=$'caf\\xe9'`, []],
      ["as where it was started", `cd $'caf\\xe9'`, ["."]],
      ["as where a folder would be created", `cd $'caf\\xe9'`, ["new"]],
      ["behind a link", `ln -sfn $'caf\\xe9' link`, ["link"]],
    ];
    test.each(cases)("%s", async (_, before, flags) => {
      const cwd = join(folder, "bytes");
      mkdirSync(cwd, { recursive: true });
      const script = `mkdir -p $'caf\\xe9'; ${before}`;
      const { exitCode, stderr } = await runProgram(flags, { cwd, before: script });
      expect(stderr).toMatch(/^mini-http: The path ".*" holds bytes that are no UTF-8, which cannot be served; .*\n$/);
      expect(exitCode).toBe(2);
      expect(readdirSync(cwd, "buffer").filter((name) => name.includes("\ufffd"))).toEqual([]);
    });

    test("a name that really holds U+FFFD is served", async () => {
      const odd = join(folder, "odd\ufffd");
      mkdirSync(odd);
      writeFileSync(join(odd, "a.txt"), "odd");
      await using program = await RunningProgram.start([odd]);
      expect(await get(program, "/files/a.txt")).toBe("200 odd");
    });
  },
);

describe("an address that cannot be had is one line and exit code 1", () => {
  test("a port in use", async () => {
    await using first = await RunningProgram.start();
    const { exitCode, stderr } = await runProgram(["--port", String(first.port)]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `mini-http: Cannot listen: port ${first.port} on localhost is in use; ` +
        "choose another with --port, or a free one with --port 0.\n",
    );
  });

  test("a port in use on IPv6 only", async () => {
    using other = Bun.listen({ hostname: "::1", port: 0, socket: { data() {} } });
    const { exitCode, stderr } = await runProgram(["--port", String(other.port)]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is in use");
    expect(stderr.split("\n")).toHaveLength(2);
  });

  test.each(["192.0.2.1", "no-such-host.invalid"])("%s", async (host) => {
    const { exitCode, stderr } = await runProgram(["--port", "0", "--host", host]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^mini-http: Cannot listen: .*--host\.\n$/);
  });
});

describe("serving", () => {
  test("logs the life of a connection, line by line", async () => {
    await using program = await RunningProgram.start();
    await fetch(program.url("/echo/abc"), { headers: { Connection: "close", "Accept-Encoding": "identity" } });
    const log = await program.untilLog((text) => /RECEIVED[^]*DISCONNECTED/.test(text));
    for (const line of log.trimEnd().split("\n")) expect(line).toMatch(LINE);
    expect(log).toMatch(/\[CONNECTED\] \S+:\d+\n/);
    expect(log).toMatch(/\[RECEIVED from \S+:\d+\] GET \/echo\/abc HTTP\/1\.1 -> 200 3 B \d+\.\d ms\n/);
  });

  test("answers on both loopback addresses", async () => {
    await using program = await RunningProgram.start();
    for (const host of ["127.0.0.1", "[::1]"]) {
      expect(await (await fetch(`http://${host}:${program.port}/echo/a`)).text()).toBe("a");
    }
  });

  test("takes its settings from the environment", async () => {
    writeFileSync(join(folder, "hello.txt"), "hello");
    await using program = await RunningProgram.start([], { env: { MINI_HTTP_DIRECTORY: folder } });
    expect(await get(program, "/files/hello.txt")).toBe("200 hello");
  });

  test("takes a relative folder from where it was started, and --quiet says nothing", async () => {
    mkdirSync(join(folder, "here/inner"), { recursive: true });
    writeFileSync(join(folder, "here/inner/a.txt"), "inner");
    await using program = await RunningProgram.start(["inner"], { cwd: join(folder, "here") });
    expect(await get(program, "/files/a.txt")).toBe("200 inner");
    expect(program.log).not.toContain("WARNING");
  });

  test("notes what it ignored, and a folder that is not there yet", async () => {
    const env = { MINI_HTTP_PORT: "tcp://10.0.0.1:80" };
    await using program = await RunningProgram.start([join(folder, "later")], { env });
    expect(program.log).toMatch(/\[WARNING\] Ignored container service links in the environment: MINI_HTTP_PORT\.\n/);
    expect(program.log).toMatch(/\[WARNING\] There is no folder "[^"]*later" yet; the first upload creates it\.\n/);
    expect(await get(program, "/files/a")).toStartWith("404 ");
  });
});

/** Opens a connection with an upload that does not end, so that an exchange is in hand. */
async function holdExchange(program: RunningProgram): Promise<ReturnType<typeof connect>> {
  const socket = connect(program.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345");
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** Resolves when the port takes no new connections: the program has heard that it shall end. */
async function untilClosed(port: number): Promise<void> {
  const isOpen = async (): Promise<boolean> => {
    const client = await RawClient.connect(port).catch(() => null);
    client?.close();
    return client !== null;
  };
  while (await isOpen()) await Bun.sleep(1);
}

describe("signals", () => {
  test.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
    "%s stops an idle server with exit code 0 and a last line",
    async (signal) => {
      await using program = await RunningProgram.start();
      program.kill(signal);
      expect(await program.exited).toBe(0);
      expect(program.log).toMatch(/\[SERVER STOPPED\] .*\n$/);
    },
  );

  test("an exchange in hand is finished before the end", async () => {
    await using program = await RunningProgram.start();
    const socket = await holdExchange(program);
    let reply = "";
    socket.on("data", (bytes) => (reply += bytes.toString("latin1")));
    program.kill("SIGTERM");
    await untilClosed(program.port);
    socket.write("67890");
    expect(await program.exited).toBe(0);
    expect(reply).toContain("67890");
    socket.destroy();
  });

  test("an exchange that never ends is cut off after --grace", async () => {
    await using program = await RunningProgram.start(["--grace", "200ms"]);
    const socket = await holdExchange(program);
    const start = performance.now();
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(performance.now() - start).toBeWithin(190, HELD_UP_MS);
    socket.destroy();
  });

  test("a second signal ends it at once", async () => {
    await using program = await RunningProgram.start(["--grace", "60s"]);
    const socket = await holdExchange(program);
    program.kill("SIGINT");
    await untilClosed(program.port);
    const start = performance.now();
    program.kill("SIGINT");
    expect(await program.exited).toBe(130);
    expect(performance.now() - start).toBeLessThan(30_000);
    socket.destroy();
  });

  const noted: [signal: NodeJS.Signals, flags: string[]][] = [
    ["SIGUSR1", []],
    ["SIGUSR2", []],
    ["SIGALRM", []],
    ["SIGUSR1", ["--workers", "2"]],
  ];
  test.each(noted)("%s is noted and the server goes on: %j", async (signal, flags) => {
    await using program = await RunningProgram.start(flags);
    program.kill(signal);
    await program.untilLog((log) => log.includes(`[WARNING] ${signal} means nothing here; the server goes on.`));
    expect(await get(program, "/echo/on")).toBe("200 on");
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
  });

  const unasked: [signal: NodeJS.Signals, exitCode: number][] = [
    ["SIGHUP", 129],
    ["SIGXCPU", 152],
  ];
  test.each(unasked)(
    "%s finishes what is in hand and leaves a failure, so that services restart",
    async (signal, code) => {
      await using program = await RunningProgram.start();
      const socket = await holdExchange(program);
      let reply = "";
      socket.on("data", (bytes) => (reply += bytes.toString("latin1")));
      program.kill(signal);
      program.kill(signal); // the shell and the kernel may both send it
      await untilClosed(program.port);
      socket.write("67890");
      expect(await program.exited).toBe(code);
      expect(reply).toContain("67890");
      expect(program.log).toContain("[SERVER STOPPED]");
      socket.destroy();
    },
  );

  test.skipIf(needs({ linux: true }).skip).each([[], ["--workers", "2"]])(
    "a hang-up that the starter had ignored, as nohup does, stays ignored: %j",
    async (...flags) => {
      await using program = await RunningProgram.start(flags, { before: "trap '' HUP" });
      program.kill("SIGHUP");
      program.kill("SIGUSR1"); // heard after it, so the other one was too
      await program.untilLog((log) => log.includes("SIGUSR1"));
      expect(await get(program, "/echo/on")).toBe("200 on");
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
    },
  );

  test("--drain-delay goes on accepting for its time", async () => {
    await using program = await RunningProgram.start(["--drain-delay", "3s"]);
    const start = performance.now();
    program.kill("SIGTERM");
    while ((await get(program, "/-/health")) !== "503 draining\n");
    expect(await get(program, "/echo/late")).toBe("200 late");
    expect(await program.exited).toBe(0);
    expect(performance.now() - start).toBeGreaterThanOrEqual(2990);
  });
});

function untilServed(port: number): Promise<void> {
  return until(async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/echo/up`).catch(() => null);
    return (await reply?.text()) === "up";
  });
}

describe("a log that nobody takes", () => {
  test("a stuck pipe holds up neither replies, nor file access, nor the end", async () => {
    using pipe = new LogPipe(folder);
    const port = freePort();
    const child = Bun.spawn([...COMMAND, folder, "--port", String(port)], {
      env: programEnvironment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: pipe.writeEnd,
    });
    await untilServed(port);
    const long = "a".repeat(7000);
    for (let round = 0; round < 60; round++) await (await fetch(`http://127.0.0.1:${port}/echo/${long}`)).text();
    writeFileSync(join(folder, "big.bin"), Buffer.alloc(3_000_000, "b"));
    const reply = await fetch(`http://127.0.0.1:${port}/files/big.bin`, { headers: { "Accept-Encoding": "identity" } });
    expect((await reply.bytes()).length).toBe(3_000_000);
    const start = performance.now();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(performance.now() - start).toBeLessThan(HELD_UP_MS);
    expect(pipe.readAvailable().length).toBeGreaterThan(50_000); // it was full indeed
  });

  test("a reader that left, or no standard error at all, does not end the server", async () => {
    for (const redirect of ["2> >(exec true)", "2>&-"]) {
      const port = freePort();
      const child = Bun.spawn(["bash", "-c", `exec "$@" ${redirect}`, "bash", ...COMMAND, "--port", String(port)], {
        env: programEnvironment(),
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
      });
      await untilServed(port);
      await Bun.sleep(120); // the first batch has met its fate
      await untilServed(port);
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    }
  });
});

describe("a log that goes to a socket, as under systemd", () => {
  /** A reader of logs, the program that writes to it, and what has arrived. */
  async function startLogged(
    reads: boolean,
  ): Promise<{ port: number; child: Subprocess; arrived: () => string; stop: () => void }> {
    let text = "";
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => void (reads || socket.pause()),
        data: (_, bytes) => void (text += bytes.toString("latin1")),
      },
    });
    const port = freePort();
    const redirect = `exec "$@" 2>/dev/tcp/127.0.0.1/${listener.port}`;
    const child = Bun.spawn(["bash", "-c", redirect, "bash", ...COMMAND, "--port", String(port), "--grace", "60s"], {
      env: programEnvironment(),
      stdio: ["ignore", "ignore", "ignore"],
    });
    await untilServed(port);
    return { port, child, arrived: () => text, stop: () => listener.stop(true) };
  }

  test("all lines arrive, to the last", async () => {
    const { child, arrived, stop } = await startLogged(true);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    await until(
      () => /\[SERVER STARTED\][^]*GET \/echo\/up[^]*\[SERVER STOPPED\] [^\n]*\n$/.test(arrived()),
      PATIENCE_MS,
      arrived,
    );
    stop();
  });

  test("a reader that takes nothing holds up neither replies nor the end", async () => {
    const { port, child, stop } = await startLogged(false);
    const long = "a".repeat(8000);
    for (let round = 0; round < 1500; round++) await (await fetch(`http://127.0.0.1:${port}/echo/${long}`)).text();
    const start = performance.now();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(performance.now() - start).toBeLessThan(HELD_UP_MS);
    stop();
  });
});

test.skipIf(needs({ compiledFile: true }).skip)(
  "the compiled file works without the folder that it was built from",
  async () => {
    const alone = join(folder, "alone");
    mkdirSync(alone);
    const copy = join(alone, "renamed");
    copyFileSync(COMMAND[0] ?? "", copy);
    Bun.spawnSync(["chmod", "755", copy]);
    const run = Bun.spawnSync([copy, "--version"], { cwd: alone, env: {} });
    expect(run.stdout.toString()).toStartWith("mini-http ");
    expect(run.exitCode).toBe(0);
  },
);

test("--help into a pipe that nobody reads ends quietly", async () => {
  using pipe = new LogPipe(folder);
  pipe.closeReader();
  const child = Bun.spawn([...COMMAND, "--help"], { env: programEnvironment(), stdout: pipe.writeEnd, stderr: "pipe" });
  expect(await child.exited).toBe(0);
  expect(await child.stderr.text()).toBe("");
});

const printed = [["--help"], ["--version"], ["--print-config"], ["man"], ["completions", "zsh"], ["hash-password"]];
test.skipIf(needs({ linux: true, paths: ["/dev/full"] }).skip).each(printed)(
  "%s into a full disk is a failure that says so",
  async (...words) => {
    const child = Bun.spawn([...COMMAND, ...words.filter((word) => word !== undefined)], {
      env: programEnvironment(),
      stdin: Buffer.from("password\n"),
      stdout: Bun.file("/dev/full"),
      stderr: "pipe",
    });
    expect([await child.stderr.text(), await child.exited]).toEqual([
      "mini-http: Standard output did not take all of it (ENOSPC).\n",
      1,
    ]);
  },
);

test.skipIf(needs({ linux: true, programs: ["python3"] }).skip).each([["man"], ["--help"], ["completions fish"]])(
  "%s is whole in a pipe that its owner has made non-blocking, and reads late",
  async (words) => {
    const program = [
      "import fcntl, os, subprocess, sys, time",
      "r, w = os.pipe()",
      "fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)",
      "fcntl.fcntl(w, 1031, 4096)", // F_SETPIPE_SZ
      "child = subprocess.Popen(sys.argv[1:], stdout=w)",
      "os.close(w)",
      "time.sleep(0.2)",
      "while data := os.read(r, 100): os.write(1, data)",
      "sys.exit(child.wait())",
    ].join("\n");
    const asked = words.split(" ");
    const late = Bun.spawn(["python3", "-c", program, ...COMMAND, ...asked], { env: programEnvironment() });
    const { stdout, exitCode } = await runProgram(asked);
    expect(stdout.length).toBeGreaterThan(4096);
    expect([await late.stdout.text(), await late.exited]).toEqual([stdout, exitCode]);
  },
);
