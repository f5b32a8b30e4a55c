import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectDirectory } from "../../src/cli/directory.ts";
import { needs } from "../support/needs.ts";

const folder = mkdtempSync(join(tmpdir(), "mini-http-directory-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "file"), "x");
symlinkSync(folder, join(folder, "link"));
symlinkSync("loop", join(folder, "loop"));

describe("a folder is looked at before the port opens", () => {
  const cases: [name: string, readOnly: boolean, kind: string, sentence: RegExp | null][] = [
    [".", false, "ready", null],
    ["link", true, "ready", null],
    ["none", false, "missing", /^There is no folder ".*none" yet; the first upload creates it\.$/],
    [
      "none",
      true,
      "usage-error",
      /^There is no folder ".*none"; create it first, --read-only never will\. Try --help\.$/,
    ],
    ["file", false, "usage-error", /^".*file" is not a folder; give the folder that holds it\. Try --help\.$/],
    ["file/below", false, "usage-error", /^".*file\/below" leads through a file; give a folder\. Try --help\.$/],
    ["loop", false, "usage-error", /^The folder ".*loop" cannot be opened \(ELOOP.*\)\. Try --help\.$/],
    ["n".repeat(300), false, "usage-error", /^The folder ".*" cannot be opened \(ENAMETOOLONG.*\)\. Try --help\.$/],
  ];
  test.each(cases)("%p with read-only %p is %p", (name, readOnly, kind, sentence) => {
    const state = inspectDirectory(join(folder, name), readOnly);
    expect(state.kind).toBe(kind as never);
    const line = state.kind === "missing" ? state.warning : state.kind === "usage-error" ? state.line : "";
    if (sentence !== null) expect(line).toMatch(sentence);
  });

  test.skipIf(needs({ ordinaryUser: true }).skip)("that may not be read is a mistake", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o000 });
    expect(inspectDirectory(closed, false)).toMatchObject({
      kind: "usage-error",
      line: expect.stringContaining("cannot be read"),
    });
    chmodSync(closed, 0o700);
  });
});
