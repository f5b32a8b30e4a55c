// The storage where the system tells nothing of open descriptors (macOS, Windows): the tests of the local storage once more,
// in a process that takes itself for such a one.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { needs } from "../support/needs.ts";

const PATIENCE_MS = 120_000;
const ROOT = join(import.meta.dir, "../..");
/** Whatever needs no descriptor to find what was moved. */
const KEPT = [
  "the contract",
  "links",
  "the directory itself",
  "a file in memory",
  "once it was looked at",
  "no tag when",
  "while it is looked at",
];

test.skipIf(needs({ linux: true }).skip)(
  "without /proc the storage keeps its contract, and reads nothing but what was judged",
  async () => {
    const words = ["test", "--preload", join(ROOT, "tests/support/without-proc.ts"), "-t", KEPT.join("|")];
    const child = Bun.spawn([process.execPath, ...words, join(ROOT, "tests/storage/local-storage.test.ts")], {
      cwd: ROOT,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: PATIENCE_MS,
    });
    const [exitCode, said] = await Promise.all([child.exited, child.stderr.text()]);
    expect(said).toMatch(/^ *(?:[5-9]\d|1\d\d) pass$/m);
    expect([exitCode, said.match(/^\(fail\).*/gm)]).toEqual([0, null]);
  },
  PATIENCE_MS,
);
