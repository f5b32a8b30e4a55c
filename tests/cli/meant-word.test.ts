import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config.ts";

function lineFor(...argv: readonly string[]): string | null {
  const intent = parseConfig(argv, {});
  return intent.kind === "usage-error" ? intent.line : null;
}

describe("a word that is no folder says the command meant:", () => {
  test.each([
    ["help", "mini-http --help"],
    ["version", "mini-http --version"],
    ["serve", "mini-http DIRECTORY"],
    ["start", "mini-http DIRECTORY"],
    ["8000", "mini-http --port 8000"],
    [":8000", "mini-http --port 8000"],
    ["localhost:8000", "mini-http --host localhost --port 8000"],
    ["0.0.0.0:80", "mini-http --host 0.0.0.0 --port 80"],
    ["[::1]:80", "mini-http --host [::1] --port 80"],
    ["http://x", "mini-http --host x"],
    ["http://x/", "mini-http --host x"],
    ["https://localhost:4443", "mini-http --host localhost --port 4443 --tls self-signed"],
  ])("%s", (word, command) => {
    const path = word.includes("/") ? "" : `; a folder of that name is "./${word}"`;
    expect(lineFor(word)).toBe(`"${word}" is no folder here: ${command}${path}. Try --help.`);
    expect(lineFor(word, "--quiet")).not.toBeNull();
  });

  test.each([".", "./help", "./8000", "public", "v1.2", "a.b", "99999", "my:folder", "localhost", "helper", "/8000"])(
    "and %s may be a folder",
    (word) => {
      expect(lineFor(word)).toBeNull();
    },
  );

  test("but what a flag names is what it says", () => {
    expect(lineFor("--directory", "8000")).toBeNull();
  });
});
