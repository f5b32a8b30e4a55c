// What a service manager hears of a server: by sd_notify(3), as systemd wants it.

import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Hearer, ServiceManager } from "../../src/process/service-manager.ts";
import { withoutBody } from "../support/ask.ts";
import { FakeTime } from "../support/fake-time.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { SystemSocket } from "../support/system-socket.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({ linux: true });
const { skip: withoutPython } = needs({ linux: true, programs: ["python3"] });
const HELLO = withoutBody("GET", "/echo/hello");
const CREWS: readonly (readonly string[])[] = [
  ["--workers", "1"],
  ["--workers", "2"],
];
const PATIENCE_MS = 60_000;
const USEC_PER_MS = 1000;

/** A socket of a manager, and what has come to it. */
class Manager implements Disposable {
  readonly address: string;
  readonly heard: string[] = [];
  readonly #socket: SystemSocket;

  constructor(address: string) {
    this.address = address;
    this.#socket = new SystemSocket({ at: address, type: "datagram" });
  }

  /** All that has come when it holds. */
  async until(holds: (heard: readonly string[]) => boolean): Promise<readonly string[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      this.heard.push(...this.#socket.receiveAll());
      if (holds(this.heard)) return this.heard;
      if (performance.now() > deadline) throw new Error(`heard no more than ${JSON.stringify(this.heard)}`);
      await Bun.sleep(5);
    }
  }

