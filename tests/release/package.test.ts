// The small way to get mini-http, for those who have Bun: the package with the sources. Packed, installed into an empty
// project, and started there.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { programEnvironment } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ROOT = resolve(import.meta.dir, "../..");
const PATIENCE_MS = 60_000;

function bun(cwd: string, ...words: string[]): string {
  const run = Bun.spawnSync([process.execPath, ...words], { cwd, env: programEnvironment(), stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`bun ${words.join(" ")}: ${run.stderr.toString()}`);
  return run.stdout.toString();
}

/** Packs the sources and installs the package into an empty project; gives the program's path there. */
function installPackage(folder: string): { readonly program: string; readonly packed: readonly string[] } {
  const packed = join(folder, "packed");
  const project = join(folder, "project");
  for (const path of [packed, project]) mkdirSync(path);
  bun(ROOT, "pm", "pack", "--destination", packed, "--ignore-scripts");
  const [archive] = readdirSync(packed);
  expect(archive).toBe(`mini-http-${manifest.version}.tgz`);
  const list = Bun.spawnSync(["tar", "-tzf", join(packed, archive!)]).stdout.toString();
  writeFileSync(join(project, "package.json"), "{}");
  bun(project, "add", join(packed, archive!), "--ignore-scripts");
  return { program: join(project, "node_modules/.bin/mini-http"), packed: list.trim().split("\n") };
}

/** The command's own first line finds the Bun of these tests. */
function environmentWithBun(folder: string): Record<string, string | undefined> {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "bun"));
  return programEnvironment({ PATH: `${bin}:${process.env["PATH"] ?? ""}` });
}

test(
  "holds the sources and nothing else, and serves from a folder full of settings that mean harm",
  async () => {
    using folder = tempFolder();
    const { program, packed } = installPackage(folder.path);
    expect(packed.filter((path) => !/^package\/(src\/|README\.md$|LICENSE$|package\.json$)/.test(path))).toEqual([]);
    const served = join(folder.path, "served");
    mkdirSync(served);
    const mark = join(folder.path, "evil-ran");
    writeFileSync(join(served, "evil.ts"), `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");\n`);
    writeFileSync(join(served, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(served, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}');
    writeFileSync(join(served, ".env"), "MINI_HTTP_PORT=1\nMINI_HTTP_DIRECTORY=/\n");

    const env = environmentWithBun(folder.path);
    const child = Bun.spawn([program, ".", "--port", "0"], { cwd: served, env, stderr: "pipe", stdout: "ignore" });
    const reader = child.stderr.getReader();
    let log = "";
    while (!log.includes("Listening")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(log);
      log += Buffer.from(value).toString();
    }
    const port = /:(\d+)\s/.exec(log.slice(log.indexOf("http://")))![1];
    const response = await fetch(`http://localhost:${port}/files/evil.ts`);
    expect(await response.text()).toContain("evil-ran");
    expect(existsSync(mark)).toBe(false);
    expect(log).toContain("Start it in another folder.");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  },
  PATIENCE_MS,
);

test("every command that starts the program from source keeps Bun from the current folder's settings", () => {
  const flags = "bun --config=/dev/null --no-env-file --tsconfig-override=/dev/null";
  const [firstLine] = readFileSync(join(ROOT, "src/main.ts"), "utf8").split("\n");
  expect(firstLine).toBe(`#!/usr/bin/env -S ${flags}`);
  for (const name of ["start", "dev"] as const) expect(manifest.scripts[name]).toStartWith(`${flags} `);
});
