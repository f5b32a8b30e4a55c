// A server whose life is bound to that of others: who waits for it, and what ends it.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { ask } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { COMMAND, programEnvironment, RunningProgram, runProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const HELLO = "GET /echo/hello HTTP/1.1\r\nHost: a\r\n\r\n";
const isLinux = process.platform === "linux";
/** Alone, and where the system has them, together. */
const CREWS: readonly (readonly string[])[] = isLinux ? [[], ["--workers", "2"]] : [[]];

/** Nobody listens there any more. */
function isRefused(port: number): Promise<boolean> {
  return RawClient.connect(port).then(
    (client) => (client.close(), false),
    () => true,
  );
}

describe.each(CREWS)("--ready-file (%s %s)", (...crew) => {
  const words = crew.filter((word) => word !== undefined);

  test("says who listens where, whole, and goes with the server", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "ready.json");
    mkdirSync(join(folder.path, "served"));
    await using program = await RunningProgram.start(["--ready-file", file, join(folder.path, "served"), ...words]);
    await until(() => existsSync(file));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      pid: program.pid,
      urls: [`http://localhost:${program.port}`],
      directory: join(folder.path, "served"),
      version: manifest.version,
    });
    expect(readdirSync(folder.path).sort()).toEqual(["ready.json", "served"]);
    expect(program.log).not.toContain("WARNING");
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(readdirSync(folder.path)).toEqual(["served"]);
  });
});

describe("--ready-file", () => {
  test("of another server that has put its own there stays", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "ready.json");
    await using first = await RunningProgram.start(["--ready-file", file]);
    await until(() => existsSync(file));
    const inode = statSync(file).ino;
    await using second = await RunningProgram.start(["--ready-file", file]);
    await until(() => statSync(file).ino !== inode);
    first.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(JSON.parse(readFileSync(file, "utf8")).pid).toBe(second.pid);
  });

  test("of a killed server is taken for nobody's: it is gone before another one listens", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "ready.json");
    const dead = Bun.spawnSync(["true"]).pid;
    writeFileSync(file, JSON.stringify({ pid: dead, urls: ["http://localhost:1"] }));
    await using taken = await RunningProgram.start();
    const { exitCode } = await runProgram(["--port", String(taken.port), "--ready-file", file]);
    expect([exitCode, existsSync(file)]).toEqual([1, false]);
  });

  describe.skipIf(needs({ linux: true, root: true, programs: ["unshare"] }).skip)("of a container", () => {
    /** In namespaces of its own the server has this number each time. */
    async function runAs(pid: 1 | 2, words: readonly string[]): Promise<number> {
      const inside = pid === 1 ? 'exec "$@"' : '"$@"; exit $?';
      const container = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", inside, "sh"];
      return await Bun.spawn([...container, ...COMMAND, ...words], { env: programEnvironment(), timeout: PATIENCE_MS })
        .exited;
    }

    test.each([1, 2] as const)("that was killed is nobody's, though the next one is process %d too", async (pid) => {
      using folder = tempFolder();
      const file = join(folder.path, "ready.json");
      writeFileSync(file, JSON.stringify({ pid, urls: ["http://localhost:1"] }));
      await using taken = await RunningProgram.start();
      expect(await runAs(pid, ["--port", String(taken.port), "--ready-file", file])).toBe(1);
      expect(existsSync(file)).toBeFalse();
    });

    test.each([1, 2] as const)("that was killed while it wrote does not stop the next process %d", async (pid) => {
      using folder = tempFolder();
      const file = join(folder.path, "ready.json");
      writeFileSync(`${file}.${pid}.tmp`, "{");
      expect(await runAs(pid, ["--port", "0", "--ready-file", file, "--stop-after", "10ms"])).toBe(0);
    });
  });

  const misplaced: [what: string, exitCode: number, line: RegExp, make: (path: string) => string][] = [
    ["a folder", 2, /^mini-http: --ready-file must be the path of a file/, (path) => path],
    ["a device", 2, /^mini-http: --ready-file must be the path of a file/, () => "/dev/null"],
    ["a file that is no folder", 2, /^mini-http: --ready-file cannot be written: ENOTDIR/m, () => "/etc/passwd/ready"],
    ["a folder that is not there", 2, /^mini-http: --ready-file cannot be written: ENOENT/m, (path) => path + "/a/b"],
    [
      "a link to somewhere",
      2,
      /^mini-http: --ready-file must be the path of a file/,
      (path) => {
        symlinkSync("elsewhere", join(path, "link"));
        return join(path, "link");
      },
    ],
  ];
  test.each(misplaced)("at %s is refused in one line, exit code %d", async (_what, exitCode, line, make) => {
    using folder = tempFolder();
    const ended = await runProgram(["--port", "0", "--quiet", "--ready-file", make(folder.path)]);
    expect(ended).toMatchObject({ exitCode, stdout: "" });
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("in the served folder is worth a warning", async () => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--ready-file", join(folder.path, "r.json"), folder.path]);
    expect(program.log).toContain("lies in the served folder, where others may read or replace it.");
  });
});

