// The same commit gives the same bytes, in whatever folder it is built. Runs where the compiled file is tested.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ROOT = resolve(import.meta.dir, "../..");
const PATIENCE_MS = 300_000;

function run(cwd: string, ...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(words, { cwd, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr.toString()}`);
}

/** The digest of what a fresh clone builds. */
function build(folder: string): string {
  run(ROOT, "git", "clone", "--quiet", ROOT, folder);
  run(folder, "./build.sh");
  return new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, "dist/mini-http"))).digest("hex");
}

test.skipIf(needs({ compiledFile: true }).skip)(
  "two builds in two folders give the same bytes",
  () => {
    using folder = tempFolder();
    expect(build(join(folder.path, "one"))).toBe(build(join(folder.path, "another/place")));
  },
  PATIENCE_MS,
);
