import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completionScript, SHELLS } from "../../src/cli/completions.ts";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { Unreadable } from "../../src/cli/quantity.ts";
import { parseConfig } from "../../src/config.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
beforeAll(() => {
  mkdirSync(join(folder.path, "a folder"));
  mkdirSync(join(folder.path, "public"));
  writeFileSync(join(folder.path, "key.pem"), "");
  for (const shell of SHELLS) writeFileSync(join(folder.path, `.${shell}`), completionScript(shell));
});
afterAll(() => folder[Symbol.dispose]());

/** What the shell offers behind these words, of which the last is not complete. */
const ask: Readonly<Record<"bash" | "fish", (...words: readonly string[]) => string[]>> = {
  bash: (...words) => {
    const line = ["mini-http", ...words].map((word) => `'${word}'`).join(" ");
    const program = `. ./.bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _mini_http; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run("bash", "-c", program);
  },
  fish: (...words) => run("fish", "-c", `source ./.fish; complete -C 'mini-http ${words.join(" ")}'`),
};

function run(...command: readonly string[]): string[] {
  const { stdout, stderr } = Bun.spawnSync([...command], {
    cwd: folder.path,
    env: { ...process.env, HOME: folder.path },
  });
  expect(stderr.toString()).toBe("");
  const lines = stdout.toString().split("\n");
  return lines.map((line) => line.split("\t")[0]!).filter((line) => line !== "");
}

const offers: [words: string[], offered: string[]][] = [
  [["--por"], ["--port"]],
  [["--quiet", "--por"], ["--port"]],
  [
    ["--on-duplicate", ""],
    ["error", "overwrite", "rename"],
  ],
  [["--on-duplicate", "re"], ["rename"]],
  [
    ["--log-format", ""],
    ["combined", "common", "json", "text"],
  ],
  [["--log-format", "te"], ["text"]],
  [["--workers", ""], ["auto"]],
  [["--tls", "s"], ["self-signed"]],
  [["--directory", "pub"], ["public"]],
  [["--tls-key", "k"], ["key.pem"]],
  [["pub"], ["public"]],
  [["health"], ["healthcheck"]],
  [["completions", "z"], ["zsh"]],
  [["--port", ""], []],
  // Behind the dashes of `run` stands another command.
  [["run", "--", "mkfif"], ["mkfifo"]],
  [["run", "--", "cat", "key"], ["key.pem"]],
  [["run", "--tmp", "--", "cat", "pub"], ["public"]],
  [["run", "--", "cat", "--por"], []],
  [["run", "--por"], ["--port"]],
];

describe.each(["bash", "fish"] as const)("%s", (shell) => {
  const { skip } = needs({ programs: [shell] });
  test.skipIf(skip).each(offers)(`${shell} completes %p`, (words, offered) => {
    const found = ask[shell](...words).map((word) => word.replace(/\/$/, ""));
    expect([...new Set(found)].toSorted()).toEqual(offered);
  });
});

const WORDS = [...ALL_FLAGS].flatMap(([flag, { words }]) => words.map((word): [string, string] => [flag, word]));
test.each(WORDS)("--%s takes the word %s", (flag, word) => {
  expect(ALL_FLAGS.get(flag)?.read(word)).not.toBeInstanceOf(Unreadable);
});

test("every flag that knows nothing but some words offers them", () => {
  const silent = [...ALL_FLAGS].filter(([, row]) => {
    const told = row.placeholder === null ? true : row.read("no such word");
    // As messages name words: "text, common", "overwrite, error or rename".
    return (
      told instanceof Unreadable &&
      /^[a-z-]+(?:, [a-z-]+)*(?: or [a-z-]+)?$/.test(told.expected) &&
      row.words.length === 0
    );
  });
  expect(silent.map(([flag]) => flag)).toEqual([]);
});

test.skipIf(needs({ programs: ["bash"] }).skip)("bash completes behind an equals sign, and names with spaces", () => {
  expect(ask.bash("--on-duplicate", "=", "o")).toEqual(["overwrite"]);
  expect(ask.bash("--directory", "a ")).toEqual(["a folder"]);
});

describe.each(SHELLS)("the script for %s", (shell) => {
  test.skipIf(needs({ programs: [shell] }).skip)("is none that the shell complains of", () => {
    expect(run(shell, "-n", `./.${shell}`)).toEqual([]);
  });

  test("names every flag", () => {
    const script = completionScript(shell);
    const missing = [...ALL_FLAGS.keys()].filter((flag) => !new RegExp(`(?:--|-l )${flag}\\b`).test(script));
    expect(missing).toEqual([]);
  });

  test("is what the command asks for", () => {
    expect(parseConfig(["completions", shell], {})).toEqual({ kind: "completions", shell });
  });
});

test.each([[[]], [["tcsh"]], [["bash", "zsh"]]])("completions %p is a mistake that names the shells", (words) => {
  expect(parseConfig(["completions", ...words], {})).toEqual({
    kind: "usage-error",
    line: "completions takes the name of a shell: bash, zsh, fish. Try --help.",
  });
});
