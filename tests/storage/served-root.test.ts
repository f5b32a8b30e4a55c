// The served directory: which folder it is now, and what may be served of what lies there.

import { describe, expect, spyOn, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CallQueue } from "../../src/storage/call-queue.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { type NameRules, PLAIN_NAMES } from "../../src/storage/object-name.ts";
import { Pace } from "../../src/storage/pace.ts";
import { ServedRoot } from "../../src/storage/served-root.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const pace = new Pace(() => "");
const calls = new FileCalls(pace, new CallQueue(2), { hasLeft: false });
const MOST_FILES = 100;

function rootAt(path: string, rules: Partial<NameRules> = {}, followsLinks = false): ServedRoot {
  return new ServedRoot(path, { rules: { ...PLAIN_NAMES, ...rules }, followsLinks }, MOST_FILES, pace);
}

/** Past what all share who ask in one turn of the loop. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe("what has this real path may be served", () => {
  const cases: readonly [why: string, path: string, plain: boolean, hidden: boolean, following: boolean][] = [
    ["a file", "a", true, true, true],
    ["the directory itself", "", true, true, true],
    ["a file deep inside", "a/b/c", true, true, true],
    ["a hidden file", ".a", false, true, false],
    ["a file in a hidden folder", ".git/config", false, true, false],
    ["a hidden file deep inside", "a/.b", false, true, false],
    ["an unfinished upload", ".mini-http-1-2-3", false, false, false],
    ["a file in what is named like one", ".mini-http-x/a", false, false, false],
    ["what is beside it", "../other", false, false, true],
    ["what is named alike", "../served-too/a", false, false, true],
    ["the folder above", "..", false, false, true],
  ];
  test.each(cases)("%s", async (_why, path, plain, hidden, following) => {
    using folder = tempFolder();
    const served = join(realpathSync(folder.path), "served");
    mkdirSync(served);
    for (const [root, may] of [
      [rootAt(served), plain],
      [rootAt(served, { hidden: true }), hidden],
      [rootAt(served, {}, true), following],
    ] as const) {
      (await root.open(calls)).close();
      expect(root.holds(join(served, path))).toBe(may);
    }
  });
});

describe("the directory", () => {
  test("is missing until it is made", async () => {
    using folder = tempFolder();
    const root = rootAt(join(folder.path, "a/b"));
    expect(await root.open(calls).catch((error: { code: string }) => error.code)).toBe("ENOENT");
    expect(root.realPath).toBe("");
    await root.make(calls);
    expect(existsSync(join(folder.path, "a/b"))).toBe(true);
    const opened = await root.open(calls);
    expect([opened.realPath, root.realPath]).toEqual([realpathSync(root.path), realpathSync(root.path)]);
    opened.close();
  });

  test("is a folder: a file in its place is not", async () => {
    using folder = tempFolder();
    await Bun.write(join(folder.path, "a"), "a file");
    const root = rootAt(join(folder.path, "a"));
    expect(await root.open(calls).catch((error: { code: string }) => error.code)).toBe("ENOTDIR");
  });

  test("is asked for once by all who come in one turn of the loop", async () => {
    using folder = tempFolder();
    const root = rootAt(folder.path);
    (await root.open(calls)).close();
    await nextTurn();
    using stat = spyOn(FileCalls.prototype, "stat");
    const opened = await Promise.all(Array.from({ length: 10 }, () => root.open(calls)));
    (await root.open(calls)).close();
    expect(stat).toHaveBeenCalledTimes(1);
    expect(new Set(opened).size).toBe(1);
    for (const each of opened) each.close();
    await nextTurn();
    (await root.open(calls)).close();
    expect(stat).toHaveBeenCalledTimes(2);
  });

  const changes: readonly [how: string, change: (path: string) => void][] = [
    ["removed and made anew", (path) => (rmSync(path, { recursive: true }), mkdirSync(path))],
    ["moved away, and another is there", (path) => (renameSync(path, path + "2"), mkdirSync(path))],
    [
      "now a link to another",
      (path) => (renameSync(path, path + "2"), mkdirSync(path + "3"), symlinkSync(path + "3", path)),
    ],
    ["a link to where it was moved", (path) => (renameSync(path, path + "2"), symlinkSync(path + "2", path))],
  ];
  test.skipIf(needs({ linux: true }).skip).each(changes)("is found again when it was %s", async (_how, change) => {
    using folder = tempFolder();
    const path = join(folder.path, "served");
    mkdirSync(path);
    const root = rootAt(path);
    const before = await root.open(calls);
    change(path);
    await nextTurn();
    const after = await root.open(calls);
    expect([after.realPath, after.isInPlace]).toEqual([realpathSync(path), true]);
    expect(readdirSync(after.itself)).toEqual([]);
    for (const each of [before, after]) each.close();
  });

  test.skipIf(needs({ linux: true }).skip)("holds one descriptor, however often it is found again", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "served");
    const root = rootAt(path);
    const open = (): number => readdirSync("/proc/self/fd").length;
    mkdirSync(path);
    (await root.open(calls)).close();
    const before = open();
    for (let i = 0; i < 10; i++) {
      renameSync(path, path + i);
      mkdirSync(path);
      await nextTurn();
      (await root.open(calls)).close();
    }
    expect(open()).toBe(before);
  });

  test.each([
    [100, 25],
    [10, 8],
    [1_000_000, 1024],
  ])("with %d files, %d folders may be open", (files, folders) => {
    const root = new ServedRoot("/", { rules: PLAIN_NAMES, followsLinks: false }, files, pace);
    expect([root.budget.most, root.folders.most]).toEqual([files, folders]);
  });

  test("has an absolute path, wherever the process stands later", () => {
    expect(rootAt("some/where").path).toBe(join(process.cwd(), "some/where"));
  });
});
