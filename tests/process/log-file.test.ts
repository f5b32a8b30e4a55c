// The log in a file: what moves it away, cuts it or fills its disk loses no line that could have been kept.

import { describe, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const LINES = 600;

async function ask(port: number, name: string): Promise<void> {
  await exchange(port, `GET /echo/${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
}

function linesOf(...paths: string[]): string[] {
  return paths.flatMap((path) => readFileSync(path, "latin1").split("\n").slice(0, -1));
}

function askedIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /\/echo\/(\d+)/.exec(line)?.[1] ?? []);
}

describe.each([
  ["one process", "1"],
  ["two workers", "2"],
])("with %s", (_what, workers) => {
  test.each(["text", "json"])("a file that is moved away under load loses and cuts no line (%s)", async (format) => {
    using folder = tempFolder();
    const path = join(folder.path, "log");
    await using program = await RunningProgram.start([
      "--workers",
      workers,
      "--log-format",
      format,
      "--log-file",
      path,
    ]);
    const moved: string[] = [];
    const move = async (): Promise<void> => {
      const old = join(folder.path, `log.${moved.length}`);
      renameSync(path, old);
      moved.push(old);
      // logrotate's `create` makes the next one itself.
      if (moved.length % 2 === 0) writeFileSync(path, "", { mode: 0o600 });
      program.kill("SIGHUP");
      await until(() => existsSync(path));
    };
    for (let i = 0; i < LINES; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, k) => ask(program.port, String(i + k))));
      if (i % 100 === 80) await move();
    }
    program.kill("SIGTERM");
    await program.exited;
    const lines = linesOf(...moved, path);
    expect(moved).toHaveLength(6);
    expect(
      askedIn(lines)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: LINES }, (_, i) => i));
    if (format === "json") for (const line of lines) JSON.parse(line);
    else for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[[A-Z].*[^ ]$/);
  });
});

test("a file that is cut short is written from its beginning (copytruncate)", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  await using program = await RunningProgram.start(["--log-format", "combined", "--log-file", path]);
  await ask(program.port, "1");
  await until(() => askedIn(linesOf(path)).length === 1);
  truncateSync(path);
  await ask(program.port, "2");
  await until(() => askedIn(linesOf(path)).length === 1);
  expect(readFileSync(path, "latin1")).toMatch(/^127\.0\.0\.1 - - \[.*"GET \/echo\/2 HTTP\/1\.1" 200 1 "-" "-"\n$/);
});

test("others cannot read it, and what happens to the server stands on standard error too", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  await using program = await RunningProgram.start(["--log-format", "json", "--log-file", path], {
    before: "umask 022",
  });
  await until(() => linesOf(path).length > 0);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(program.log).toMatch(/^\S+ \S+ \[SERVER STARTED\] /);
  await ask(program.port, "1");
  await until(() => askedIn(linesOf(path)).length === 1);
  expect(program.log.split("\n")).toHaveLength(2);
});

test("a log that cannot be opened again goes on where it was, and says so", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  const old = join(folder.path, "old");
  await using program = await RunningProgram.start(["--log-file", path]);
  renameSync(path, old);
  mkdirSync(path);
  program.kill("SIGHUP");
  await until(() => program.log.includes("cannot be opened (EISDIR)"));
  await ask(program.port, "1");
  await until(() => askedIn(linesOf(old)).length === 1);
});

test.each([
  ["a folder", (path: string) => mkdirSync(path), "EISDIR"],
  ["a link to nowhere near", (path: string) => symlinkSync("/nonexistent/a/b", path), "ENOENT"],
  ["a pipe that nobody reads", (path: string) => void Bun.spawnSync(["mkfifo", path]), "ENXIO"],
])("%s is no log file: one line, and no start", async (_what, make, code) => {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  make(path);
  const { exitCode, stderr } = await runProgram(["--log-file", path, "--port", "0"]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${path} cannot be opened (${code})`)]);
});

const disk = needs({ root: true, linux: true, programs: ["mount"] });
test.skipIf(disk.skip)("a full disk loses lines, which are counted, and the server goes on", async () => {
  using folder = tempFolder();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path]);
  expect(mounted.exitCode).toBe(0);
  try {
    const path = join(folder.path, "log");
    await using program = await RunningProgram.start(["--log-file", path]);
    for (let i = 0; i < 600; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, k) => ask(program.port, String(i + k))));
    await until(() => program.log.includes("does not take all lines"));
    const kept = askedIn(linesOf(path)).length;
    truncateSync(path);
    await ask(program.port, "9999");
    await until(() => readFileSync(path, "latin1").includes("/echo/9999"));
    expect(kept).toBeLessThan(600);
    const text = readFileSync(path, "latin1");
    expect(text).toMatch(/\[WARNING\] \d+ log lines are missing here: the file did not take them\.\n/);
  } finally {
    Bun.spawnSync(["umount", "-l", folder.path]);
  }
});

test.skipIf(needs({ linux: true, programs: ["mkfifo"] }).skip).each(["text", "json", "common"])(
  "a pipe whose reader left is spoken of, and SIGHUP finds the next one (%s)",
  async (format) => {
    using folder = tempFolder();
    const path = join(folder.path, "pipe");
    Bun.spawnSync(["mkfifo", path]);
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await using program = await RunningProgram.start(["--log-format", format, "--log-file", path]);
    closeSync(first);
    await ask(program.port, "1");
    await program.untilLog((log) => log.includes(`Nobody reads the log file ${path} any more; SIGHUP opens it again.`));
    program.kill("SIGHUP");
    await program.untilLog((log) => log.includes("cannot be opened (ENXIO). There is no log now."));
    const second = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    program.kill("SIGHUP");
    const bytes = Buffer.alloc(65_536);
    let told = "";
    for (let i = 0; i < 1000 && !told.includes("/echo/2"); i++) {
      await ask(program.port, "2");
      told += bytes.latin1Slice(0, readNow(second, bytes));
    }
    closeSync(second);
    expect(told.match(/\/echo\/\d/g)).not.toContain("/echo/1");
  },
);

/** 0 where nothing is there yet. */
function readNow(fd: number, bytes: Buffer): number {
  try {
    return readSync(fd, bytes);
  } catch {
    return 0;
  }
}
