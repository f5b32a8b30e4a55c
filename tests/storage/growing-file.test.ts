// Files that somebody writes while they are read: which they are, and what is given of them.

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isBeingWritten } from "../../src/storage/growing-file.ts";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";
import { PLAIN_NAMES } from "../../src/storage/object-name.ts";
import type { OpenedFile } from "../../src/storage/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { nameOf } from "./storage-contract.ts";

const CLIENT = { hasLeft: false };
const MINUTE_MS = 60_000;
const SIZE = 3 * 1024 * 1024;
/** What is read at once. */
const PIECE = 256 * 1024;

describe("a file that is being written", () => {
  const acts: readonly [what: string, act: (path: string) => void, is: boolean][] = [
    ["was written", () => {}, true],
    ["was appended to", (path) => appendFileSync(path, "x"), true],
    ["was renamed, and written again", (path) => (renameAway(path), appendFileSync(path, "x")), true],
    ["got a name after it was written, as an upload does", renameAway, false],
    ["got a second name", (path) => linkSync(path, path + "2"), false],
    ["got another mode", (path) => chmodSync(path, 0o600), false],
    ["got its time from elsewhere", (path) => utimesSync(path, 1_700_000_000, 1_700_000_000), false],
    ["is read and checked in one go", (path) => truncateSync(path, 64 * 1024), false],
  ];
  test.each(acts)("that %s: %p", (_what, act, is) => {
    using folder = tempFolder();
    const path = join(folder.path, "a");
    writeFileSync(path, Buffer.alloc(SIZE));
    tick();
    act(path);
    const stats = statSync(path, { bigint: true });
    const written = Number(stats.ctimeMs);
    expect(isBeingWritten(stats, written + 10)).toBe(is);
    expect(isBeingWritten(stats, written + MINUTE_MS - 1)).toBe(is);
    expect(isBeingWritten(stats, written + MINUTE_MS + 1)).toBe(false);
  });
});

function renameAway(path: string): void {
  renameSync(path, path + "2");
  renameSync(path + "2", path);
}

/** Past a tick of a kernel whose times move by those. */
function tick(): void {
  Bun.sleepSync(11);
}

function writeAt(path: string, position: number, bytes: string): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, bytes, position);
  closeSync(descriptor);
}

/** What comes of a read, in pieces, during which the file changes after so many bytes. */
async function readWhile(
  change: (path: string) => void,
  { from = 0, after = PIECE, mayGrow }: { readonly from?: number; readonly after?: number; readonly mayGrow: boolean },
): Promise<string> {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  writeFileSync(path, Buffer.alloc(SIZE, "a"));
  const file = await opened(folder.path);
  const source = file.range(from, SIZE - from, mayGrow);
  const pieces: Buffer[] = [];
  let total = 0;
  let hasChanged = false;
  try {
    for (;;) {
      if (!hasChanged && total >= after) change(path);
      hasChanged ||= total >= after;
      const piece = await source.read();
      if (piece === null) break;
      pieces.push(Buffer.from(piece));
      total += piece.length;
    }
    return Buffer.concat(pieces).equals(Buffer.alloc(SIZE - from, "a")) ? "whole" : "another";
  } catch (error) {
    return (error as Error).name;
  } finally {
    source.close();
    file.close();
  }
}

async function opened(folder: string): Promise<OpenedFile> {
  const limits = { bytes: null, files: null, minFree: 0 };
  const settings = { followSymlinks: false, maxOpenFiles: 10, fsync: false, mode: null, maxNewFolders: 1 };
  const coordinator = new LocalCoordinator(limits, async () => NOTHING);
  const storage = new LocalStorage(folder, { rules: PLAIN_NAMES, ...settings }, coordinator);
  const file = await storage.open(nameOf("a"), CLIENT);
  if (typeof file === "string") throw new Error(file);
  expect(file.isGrowing).toBe(true);
  return file;
}

const appended = (path: string): void => appendFileSync(path, "more");
const rewrittenBehind = (path: string): void => (writeAt(path, PIECE / 2, "b"), appended(path));
const rewrittenAhead = (path: string): void => (writeAt(path, SIZE - 10, "b"), appended(path));
const rewrittenAtOnce = (path: string): void => writeFileSync(path, Buffer.alloc(SIZE + 9, "b"));

describe("of a file that only grows, what may grow is given to its first length:", () => {
  test.each([
    ["before the first piece", { after: 0 }],
    ["after the first piece", {}],
    ["before the last piece", { after: SIZE - PIECE }],
    ["of a part", { from: SIZE - 3 * PIECE - 1 }],
  ])("%s", async (_when, more) => expect(await readWhile(appended, { mayGrow: true, ...more })).toBe("whole"));

  test("a line with each piece", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "a");
    writeFileSync(path, Buffer.alloc(SIZE, "a"));
    const file = await opened(folder.path);
    const source = file.range(0, SIZE, true);
    let total = 0;
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      total += piece.length;
      appended(path);
    }
    source.close();
    file.close();
    expect(total).toBe(SIZE);
  });

  test("a name that goes, a mode and a time change nothing of what is there", async () => {
    const acts = [unlinkSync, (path: string) => chmodSync(path, 0o600), (path: string) => utimesSync(path, 1, 1)];
    for (const act of acts) expect(await readWhile(act, { mayGrow: true })).toBe("whole");
  });
});

describe("no mixture is given as whole:", () => {
  const rewrites: readonly [what: string, change: (path: string) => void, more: object][] = [
    ["what was sent is rewritten, and the file grows", rewrittenBehind, {}],
    [
      "the last byte that was sent is",
      (path) => (writeAt(path, SIZE - PIECE - 1, "b"), appended(path)),
      { after: SIZE - PIECE },
    ],
    [
      "the first byte is, of which nothing is asked for",
      (path) => (writeAt(path, 0, "b"), appended(path)),
      { from: PIECE },
    ],
    ["all is rewritten, and longer", rewrittenAtOnce, {}],
    ["all is rewritten before the first piece", rewrittenAtOnce, { after: 0 }],
    ["all is rewritten before the last piece", rewrittenAtOnce, { after: SIZE - PIECE }],
    ["it is shorter", (path) => truncateSync(path, SIZE - 1), {}],
  ];
  test.each(rewrites)("%s", async (_what, change, more) => {
    expect(await readWhile(change, { mayGrow: true, ...more })).toBe("ContentChanged");
    expect(await readWhile(change, { mayGrow: false, ...more })).toBe("ContentChanged");
  });

  test("what is still to be sent is rewritten: the content of one moment under a weak tag, nothing under a strong one", async () => {
    expect(await readWhile(rewrittenAhead, { mayGrow: true })).toBe("another");
    expect(await readWhile(rewrittenAhead, { mayGrow: false })).toBe("ContentChanged");
  });

  test("where one very version is asked for, the file may not even grow", async () =>
    expect(await readWhile(appended, { mayGrow: false })).toBe("ContentChanged"));
});