describe.each(CREWS)("ends by itself (%s %s)", (...crew) => {
  const words = crew.filter((word) => word !== undefined);

  test("--stop-after a time, exit code 0", async () => {
    await using program = await RunningProgram.start(["--stop-after", "100ms", ...words]);
    expect(await program.exited).toBe(0);
    expect(program.log).toContain("[SERVER STOPPED]");
  });

  test("--stop-after leaves requests in hand their --grace", async () => {
    await using program = await RunningProgram.start(["--stop-after", "3s", ...words]);
    const client = await RawClient.connect(program.port);
    await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    await until(() => isRefused(program.port));
    await client.send("b");
    expect(await client.untilEnd()).toEndWith("\r\n\r\nab");
    expect(await program.exited).toBe(0);
  });

  test.each([1, 5, 20])("--max-requests %d answers so many, over all workers", async (most) => {
    await using program = await RunningProgram.start(["--max-requests", String(most), "--quiet=no", ...words]);
    for (let i = 1; i < most; i++) expect(await exchange(program.port, HELLO)).toEndWith("hello");
    await Bun.sleep(50);
    expect(program.log).not.toContain("[SERVER STOPPED]");
    expect(await exchange(program.port, HELLO)).toEndWith("hello");
    expect(await program.exited).toBe(0);
  });

  test("--max-requests counts what was refused, and no connection that asked for nothing", async () => {
    await using program = await RunningProgram.start(["--max-requests", "2", "--quiet=no", ...words]);
    for (let i = 0; i < 3; i++) (await RawClient.connect(program.port)).close();
    expect(await exchange(program.port, "NONSENSE\r\n\r\n")).toStartWith("HTTP/1.1 400 ");
    await Bun.sleep(50);
    expect(program.log).not.toContain("[SERVER STOPPED]");
    expect(await exchange(program.port, HELLO)).toEndWith("hello");
    expect(await program.exited).toBe(0);
  });

  test("--max-requests: the last one is answered to its end, however long it takes", async () => {
    await using program = await RunningProgram.start(["--max-requests", "1", "--grace", "100ms", ...words]);
    const client = await RawClient.connect(program.port);
    await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    await Bun.sleep(400);
    await client.send("b");
    expect(await client.untilEnd()).toEndWith("\r\n\r\nab");
    expect(await program.exited).toBe(0);
  });

  test("--exit-on-stdin-close when whoever holds its input is gone, and not before", async () => {
    const child = Bun.spawn([...COMMAND, "--port", "0", "--exit-on-stdin-close", ...words], {
      env: programEnvironment(),
      stdin: "pipe",
      stdout: "ignore",
      stderr: "pipe",
    });
    await child.stderr.getReader().read();
    child.stdin.write("ignored\n");
    await child.stdin.flush();
    await Bun.sleep(200);
    expect(child.exitCode).toBeNull();
    await child.stdin.end();
    expect(await child.exited).toBe(0);
  });
});

