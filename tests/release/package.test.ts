// The small way to get mini-http, for those who have Bun: the package with the sources. Packed, installed into an empty
// project, and started there.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
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

test(
  "holds the sources and nothing else, and serves from an empty project",
  async () => {
    using folder = tempFolder();
    const packed = join(folder.path, "packed");
    const project = join(folder.path, "project");
    for (const path of [packed, project]) mkdirSync(path);
    bun(ROOT, "pm", "pack", "--destination", packed, "--ignore-scripts");
    const [archive] = readdirSync(packed);
    expect(archive).toBe(`mini-http-${manifest.version}.tgz`);
    const list = Bun.spawnSync(["tar", "-tzf", join(packed, archive!)])
      .stdout.toString()
      .trim()
      .split("\n");
    expect(list.filter((path) => !/^package\/(src\/|README\.md$|LICENSE$|package\.json$)/.test(path))).toEqual([]);

    writeFileSync(join(project, "package.json"), "{}");
    bun(project, "add", join(packed, archive!), "--ignore-scripts");
    const program = join(project, "node_modules/.bin/mini-http");
    const child = Bun.spawn([process.execPath, "run", program, ".", "--port", "0"], {
      cwd: project,
      env: programEnvironment(),
      stderr: "pipe",
      stdout: "ignore",
    });
    const reader = child.stderr.getReader();
    let log = "";
    while (!log.includes("Listening")) log += Buffer.from((await reader.read()).value ?? []).toString();
    const port = /:(\d+)\s/.exec(log.slice(log.indexOf("http://")))![1];
    const response = await fetch(`http://localhost:${port}/files/package.json`);
    expect(await response.text()).toContain("mini-http");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  },
  PATIENCE_MS,
);
