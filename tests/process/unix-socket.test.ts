// A server at a unix socket: `--host unix:/path`.

import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutBody } from "../support/ask.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { COMMAND, programEnvironment, RunningProgram, runProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { exchangeAt } from "../support/unix-client.ts";

const HELLO = withoutBody("GET", "/echo/hello");
const LIMIT_SECONDS = 30;
const { skip } = needs({ linux: true, programs: ["curl"] });

/** What curl writes, over a socket. */
async function curl(socket: string, ...words: string[]): Promise<string> {
  const words0 = ["curl", "--silent", "--max-time", String(LIMIT_SECONDS), "--unix-socket", socket];
  return Bun.spawn([...words0, ...words], { stdout: "pipe", stderr: "ignore" }).stdout.text();
}

/** The status of a request with these field lines. */
async function statusOf(socket: string, target: string, fields = ""): Promise<number> {
  const request = `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`;
  return Number((await exchangeAt(socket, request)).split(" ")[1]);
}

async function untilDraining(socket: string): Promise<void> {
  while ((await statusOf(socket, "/-/health")) === 200) await Bun.sleep(5);
}

/** Several programs start in each of these tests. */
const PATIENCE_MS = 60_000;

describe.skipIf(skip)("a server at a unix socket", () => {
  test("says where, serves files under any name, and takes its socket with it", async () => {
    using folder = tempFolder();
    const [socket, ready, served] = ["s", "ready.json", "served"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(served);
    await using program = await RunningProgram.start([served, "--host", `unix:${socket}`, "--ready-file", ready]);
    expect(program.log).toContain(`[SERVER STARTED] Listening on unix:${socket}\n`);
    expect(program.log).not.toContain("WARNING");
    expect(lstatSync(socket).mode & 0o777).toBe(0o660);
    expect(JSON.parse(readFileSync(ready, "utf8")).urls).toEqual([`unix:${socket}`]);
    const content = Buffer.alloc(20_000_000, "some bytes ");
    writeFileSync(join(folder.path, "in"), content);
    const target = "http://files.example.org/files/x";
    expect(await curl(socket, "-T", join(folder.path, "in"), "-w", "%{http_code}", target)).toEndWith("201");
    await curl(socket, "--limit-rate", "20M", "-o", join(folder.path, "out"), target);
    expect(readFileSync(join(folder.path, "out")).equals(content)).toBe(true);
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(readdirSync(folder.path).sort()).toEqual(["in", "out", "served"]);
  });

  test(
    "that lies in the folder which it serves is nobody's to list, read, replace or remove",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      writeFileSync(join(folder.path, "a"), "");
      await using _program = await RunningProgram.start([folder.path, "--host", `unix:${socket}`, "--allow-delete"]);
      const { ino } = lstatSync(socket);
      expect((await exchangeAt(socket, withoutBody("GET", "/files/?json"))).match(/"name":"\w+"/g)).toEqual([
        '"name":"a"',
      ]);
      for (const [method, status] of [
        ["GET", "404"],
        ["DELETE", "404"],
        ["PUT", "409"],
      ] as const)
        expect(await curl(socket, "-X", method, "-d", "x", "-w", "%{http_code}", "http://a/files/s")).toEndWith(status);
      expect(lstatSync(socket).ino).toBe(ino);
    },
    PATIENCE_MS,
  );

  test("has its path from where it was started, its mode from the flag, and ports beside it", async () => {
    using folder = tempFolder();
    const flags = ["--host", "unix:s", "--host", "localhost", "--host", "unix:./s", "--socket-mode", "0600"];
    await using program = await RunningProgram.start(flags, { cwd: folder.path });
    const socket = join(folder.path, "s");
    expect(lstatSync(socket).mode & 0o777).toBe(0o600);
    expect(program.log).toContain(`Listening on http://localhost:${program.port}, unix:${socket} (`);
    expect(await exchangeAt(socket, HELLO)).toContain("hello");
    expect(await exchange(program.port, HELLO)).toContain("hello");
  });

  test(
    "without a file is found by its name",
    async () => {
      const socket = `@mini-http-${process.pid}-${Date.now()}`;
      await using program = await RunningProgram.start(["--host", `unix:${socket}`]);
      expect(program.log).toContain(`Listening on unix:${socket} (`);
      expect(await exchangeAt(socket, HELLO)).toContain("hello");
      const second = await runProgram(["--host", `unix:${socket}`]);
      expect(second.stderr).toContain(`another server listens at unix:${socket}; choose another path for --host.\n`);
      expect((await runProgram(["healthcheck", "--host", `unix:${socket}`])).exitCode).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    "is secure where it is to be, without a port",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      await using program = await RunningProgram.start(["--host", `unix:${socket}`, "--tls", "self-signed"]);
      const pin = /--pinnedpubkey '(sha256\/\/[^']+)' https:\/\/localhost\//.exec(program.log)?.[1] ?? "";
      expect(await curl(socket, "--insecure", "--pinnedpubkey", pin, "https://localhost/echo/a")).toBe("a");
      expect((await runProgram(["healthcheck", "--host", `unix:${socket}`, "--tls", "self-signed"])).exitCode).toBe(0);
      const redirected = await runProgram([
        "--host",
        `unix:${socket}x`,
        "--tls",
        "self-signed",
        "--https-redirect",
        "80",
      ]);
      expect(redirected.exitCode).toBe(2);
      expect(redirected.stderr).toContain("--https-redirect needs a --host with a port, and unix sockets have none.");
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip)("the path of a unix socket", () => {
  test(
    "of a server that was killed is the next one's, and of one that runs stays its own",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      await using first = await RunningProgram.start(["--host", `unix:${socket}`]);
      first.kill("SIGKILL");
      await first.exited;
      expect(existsSync(socket)).toBe(true);
      await using second = await RunningProgram.start(["--host", `unix:${socket}`]);
      const { ino } = lstatSync(socket);
      const third = await runProgram(["--host", `unix:${socket}`]);
      expect(third.exitCode).toBe(1);
      expect(third.stderr).toBe(
        `mini-http: Cannot listen: another server listens at unix:${socket}; choose another path for --host.\n`,
      );
      expect(lstatSync(socket).ino).toBe(ino);
      expect(await exchangeAt(socket, HELLO)).toContain("hello");
      expect(second.log).not.toContain("ERROR");
    },
    PATIENCE_MS,
  );

  test(
    "is one server's when many find an old socket at the same time",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      await using killed = await RunningProgram.start(["--host", `unix:${socket}`]);
      killed.kill("SIGKILL");
      await killed.exited;
      const start = (): Bun.Subprocess =>
        Bun.spawn([...COMMAND, "--quiet", "--host", `unix:${socket}`], { env: programEnvironment(), stderr: "ignore" });
      const children = Array.from({ length: 6 }, start);
      const left = (): number => children.filter(({ exitCode }) => exitCode === null).length;
      const deadline = performance.now() + LIMIT_SECONDS * 1000;
      while (left() > 1 && performance.now() < deadline) await Bun.sleep(5);
      expect(left()).toBe(1);
      expect(await exchangeAt(socket, HELLO)).toContain("hello");
      expect(readdirSync(folder.path)).toEqual(["s"]);
      for (const child of children) child.kill("SIGTERM");
      await Promise.all(children.map(({ exited }) => exited));
      expect(readdirSync(folder.path)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "is removed by a server that ends at once",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      await using program = await RunningProgram.start(["--host", `unix:${socket}`, "--drain-delay", "1m"]);
      program.kill("SIGTERM");
      await untilDraining(socket);
      expect(existsSync(socket)).toBe(true);
      program.kill("SIGTERM");
      expect(await program.exited).toBe(143);
      expect(existsSync(socket)).toBe(false);
    },
    PATIENCE_MS,
  );

  const wrong: [why: string, put: (folder: string) => string, line: string][] = [
    [
      "a file",
      (folder) => (writeFileSync(join(folder, "f"), "mine"), "f"),
      "what is at unix:PATH is no socket, and stays",
    ],
    ["a folder", (folder) => (mkdirSync(join(folder, "f")), "f"), "what is at unix:PATH is no socket, and stays"],
    ["in no folder", () => "none/s", "there is no folder DIR/none for the socket; make it, or"],
    [
      "below a file",
      (folder) => (writeFileSync(join(folder, "f"), ""), "f/s"),
      "there is no folder DIR/f for the socket; make it, or",
    ],
    ["too long", () => "s".repeat(108), "is longer than the path of a socket may be (about 100 bytes)"],
  ];
  test.each(wrong)("is none where it is %s", async (_, put, line) => {
    using folder = tempFolder();
    const path = join(folder.path, put(folder.path));
    const before = readdirSync(folder.path);
    const { exitCode, stderr } = await runProgram(["--host", `unix:${path}`]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("mini-http: Cannot listen: ");
    expect(stderr).toContain(line.replace("PATH", path).replace("DIR", folder.path));
    expect(stderr).toEndWith(" choose another path for --host.\n");
    expect(readdirSync(folder.path)).toEqual(before);
  });

  test.each(["unix:", "unix:@", "unix:,localhost"])("is not empty (%s)", async (host) => {
    const { exitCode, stderr } = await runProgram(["--host", host]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--host must be unix: and a path, such as unix:/run/mini-http.sock");
  });

  test(
    "passes to a server that shares it, while the one before finishes",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const flags = ["--host", `unix:${socket}`, "--reuse-port"];
      await using first = await RunningProgram.start(flags);
      await using second = await RunningProgram.start(flags);
      first.kill("SIGTERM");
      expect(await first.exited).toBe(0);
      expect(await exchangeAt(socket, HELLO)).toContain("hello");
      second.kill("SIGTERM");
      expect(await second.exited).toBe(0);
      expect(existsSync(socket)).toBe(false);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip).each([["1"], ["2"]])("a server with %s workers that cannot take over", (workers) => {
  const faults: [why: string, flags: (folder: string, taken: number) => string[], exitCode: number][] = [
    ["another socket, which has no folder", (folder) => ["--host", `unix:${folder}/none/s`], 1],
    ["a port", (_, taken) => ["--host", "127.0.0.1", "--port", String(taken)], 1],
    [
      "a port for plain clients",
      (_, taken) => [
        ...["--host", "127.0.0.1", "--port", String(freePort()), "--tls", "self-signed"],
        ...["--https-redirect", String(taken)],
      ],
      1,
    ],
    ["a place for its ready file", (folder) => ["--ready-file", `${folder}/none/ready`], 2],
  ];
  test.each(faults)(
    "%s leaves the socket to the one before",
    async (_, flags, exitCode) => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      await using taken = await RunningProgram.start(["--host", "127.0.0.1"]);
      await using _first = await RunningProgram.start(["--host", `unix:${socket}`]);
      const words = ["--quiet", "--reuse-port", "--workers", workers, "--host", `unix:${socket}`];
      expect((await runProgram([...words, ...flags(folder.path, taken.port)])).exitCode).toBe(exitCode);
      expect(await exchangeAt(socket, HELLO)).toContain("hello");
      expect(readdirSync(folder.path)).toEqual(["s"]);
    },
    PATIENCE_MS,
  );
});

/** The numbers of the processes that a process has started. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

describe.skipIf(skip)("workers at a unix socket", () => {
  test(
    "take their clients from one, which outlives each of them, and goes with the server",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const name = `@mini-http-${process.pid}-${Date.now()}`;
      const hosts = ["--host", `unix:${socket},localhost,unix:${name}`, "--socket-mode", "600"];
      await using program = await RunningProgram.start([...hosts, "--workers", "2"]);
      const { port } = program;
      expect(program.log).toContain(`Listening on http://localhost:${port}, unix:${socket}, unix:${name} (`);
      const { ino, mode } = lstatSync(socket);
      expect(mode & 0o777).toBe(0o600);
      const askSockets = async (): Promise<void> => {
        for (const path of [socket, name]) expect(await exchangeAt(path, HELLO)).toContain("hello");
      };
      await askSockets();
      expect(await exchange(port, HELLO)).toContain("hello");
      const [first, second] = childrenOf(program.pid) as [number, number];
      process.kill(first, "SIGKILL");
      await program.untilLog((log) => log.includes("another one starts"));
      await askSockets();
      const deadline = performance.now() + PATIENCE_MS / 2;
      while (childrenOf(program.pid).length < 2 && performance.now() < deadline) await Bun.sleep(5);
      // The one that was started again takes clients, too, and alone when the other one goes.
      process.kill(second, "SIGSTOP");
      await askSockets();
      process.kill(second, "SIGCONT");
      expect(lstatSync(socket).ino).toBe(ino);
      expect(program.log).not.toContain("ERROR");
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
      expect(existsSync(socket)).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    "take no more, and leave nobody waiting, as soon as the server ends",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const words = ["--host", `unix:${socket}`, "--workers", "2", "--grace", "30s", "--tls", "self-signed"];
      await using program = await RunningProgram.start(words);
      expect(await curl(socket, "--insecure", "https://localhost/echo/a")).toBe("a");
      const half = await Bun.connect({ unix: socket, tls: { rejectUnauthorized: false }, socket: { data() {} } });
      half.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
      program.kill("SIGTERM");
      while (existsSync(socket)) await Bun.sleep(5);
      expect(exchangeAt(socket, HELLO)).rejects.toThrow();
      half.write("b");
      half.end();
      expect(await program.exited).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    "of a parent that is killed leave a path that the next server takes",
    async () => {
      using folder = tempFolder();
      const flags = ["--host", `unix:${join(folder.path, "s")}`, "--workers", "2"];
      await using killed = await RunningProgram.start(flags);
      const children = childrenOf(killed.pid);
      killed.kill("SIGKILL");
      await killed.exited;
      while (children.some((pid) => existsSync(`/proc/${pid}`))) await Bun.sleep(5);
      await using next = await RunningProgram.start(flags);
      expect(await exchangeAt(join(folder.path, "s"), HELLO)).toContain("hello");
      expect((await runProgram(flags)).stderr).toContain("another server listens at");
      next.kill("SIGTERM");
      await next.exited;
      expect(readdirSync(folder.path)).toEqual([]);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip)("clients of a unix socket", () => {
  const logs: [format: string, line: RegExp][] = [
    ["text", /\[RECEIVED from unix\] GET \/echo\/a HTTP\/1\.1 -> 200 /],
    ["common", /^unix - - \[.*\] "GET \/echo\/a HTTP\/1\.1" 200 1$/m],
    ["json", /"client":"unix","port":0,.*"target":"\/echo\/a"/],
  ];
  test.each(logs)("have a name in a log of %s", async (format, line) => {
    using folder = tempFolder();
    const socket = join(folder.path, "s");
    await using program = await RunningProgram.start(["--host", `unix:${socket}`, "--log-format", format]);
    expect(await statusOf(socket, "/echo/a")).toBe(200);
    await program.untilLog((log) => line.test(log));
    expect(program.log).not.toContain("unix:0");
  });

  const rules: [why: string, flags: string[], fields: string, status: number][] = [
    ["are in no network that is denied", ["--deny-ip", "0.0.0.0/0,::/0"], "", 200],
    ["are in no network that is allowed", ["--allow-ip", "127.0.0.0/8,::/0"], "", 403],
    ["can be allowed", ["--allow-ip", "unix"], "", 200],
    ["can be denied", ["--deny-ip", "unix"], "", 403],
    ["are believed nothing", ["--deny-ip", "192.0.2.1"], "X-Forwarded-For: 192.0.2.1\r\n", 200],
    [
      "are no neighbours",
      ["--deny-ip", "192.0.2.1", "--trusted-proxies", "127.0.0.1,::1,10.0.0.0/8"],
      "X-Forwarded-For: 192.0.2.1\r\n",
      200,
    ],
    [
      "are believed as proxies",
      ["--deny-ip", "192.0.2.1", "--trusted-proxies", "unix"],
      "X-Forwarded-For: 192.0.2.1\r\n",
      403,
    ],
    [
      "are proxies behind others",
      ["--deny-ip", "192.0.2.1", "--trusted-proxies", "unix,10.0.0.0/8"],
      "X-Forwarded-For: 192.0.2.1, 10.1.1.1\r\n",
      403,
    ],
    [
      "are clients themselves where they name nobody",
      ["--allow-ip", "192.0.2.1", "--trusted-proxies", "unix"],
      "",
      403,
    ],
    [
      "cannot be named by others",
      ["--allow-ip", "unix", "--trusted-proxies", "unix"],
      "X-Forwarded-For: unix\r\n",
      400,
    ],
  ];
  test.each(rules)("%s", async (_, flags, fields, status) => {
    using folder = tempFolder();
    const socket = join(folder.path, "s");
    await using _program = await RunningProgram.start(["--host", `unix:${socket}`, ...flags]);
    expect(await statusOf(socket, "/echo/a", fields)).toBe(status);
  });

  test(
    "do not lock each other out by wrong passwords, and those of a proxy do not but themselves",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      mkdirSync(join(folder.path, "served"));
      const flags = [join(folder.path, "served"), "--host", `unix:${socket}`, "--auth", "ada:right"];
      const wrong = `Authorization: Basic ${btoa("ada:wrong")}\r\n`;
      const right = `Authorization: Basic ${btoa("ada:right")}\r\n`;
      const guess = async (count: number, fields: string): Promise<readonly number[]> => {
        const statuses: number[] = [];
        for (let i = 0; i < count; i++) statuses.push(await statusOf(socket, "/files/", fields));
        return statuses;
      };
      {
        await using program = await RunningProgram.start(flags);
        expect(program.log).toContain("--trusted-proxies unix tells its clients apart.");
        expect(await guess(14, wrong)).toEqual(new Array(14).fill(401));
        expect(await guess(1, right)).toEqual([200]);
      }
      await using program = await RunningProgram.start([...flags, "--trusted-proxies", "unix"]);
      expect(program.log).not.toContain("tells its clients apart");
      expect((await guess(11, wrong + "X-Forwarded-For: 192.0.2.1\r\n")).at(-1)).toBe(429);
      expect(await guess(1, right + "X-Forwarded-For: 192.0.2.1\r\n")).toEqual([429]);
      expect(await guess(1, right + "X-Forwarded-For: 192.0.2.2\r\n")).toEqual([200]);
    },
    PATIENCE_MS,
  );

  test("are not taken for people at this machine, and told so", async () => {
    using folder = tempFolder();
    const socket = join(folder.path, "s");
    await using _program = await RunningProgram.start(["--host", `unix:${socket}`, "--testing"]);
    expect(await exchangeAt(socket, withoutBody("GET", "/-/requests"))).toContain("This came over a unix socket");
  });

  test(
    "begin with a PROXY header where proxies do",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const flags = ["--host", `unix:${socket}`, "--proxy-protocol", "--trusted-proxies", "unix"];
      await using program = await RunningProgram.start(flags);
      expect(await exchangeAt(socket, `PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n${HELLO}`)).toContain("hello");
      await program.untilLog((log) => log.includes("[RECEIVED from 192.0.2.1:5000] GET /echo/hello"));
      expect((await runProgram(["healthcheck", ...flags])).exitCode).toBe(0);
      expect(await exchangeAt(socket, HELLO)).toBe("");
      await program.untilLog((log) => log.includes("[ERROR] unix"));
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip)("who looks for a server at a unix socket", () => {
  test(
    "finds it by the variables of its run",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const script = 'curl -sS --unix-socket "$MINI_HTTP_SOCKET" "$MINI_HTTP_URL/echo/hello"; echo " $MINI_HTTP_URL"';
      const run = async (...flags: string[]): Promise<string> =>
        Bun.spawn([...COMMAND, "run", "--host", `unix:${socket}`, ...flags, "--", "sh", "-c", script], {
          env: programEnvironment(),
          stdout: "pipe",
        }).stdout.text();
      expect(await run()).toBe("hello http://localhost\n");
      expect(await run("--host", "localhost")).toMatch(/^hello http:\/\/localhost:\d+\n$/);
      expect(existsSync(socket)).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    "is told when nobody is there, or not well",
    async () => {
      using folder = tempFolder();
      const socket = join(folder.path, "s");
      const check = (): ReturnType<typeof runProgram> => runProgram(["healthcheck", "--host", `unix:${socket}`]);
      expect((await check()).stderr).toBe(`mini-http: No server answers at unix:${socket}.\n`);
      await using program = await RunningProgram.start(["--host", `unix:${socket}`, "--drain-delay", "1m"]);
      expect(await check()).toMatchObject({ exitCode: 0, stderr: "" });
      program.kill("SIGTERM");
      await untilDraining(socket);
      expect(await check()).toMatchObject({
        exitCode: 1,
        stderr: `mini-http: The server at unix:${socket} answers 503.\n`,
      });
    },
    PATIENCE_MS,
  );
});