describe.each(CREWS)("--tmp (%s %s)", (...crew) => {
  const words = crew.filter((word) => word !== undefined);
  const ends: [signal: NodeJS.Signals, exitCode: number][] = [
    ["SIGTERM", 0],
    ["SIGINT", 0],
    ["SIGHUP", 129],
  ];

  test.each(ends)(
    "makes a folder for this user alone, which %s removes with all that it holds",
    async (signal, code) => {
      using place = tempFolder();
      writeFileSync(join(place.path, "neighbour"), "");
      await using program = await RunningProgram.start(["--tmp", ...words], { env: { TMPDIR: place.path } });
      const [made = ""] = readdirSync(place.path).filter((name) => name !== "neighbour");
      expect(statSync(join(place.path, made)).mode & 0o777).toBe(0o700);
      expect((await ask(program.port, "PUT", "/files/a/b", "", "content")).status).toBe(201);
      expect(readFileSync(join(place.path, made, "a/b"), "utf8")).toBe("content");
      symlinkSync(join(place.path, "neighbour"), join(place.path, made, "link"));
      program.kill(signal);
      expect(await program.exited).toBe(code);
      expect(readdirSync(place.path)).toEqual(["neighbour"]);
    },
  );

  test.each(ends)("goes when %s comes as soon as it is there, exit code %d", async (signal, code) => {
    using place = tempFolder();
    const child = Bun.spawn([...COMMAND, "--tmp", "--port", "0", ...words], {
      env: programEnvironment({ TMPDIR: place.path }),
      stdio: ["ignore", "ignore", "ignore"],
      timeout: PATIENCE_MS,
    });
    while (readdirSync(place.path).length === 0) await Bun.sleep(0);
    child.kill(signal);
    expect([await child.exited, readdirSync(place.path)]).toEqual([code, []]);
  });

  test("is left alone when something else has come in its place", async () => {
    using place = tempFolder();
    await using program = await RunningProgram.start(["--tmp", ...words], { env: { TMPDIR: place.path } });
    const [made = ""] = readdirSync(place.path);
    renameSync(join(place.path, made), join(place.path, "moved"));
    mkdirSync(join(place.path, made));
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(readdirSync(place.path).sort()).toEqual([made, "moved"].sort());
  });

  test.skipIf(needs({ ordinaryUser: true }).skip)("goes with folders in it that may not be written", async () => {
    using place = tempFolder();
    await using program = await RunningProgram.start(["--tmp", ...words], { env: { TMPDIR: place.path } });
    const [made = ""] = readdirSync(place.path);
    expect((await ask(program.port, "PUT", "/files/modules/one/file", "", "content")).status).toBe(201);
    for (const path of ["modules/one", "modules"]) chmodSync(join(place.path, made, path), 0o555);
    program.kill("SIGTERM");
    expect([await program.exited, readdirSync(place.path)]).toEqual([0, []]);
  });

  test("goes too when the port is taken", async () => {
    using place = tempFolder();
    await using other = await RunningProgram.start();
    const ended = await runProgram(["--tmp", "--port", String(other.port), ...words], { env: { TMPDIR: place.path } });
    expect([ended.exitCode, readdirSync(place.path)]).toEqual([1, []]);
  });
});

test.skipIf(needs({ linux: true }).skip)("--tmp survives a killed worker, and goes with the server", async () => {
  using place = tempFolder();
  await using program = await RunningProgram.start(["--tmp", "--workers", "2"], { env: { TMPDIR: place.path } });
  const [made = ""] = readdirSync(place.path);
  const [worker] = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "latin1").split(" ");
  process.kill(Number(worker), "SIGKILL");
  await program.untilLog((log) => log.includes("another one starts"));
  expect((await ask(program.port, "PUT", "/files/f", "", "content")).status).toBe(201);
  expect(readdirSync(join(place.path, made))).toEqual(["f"]);
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  expect(readdirSync(place.path)).toEqual([]);
});

test("--tmp without a place for it ends in one line", async () => {
  const ended = await runProgram(["--tmp"], { env: { TMPDIR: "/nonexistent" } });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/^mini-http: --tmp needs a place[^\n]*\n$/);
});
