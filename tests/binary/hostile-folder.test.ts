// Started in a folder that strangers may write to: nothing there runs, or sets a flag. From source as README starts it,
// with MINI_HTTP_BINARY as the compiled file.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { statusOf, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { COMMAND, IS_BINARY, RunningProgram, runProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SOURCE = resolve(import.meta.dir, "../../src");
const STARTED_INSIDE =
  /\[WARNING\] Bun obeys bunfig\.toml, tsconfig\.json and \.env where it starts, in the served folder/;
const REPLACEABLE = /\[WARNING\] This program lies in the served folder/;

let outer: ReturnType<typeof tempFolder>;
let hostile: string;
/** There as soon as code of the folder ran. */
let mark: string;

beforeEach(() => {
  outer = tempFolder();
  hostile = join(outer.path, "hostile");
  mark = join(outer.path, "evil-ran");
  mkdirSync(hostile);
});
afterEach(() => outer[Symbol.dispose]());

function makeHostile(): void {
  const files = {
    "bunfig.toml": 'preload = ["./evil.ts"]\n[run]\nbun = true\n[define]\n"process.argv" = "[]"\n',
    "evil.ts": `require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""); process.exit(77);\n`,
    ".env": "MINI_HTTP_PORT=1\nMINI_HTTP_DIRECTORY=/\nBUN_OPTIONS=--preload=./evil.ts\n",
    ".env.local": "MINI_HTTP_PORT=1\nMINI_HTTP_DIRECTORY=/\n",
    "package.json": '{"name":"evil","type":"commonjs"}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(hostile, name), text);
}

describe("the current folder's bunfig.toml, .env and the like have no effect", () => {
  test("on a question", async () => {
    makeHostile();
    expect((await runProgram(["--version"], { cwd: hostile })).exitCode).toBe(0);
    expect(existsSync(mark)).toBe(false);
  });

  const sizes: string[][] = process.platform === "linux" ? [[], ["--workers", "2"]] : [[]];
  test.each(sizes)("on a server: %j", async (...flags) => {
    makeHostile();
    await using program = await RunningProgram.start(flags, { cwd: hostile });
    expect(program.port).not.toBe(1);
    expect(await statusOf(program.port, withoutBody("GET", "/files/etc/passwd"))).toBe(404);
    expect(program.log).not.toContain("WARNING");
    expect(existsSync(mark)).toBe(false);
  });

  test.skipIf(needs({ linux: true }).skip)("on a worker that starts after they were uploaded", async () => {
    await using program = await RunningProgram.start([".", "--workers", "2"], { cwd: hostile });
    makeHostile();
    const children = (): string[] =>
      readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "latin1").trim().split(" ");
    const before = children();
    for (const pid of before) process.kill(Number(pid), "SIGKILL");
    while (children().filter((pid) => pid !== "" && !before.includes(pid)).length < 2) await Bun.sleep(10);
    let served = 0;
    while (served !== 200) served = await statusOf(program.port, withoutBody("GET", "/echo/a")).catch(() => 0);
    expect(existsSync(mark)).toBe(false);
    expect(program.log).not.toContain("ended (77)");
  });
});

describe("a start that an upload could change is worth a warning", () => {
  test.skipIf(IS_BINARY)("from source in the served folder, or below it, by whatever name", async () => {
    mkdirSync(join(hostile, "below"));
    symlinkSync(hostile, join(outer.path, "link"));
    for (const [cwd, directory] of [
      [hostile, "."],
      [join(hostile, "below"), ".."],
      [hostile, join(outer.path, "link")],
    ] as const) {
      await using program = await RunningProgram.start([directory], { cwd });
      expect(program.log).toMatch(STARTED_INSIDE);
      expect(program.log).not.toMatch(REPLACEABLE);
    }
  });

  test.skipIf(IS_BINARY)("from source that is served itself, unless nobody can write there", async () => {
    await using program = await RunningProgram.start([SOURCE], { cwd: hostile });
    expect(program.log).toMatch(REPLACEABLE);
    expect(program.log).not.toMatch(STARTED_INSIDE);
    await using readOnly = await RunningProgram.start([SOURCE, "--read-only"], { cwd: hostile });
    expect(readOnly.log).not.toContain("WARNING");
  });

  test.skipIf(needs({ compiledFile: true }).skip)(
    "for the compiled file when it is served itself, not for where it starts",
    async () => {
      copyFileSync(COMMAND[0]!, join(hostile, "mini-http"));
      await using elsewhere = await RunningProgram.start(["."], { cwd: hostile });
      expect(elsewhere.log).not.toContain("WARNING");
      const child = Bun.spawn(["bash", "-c", `chmod 755 mini-http; exec ./mini-http . --port 0`], {
        cwd: hostile,
        stderr: "pipe",
      });
      let log = "";
      for await (const bytes of child.stderr) {
        log += Buffer.from(bytes).toString();
        if (log.includes("[SERVER STARTED]")) child.kill("SIGKILL");
      }
      expect(log).toMatch(REPLACEABLE);
    },
  );

  test("but not for a folder beside it, also when its name begins alike", async () => {
    for (const directory of [hostile + "-beside", join(outer.path, "host"), join(hostile, "..served"), "none"]) {
      if (directory !== "none") mkdirSync(directory);
      await using program = await RunningProgram.start([directory], { cwd: hostile });
      expect(program.log).not.toMatch(STARTED_INSIDE);
      expect(program.log).not.toMatch(REPLACEABLE);
    }
  });
});