  /** What comes within so long; what came before is forgotten. */
  async within(ms: number): Promise<readonly string[]> {
    this.#socket.receiveAll();
    await Bun.sleep(ms);
    return this.#socket.receiveAll();
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** CLOCK_MONOTONIC, as Python has it. */
function monotonicUsec(): number {
  const { stdout } = Bun.spawnSync(["python3", "-c", "import time; print(time.monotonic_ns() // 1000)"]);
  return Number(stdout.toString());
}

/** How many messages say so. */
function count(heard: readonly string[], line: string): number {
  return heard.filter((message) => message.split("\n").includes(line)).length;
}

function workersOf(pid: number): number[] {
  const isChild = (name: string): boolean => {
    try {
      return new RegExp(`^PPid:\\s*${pid}$`, "m").test(readFileSync(`/proc/${name}/status`, "latin1"));
    } catch {
      return false;
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isChild(name))
    .map(Number);
}

describe.skipIf(skip).each(CREWS)("a server with a service manager (%s %s)", (...crew) => {
  test(
    "says that it listens, and where, when it does",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(join(folder.path, "notify"));
      await using program = await RunningProgram.start(crew, { env: { NOTIFY_SOCKET: manager.address } });
      const heard = await manager.until(({ length }) => length > 0);
      const status = `STATUS=Listening on http://localhost:${program.port}`;
      expect(heard).toEqual([`READY=1\n${status}\nMAINPID=${program.pid}`]);
      expect(program.log).not.toContain("WARNING");
    },
    PATIENCE_MS,
  );

  test.skipIf(withoutPython)(
    "says round a hang-up that it reads again, and is ready",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(`@mini-http-notify-${process.pid}-${crew.join("")}`);
      const flags = [...crew, "--tls", "self-signed", "--tls-state", join(folder.path, "tls")];
      await using program = await RunningProgram.start(flags, { env: { NOTIFY_SOCKET: manager.address } });
      await manager.until(({ length }) => length === 1);
      const before = monotonicUsec();
      program.kill("SIGHUP");
      const [, reloading = "", ready = ""] = await manager.until(({ length }) => length === 3);
      await program.untilLog((log) => log.includes("The certificate and the accounts were read again."));
      const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
      expect(Number(usec)).toBeWithin(before, monotonicUsec());
      expect(ready).toBe(`READY=1\nSTATUS=Listening on https://localhost:${program.port}`);
    },
    PATIENCE_MS,
  );

  test(
    "goes on at a hang-up when there is nothing to read again",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(join(folder.path, "notify"));
      await using program = await RunningProgram.start(crew, { env: { NOTIFY_SOCKET: manager.address } });
      await manager.until(({ length }) => length === 1);
      program.kill("SIGHUP");
      const heard = await manager.until(({ length }) => length === 3);
      expect(count(heard, "READY=1")).toBe(2);
      expect(await exchange(program.port, HELLO)).toEndWith("hello");
    },
    PATIENCE_MS,
  );

  test(
    "says that it ends, and how long it may take, while something is in hand",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(join(folder.path, "notify"));
      const flags = [...crew, "--grace", "200s", "--drain-delay", "20ms"];
      await using program = await RunningProgram.start(flags, { env: { NOTIFY_SOCKET: manager.address } });
      const client = await RawClient.connect(program.port);
      await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
      await client.until(({ received }) => received.endsWith("\r\n\r\na"));
      program.kill("SIGTERM");
      const heard = await manager.until((each) => count(each, "STOPPING=1") === 1);
      expect(heard[1]).toBe("STOPPING=1\nSTATUS=Finishing what is in hand\nEXTEND_TIMEOUT_USEC=210020000");
      await client.send("b");
      expect(await client.untilEnd()).toEndWith("ab");
      expect(await program.exited).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    "says that it lives for as long as it does",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(join(folder.path, "notify"));
      const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: String(100 * USEC_PER_MS) };
      await using program = await RunningProgram.start(crew, { env });
      await manager.until((heard) => count(heard, "WATCHDOG=1") >= 3);
      const [hanging = program.pid] = workersOf(program.pid);
      process.kill(hanging, "SIGSTOP");
      // What was on its way when it stopped comes yet.
      await until(async () => (await manager.within(500)).length === 0);
      process.kill(hanging, "SIGCONT");
      manager.heard.length = 0;
      await manager.until((heard) => count(heard, "WATCHDOG=1") >= 3);
    },
    PATIENCE_MS,
  );

  test(
    "goes on with one warning when nobody hears it",
    async () => {
      using folder = tempFolder();
      const env = { NOTIFY_SOCKET: join(folder.path, "nobody"), WATCHDOG_USEC: "10000" };
      await using program = await RunningProgram.start(crew, { env });
      await program.untilLog((log) => log.includes("WARNING"), PATIENCE_MS);
      program.kill("SIGHUP");
      await program.untilLog((log) => log.includes("nothing to read again"));
      expect(await exchange(program.port, HELLO)).toEndWith("hello");
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
      expect(program.log.match(/NOTIFY_SOCKET/g)).toHaveLength(1);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(skip)("a server with a service manager", () => {
  test(
    "lives when a worker is killed, and another one comes",
    async () => {
      using folder = tempFolder();
      using manager = new Manager(join(folder.path, "notify"));
      const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: String(100 * USEC_PER_MS) };
      await using program = await RunningProgram.start(["--workers", "2"], { env });
      await manager.until((heard) => count(heard, "READY=1") === 1);
      const [killed] = workersOf(program.pid);
      process.kill(killed!, "SIGKILL");
      await program.untilLog((log) => log.includes("another one starts"));
      manager.heard.length = 0;
      await manager.until((heard) => count(heard, "WATCHDOG=1") >= 3);
      expect(count(manager.heard, "READY=1")).toBe(0);
    },
    PATIENCE_MS,
  );

  test("who cannot listen is never ready: exit code 1", async () => {
    using folder = tempFolder();
    using manager = new Manager(join(folder.path, "notify"));
    await using taken = await RunningProgram.start();
    const env = { NOTIFY_SOCKET: manager.address };
    const { exitCode } = await runProgram(["--port", String(taken.port)], { env });
    expect(exitCode).toBe(1);
    expect(await manager.within(0)).toEqual([]);
  });

  test("whose watchdog is for another process says nothing of its life", async () => {
    using folder = tempFolder();
    using manager = new Manager(join(folder.path, "notify"));
    const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
    await using _program = await RunningProgram.start([], { env });
    await manager.until(({ length }) => length === 1);
    expect(await manager.within(200)).toEqual([]);
  });

  test("at a path that is too long says so, and serves", async () => {
    const env = { NOTIFY_SOCKET: `/${"n".repeat(107)}` };
    await using program = await RunningProgram.start([], { env });
    expect(program.log).toContain("NOTIFY_SOCKET does nothing: this system cannot send there.");
    expect(await exchange(program.port, HELLO)).toEndWith("hello");
  });
});

/** Takes messages when it has time. */
class BusyHearer implements Hearer {
  readonly heard: string[] = [];
  hasTime = true;

  send(text: string): boolean {
    if (this.hasTime) this.heard.push(text.split("\n")[0] ?? "");
    return this.hasTime;
  }
}

describe("a manager that is busy", () => {
  let time: FakeTime | null = null;
  afterEach(() => time?.[Symbol.dispose]());

  test("hears everything in its order when it has time, and of life only what is true then", async () => {
    time = new FakeTime();
    const hearer = new BusyHearer();
    const warnings: string[] = [];
    const manager = new ServiceManager(hearer, 2000, (line) => warnings.push(line));
    hearer.hasTime = false;
    manager.ready(["http://localhost:1"]);
    manager.watch(async () => true);
    await time.pass(3000);
    manager.stopping(1000);
    hearer.hasTime = true;
    await time.pass(200);
    expect(hearer.heard).toEqual(["READY=1", "STOPPING=1"]);
    await time.pass(2000);
    expect(hearer.heard.slice(2)).toEqual(["WATCHDOG=1", "WATCHDOG=1"]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["does it", () => {}],
    ["throws", () => void JSON.parse("")],
  ])("hears that the server is ready after it has read again, whether reading %s", (_, read) => {
    const hearer = new BusyHearer();
    const manager = new ServiceManager(hearer, null, () => {});
    manager.ready(["http://localhost:1"]);
    try {
      manager.reload(read);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
    expect(hearer.heard).toEqual(["READY=1", "RELOADING=1", "READY=1"]);
  });

  test("for too long is told once what is new, and no more waits for it", async () => {
    time = new FakeTime();
    const hearer = new BusyHearer();
    const warnings: string[] = [];
    const manager = new ServiceManager(hearer, null, (line) => warnings.push(line));
    hearer.hasTime = false;
    manager.ready(["http://localhost:1"]);
    manager.stopping(1000);
    await time.pass(20_000);
    expect(warnings).toHaveLength(1);
    hearer.hasTime = true;
    manager.stopping(1000);
    expect(hearer.heard).toEqual(["STOPPING=1"]);
  });

  test("hears of a server that does not answer nothing, and asks it once", async () => {
    time = new FakeTime();
    const hearer = new BusyHearer();
    const manager = new ServiceManager(hearer, 1000, () => {});
    let asked = 0;
    const answer = Promise.withResolvers<boolean>();
    manager.watch(() => {
      asked += 1;
      return asked === 2 ? answer.promise : Promise.resolve(true);
    });
    await time.pass(5000);
    expect([asked, hearer.heard]).toEqual([2, ["WATCHDOG=1"]]);
    answer.resolve(false);
    await time.pass(500);
    expect(hearer.heard).toEqual(["WATCHDOG=1", "WATCHDOG=1"]);
  });

  const times: [what: string, watchdogMs: number, within: number, least: number, most: number][] = [
    ["as short as can be", 0.001, 100, 1, 100],
    ["of half a second", 500, 1000, 3, 4],
    ["without end", 2 ** 64 / 1000, 100_000, 0, 0],
  ];
  test.each(times)("with a watchdog %s hears twice in its time", async (_what, watchdogMs, within, least, most) => {
    time = new FakeTime();
    const hearer = new BusyHearer();
    new ServiceManager(hearer, watchdogMs, () => {}).watch(async () => true);
    await time.pass(within);
    expect(hearer.heard.length).toBeWithin(least, most + 1);
  });

  test("is told of places without what would end a line", () => {
    const said: string[] = [];
    const manager = new ServiceManager({ send: (text) => said.push(text) > 0 }, null, () => {});
    manager.ready(["unix:/a\nSTOPPING=1", `unix:/${"b".repeat(5000)}`]);
    expect(said[0]!.split("\n")).toHaveLength(3);
    expect(said[0]).toContain("STATUS=Listening on unix:/a?STOPPING=1, unix:/bbb");
    expect(said[0]!.length).toBeLessThan(2000);
  });
});
