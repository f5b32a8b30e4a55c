import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfigText } from "../../src/cli/config-text.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

describe("the text of a file", () => {
  const cases: [why: string, bytes: string | Uint8Array, text: string][] = [
    ["as it stands", "port = 1\r\n# \u00e9\n", "port = 1\r\n# \u00e9\n"],
    ["without a byte order mark", "\ufeffport = 1", "port = 1"],
    ["empty", "", ""],
    ["of exactly 1 MiB", "#".repeat(1024 * 1024), "#".repeat(1024 * 1024)],
  ];
  test.each(cases)("%s", (_, bytes, text) => {
    writeFileSync(at("file"), bytes);
    expect(readConfigText(at("file"))).toBe(text);
  });

  test("behind a link", () => {
    writeFileSync(at("target"), "port = 1");
    symlinkSync("target", at("link"));
    expect(readConfigText(at("link"))).toBe("port = 1");
  });
});

describe("what is no such file is a sentence at once:", () => {
  const cases: [why: string, path: string, make: (path: string) => void, words: string][] = [
    ["nothing", "none", () => {}, "does not exist"],
    ["a folder", "folder", (path) => mkdirSync(path), "is no regular file"],
    ["a pipe that nobody writes to", "pipe", (path) => Bun.spawnSync(["mkfifo", path]), "is no regular file"],
    ["a link to itself", "loop", (path) => symlinkSync("loop", path), "cannot be read (ELOOP"],
    [
      "bytes that are no UTF-8",
      "latin1",
      (path) => writeFileSync(path, "# \xe9", "latin1"),
      "holds bytes that are no UTF-8",
    ],
    [
      "more than 1 MiB",
      "long",
      (path) => writeFileSync(path, Buffer.alloc(1024 * 1024 + 1, 35)),
      "is longer than 1 MiB",
    ],
  ];
  test.each(cases)("%s", (_, name, make, words) => {
    make(at(name));
    const fault = readConfigText(at(name));
    expect(fault).toBeInstanceOf(UsageError);
    expect((fault as UsageError).sentence).toStartWith(`The file of --config, "`);
    expect((fault as UsageError).sentence).toContain(words);
  });

  test.each(["/dev/zero", "/dev/tty"])("%s", (path) => {
    expect(readConfigText(path)).toBeInstanceOf(UsageError);
  });

  const { skip } = needs({ ordinaryUser: true });
  test.skipIf(skip)("a file that this user may not read", () => {
    writeFileSync(at("closed"), "");
    chmodSync(at("closed"), 0);
    expect((readConfigText(at("closed")) as UsageError).sentence).toContain("give this user read permission");
  });
});
