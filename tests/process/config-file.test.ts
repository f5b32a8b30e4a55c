// --config and --print-config of a whole process.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

function run(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): {
  readonly code: number;
  readonly out: string;
  readonly err: string;
} {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, MAIN, ...words], {
    env: { PATH: process.env["PATH"], ...env },
    cwd: folder.path,
    stdin: "ignore",
    timeout: 20_000,
  });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe("a file of --config that is none ends the process with one line and 2:", () => {
  const cases: [why: string, make: (path: string) => void, words: string][] = [
    ["that is not there", () => {}, "does not exist. Try --help."],
    ["a pipe without a writer", (path) => Bun.spawnSync(["mkfifo", path]), "is no regular file. Try --help."],
    ["a folder", (path) => mkdirSync(path), "is no regular file. Try --help."],
    ["with a mistake", (path) => writeFileSync(path, "\nport = many"), ":2: port has no value of TOML: "],
  ];
  test.each(cases)("%s", (why, make, words) => {
    const path = at(why.replaceAll(" ", "-"));
    make(path);
    for (const env of [{}, { MINI_HTTP_CONFIG: path }]) {
      const { code, out, err } = run("MINI_HTTP_CONFIG" in env ? ["--print-config"] : ["--config", path], env);
      expect({ code, out, lines: err.trimEnd().split("\n").length }).toEqual({ code: 2, out: "", lines: 1 });
      expect(err).toStartWith("mini-http: ");
      expect(err).toContain(words);
    }
  });
});

test("--print-config prints settings on standard output, warnings on standard error, and ends with 0", () => {
  writeFileSync(at("print.toml"), 'directory = "files"\nhost = "0.0.0.0"\n');
  const { code, out, err } = run(["--config", "print.toml", "--print-config", "-p", "81"], { MINI_HTTP_QIET: "1" });
  expect(code).toBe(0);
  expect(out).toContain(`\ndirectory = "${folder.path}/files"  # print.toml:1\n`);
  expect(out).toContain("\nport = 81  # flag\n");
  expect(err.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^mini-http: Ignored in the environment.*MINI_HTTP_QIET/),
    expect.stringMatching(/^mini-http: Everyone who can reach 0\.0\.0\.0 may upload/),
  ]);
  writeFileSync(at("again.toml"), out);
  const again = run(["--config", "again.toml", "--print-config"]);
  expect(again.out).toContain(`\ndirectory = "${folder.path}/files"  # again.toml:`);
  expect(again.code).toBe(0);
});

test("a run serves what the file says, to the command that it does not know of", () => {
  mkdirSync(at("served"));
  writeFileSync(at("served/hello"), "hello");
  writeFileSync(at("run.toml"), 'directory = "served"\n');
  const command = [
    process.execPath,
    "-e",
    "console.log(await (await fetch(process.env.MINI_HTTP_URL + '/files/hello')).text())",
  ];
  const { code, out } = run(["run", "--config", "run.toml", "--", ...command]);
  expect({ code, out }).toEqual({ code: 0, out: "hello\n" });
});
