// A test that names no time has more than Bun's own limit, in every file and not in the first only.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "./temp-folder.ts";

const ROOT = join(import.meta.dir, "../..");
/** The limit of the command line, which stands for Bun's own 5 s. */
const LIMIT_MS = 20;
const SLOW = `await Bun.sleep(${LIMIT_MS * 10})`;

/** What a run of three files, by the settings of this repository, says on standard error. */
async function runOf(content: string): Promise<string> {
  using folder = tempFolder();
  const settings = await Bun.file(join(ROOT, "bunfig.toml")).text();
  mkdirSync(join(folder.path, "tests"));
  writeFileSync(join(folder.path, "bunfig.toml"), settings.replaceAll('"./tests/', `"${ROOT}/tests/`));
  for (const name of ["a", "b", "c"]) {
    const imports = `import { afterEach, beforeAll, beforeEach, setDefaultTimeout, test } from "bun:test";\n`;
    writeFileSync(join(folder.path, `tests/${name}.test.ts`), imports + content);
  }
  const child = Bun.spawn([process.execPath, "test", "--timeout", String(LIMIT_MS)], {
    cwd: folder.path,
    stdio: ["ignore", "ignore", "pipe"],
  });
  return await child.stderr.text();
}

test.each([
  ["a test", `test("slow", async () => { ${SLOW}; });`],
  ["a hook before each test", `beforeEach(async () => { ${SLOW}; });\ntest("quick", () => {});`],
  ["a hook before all tests", `beforeAll(async () => { ${SLOW}; });\ntest("quick", () => {});`],
  ["a hook after each test", `afterEach(async () => { ${SLOW}; });\ntest("quick", () => {});`],
])("%s that is slow passes in each of three files", async (_, content) => {
  const said = await runOf(content);
  expect(said).toMatch(/^ *3 pass\n *0 fail$/m);
});

test("a file that asks for a shorter time has it", async () => {
  const said = await runOf(`setDefaultTimeout(${LIMIT_MS});\ntest("slow", async () => { ${SLOW}; });`);
  expect(said).toMatch(/^ *0 pass\n *3 fail$/m);
});
