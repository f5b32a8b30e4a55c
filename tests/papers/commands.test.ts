// Every command of the README, in its order, as it is written. Left out are blocks that need Docker or systemd.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { blocksOf, ROOT } from "./markdown.ts";
import { Shell } from "./shell.ts";

const PATIENCE_MS = 120_000;
const STARTS_A_SERVER = /^mini-http\b|\bsrc\/main\.ts\b/;

/** What the words beside some commands promise. */
const ANSWERS: readonly [command: string, answer: string][] = [
  ["npx --yes bun@1.4.5 test", "0 fail"],
  ["curl http://localhost:4221/echo/hello ", "hello"],
  ["curl http://localhost:4221/-/health ", "ok\n"],
  ["curl -T LICENSE http://localhost:4221/echo ", "MIT License"],
  ["curl 'http://localhost:4221/files/in/?simple'", "LICENSE\n"],
  ["printf ", "400 Bad Request"],
  ["curl 'http://localhost:4221/get?a=1'", '"a": "1"'],
  ["curl 'http://localhost:4221/-/requests?path=/get&wait=5s&count=1'", "/get?a=1"],
];

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const blocks = blocksOf(readme, "sh").filter((block) => !/^(docker|systemctl) /m.test(block));
const commands = blocks.flatMap((block) => block.trim().split("\n"));
const { skip } = needs({ programs: ["bash", "curl", "tar"] });
const hasNetcat = !needs({ programs: ["nc"] }).skip;
const runnable = commands.filter((command) => hasNetcat || !command.includes("| nc "));

test("the first two commands run the server and the tests", () => {
  expect(commands[0]).toMatch(STARTS_A_SERVER);
  expect(commands[1]).toMatch(/ test( |$)/);
});

test("what is promised beside a command is asked of one", () => {
  for (const [beginning] of ANSWERS) expect(commands.some((command) => command.startsWith(beginning))).toBe(true);
});

describe.skipIf(skip)("in a fresh clone", () => {
  let shell: Shell;
  beforeAll(() => void (shell = new Shell()));
  afterAll(() => shell[Symbol.asyncDispose]());

  test.each(runnable)(
    "%s",
    async (command) => {
      if (STARTS_A_SERVER.test(command)) {
        expect(await shell.serve(command)).toContain("Listening on http://");
        return;
      }
      const { exitCode, output } = await shell.run(command);
      expect([exitCode, output]).toEqual([0, expect.any(String)]);
      const answer = ANSWERS.find(([beginning]) => command.startsWith(beginning))?.[1];
      if (answer !== undefined) expect(output).toContain(answer);
    },
    PATIENCE_MS,
  );
});
