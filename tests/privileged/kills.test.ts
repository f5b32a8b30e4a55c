// A server that is killed at each call of a form's commit that changes the file system: after the next start all of the
// form's files are new or all are as before, and nothing else is left. The form is held back before its last bytes, so
// that only the commit is traced. The same of what is done to names: each is one step, and no file is lost.

import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import type { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { FORM, form, type FormFile } from "../support/upload-requests.ts";
import { pathsBelow, temporariesBelow } from "./ground.ts";
import { type Act, type Deed, DEED_PATIENCE_MS, tornBy } from "./killed-server.ts";

const { skip } = needs({ suite: "privileged", linux: true, programs: ["gcc"] });
const CLOSING = "\r\n--b--\r\n";

function readIfAny(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

/** "new" or "old" when all files are; else how many are what. */
function summaryOf(states: readonly string[]): string {
  const kinds = [...new Set(states)];
  if (kinds.length === 1) return kinds[0]!;
  return kinds.map((kind) => `${states.filter((each) => each === kind).length} ${kind}`).join(", ");
}

function temporariesIn(folder: string): number {
  return temporariesBelow(folder).length;
}

interface Row {
  readonly count: number;
  readonly before: "new" | "replacing" | "both";
  readonly flags: readonly string[];
  /** The folder that the form comes to is moved meanwhile; null: it stays. */
  readonly moved?: "the folder" | "the folder above" | null;
}

/** A form that comes to `deep/in`, or that goes with its folder. */
class FormDeed implements Deed {
  readonly flags: readonly string[];
  readonly acts: readonly Act[];
  readonly #row: Row;
  #hasBegun = false;

  constructor(row: Row) {
    this.#row = row;
    this.flags = ["--allow-delete", ...row.flags];
    const { moved = null, count } = row;
    const from = moved === "the folder" ? "deep/in/" : "deep/";
    const move = withoutBody("MOVE", `/files/${from}`, "Destination: /files/moved/\r\n");
    // Some files have their names by then, and others have not.
    const when = (folder: string): boolean => temporariesIn(join(folder, "deep/in")) < count;
    this.acts = [{ raw: CLOSING, when: null }, ...(moved === null ? [] : [{ raw: move, when }])];
  }

  prepare(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "deep/in"), { recursive: true });
    for (let i = 0; i < this.#row.count; i++)
      if (this.#isReplaced(i)) writeFileSync(join(folder, "deep/in", this.#nameOf(i)), "old " + i);
    this.#hasBegun = false;
  }

  /** The first client's form is all there but for its last bytes. */
  async begin(client: RawClient, folder: string): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { count } = this.#row;
    const body = form(...Array.from({ length: count }, (_, i): FormFile => [this.#nameOf(i), "new " + i]));
    const head = `POST /files/deep/in/ HTTP/1.1\r\nHost: a\r\n${FORM}Content-Length: ${body.length}\r\n\r\n`;
    await client.send(head + body.slice(0, -CLOSING.length));
    const staged = (): number => temporariesIn(folder);
    await until(
      () => staged() >= count,
      PATIENCE_MS,
      () => `${staged()} files are staged`,
    );
  }

  stateOf(folder: string): string {
    const places = ["deep/in", "moved/in", "moved"].map((place) => join(folder, place));
    const place = places.find((path) => existsSync(path));
    if (place === undefined) return "the folder is gone";
    const { count, before } = this.#row;
    const states = Array.from({ length: count }, (_, i) => {
      const content = readIfAny(join(place, this.#nameOf(i)));
      if (content === "new " + i) return "new";
      return content === (this.#isReplaced(i) ? "old " + i : null) ? "old" : `${this.#nameOf(i)} holds ${content}`;
    });
    const state = summaryOf(states);
    const most = count + (before === "both" ? 1 + Math.ceil((count - 1) / 3) : 0);
    return state === "new" && pathsBelow(place).length > most ? "new, and more" : state;
  }

  /** A file in a new folder and one in a new folder below it, when the row asks for both kinds. */
  #nameOf(i: number): string {
    return this.#row.before === "both" && i % 3 === 1 ? `made/deep${i}/f${i}` : `f${i}`;
  }

  #isReplaced(i: number): boolean {
    const { before } = this.#row;
    return before === "replacing" || (before === "both" && i % 3 === 0);
  }
}

describe.skipIf(skip)("kill -9 in a form's commit", () => {
  const rows: [what: string, row: Row][] = [
    ["3 new files", { count: 3, before: "new", flags: [] }],
    ["3 files that are replaced", { count: 3, before: "replacing", flags: [] }],
    ["3 files, new and replaced, in folders that are made", { count: 3, before: "both", flags: [] }],
    ["3 files that are replaced, with --fsync", { count: 3, before: "replacing", flags: ["--fsync"] }],
    ["3 files, new and replaced, on two workers", { count: 3, before: "both", flags: ["--workers", "2"] }],
    ["100 new files", { count: 100, before: "new", flags: [] }],
    ["100 files that are replaced", { count: 100, before: "replacing", flags: [] }],
    ["100 files that are replaced, on two workers", { count: 100, before: "replacing", flags: ["--workers", "2"] }],
    ["3 files, while their folder is moved", { count: 3, before: "both", flags: [], moved: "the folder" }],
    [
      "100 files, while their folder is moved, on two workers",
      { count: 100, before: "both", flags: ["--workers", "2"], moved: "the folder" },
    ],
    [
      "100 files, while the folder above is moved, on two workers",
      { count: 100, before: "new", flags: ["--workers", "2"], moved: "the folder above" },
    ],
  ];
  test.each(rows)(
    "%s: all or none",
    async (_, row) => {
      using outer = tempFolder();
      expect(await tornBy(new FormDeed(row), join(outer.path, "served"), row.count + 1)).toEqual([]);
    },
    DEED_PATIENCE_MS,
  );
});

/** What has each name before and after; null for nothing. "dir" and "link" are what they say, the rest is content. */
type Names = Readonly<Record<string, string | null>>;

/** One request that gives, changes or takes a name. */
class NameDeed implements Deed {
  readonly flags: readonly string[];
  readonly acts: readonly Act[];
  readonly #after: Names;

  constructor(act: string, after: Names, flags: readonly string[]) {
    this.acts = [{ raw: act, when: null }];
    this.#after = after;
    this.flags = ["--allow-delete", ...flags];
  }

  prepare(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "full/sub"), { recursive: true });
    mkdirSync(join(folder, "empty"));
    for (const name of ["file", "other", "full/in"]) writeFileSync(join(folder, name), name);
    symlinkSync("file", join(folder, "link"));
  }

  async begin(): Promise<void> {}

  stateOf(folder: string): string {
    const now = namesIn(folder);
    const is = (names: Names): boolean => Bun.deepEquals(now, names);
    if (is(BEFORE)) return "old";
    const after = { ...BEFORE, ...this.#after };
    const gone = Object.keys(after).find((name) => after[name] === null);
    const come = Object.keys(this.#after).find((name) => after[name] !== null);
    if (is(Object.fromEntries(Object.entries(after).filter(([, what]) => what !== null)))) return "new";
    // Between its two steps a file that moves has both names: nothing is lost, and the next MOVE ends it.
    const areTwins = gone !== undefined && come !== undefined && isTwin(folder, gone, come);
    return areTwins && is({ ...BEFORE, [come]: after[come]! }) ? "old" : JSON.stringify(now);
  }
}

const BEFORE: Names = {
  file: "file",
  other: "other",
  full: "dir",
  "full/in": "full/in",
  "full/sub": "dir",
  empty: "dir",
  link: "link",
};

function namesIn(folder: string): Names {
  return Object.fromEntries(pathsBelow(folder).map((path) => [relative(folder, path), seen(path)]));
}

function seen(path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return "link";
  return stats.isDirectory() ? "dir" : readFileSync(path, "latin1");
}

function isTwin(folder: string, one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.ino);
  return a !== undefined && a === b;
}

describe.skipIf(skip)("kill -9 while a name changes", () => {
  const move = (from: string, to: string): string =>
    withoutBody("MOVE", `/files/${from}`, `Destination: /files/${to}\r\n`);
  const gone = { full: null, "full/in": null, "full/sub": null };
  const allMoved = { ...gone, new: "dir", "new/in": "full/in", "new/sub": "dir" };
  const deeds: [what: string, act: string, after: Names, calls: number][] = [
    ["MKCOL", withoutBody("MKCOL", "/files/new/"), { new: "dir" }, 1],
    ["MKCOL in a folder", withoutBody("MKCOL", "/files/full/new"), { "full/new": "dir" }, 1],
    ["MOVE of a file to a new name", move("file", "new"), { file: null, new: "file" }, 2],
    ["MOVE of a file to another folder", move("file", "empty/new"), { file: null, "empty/new": "file" }, 2],
    ["MOVE onto a file", move("file", "other"), { file: null, other: "file" }, 1],
    ["MOVE of a folder", move("full/", "new/"), allMoved, 1],
    ["MOVE of a link", move("link", "new"), { link: null, new: "link" }, 2],
    ["DELETE", withoutBody("DELETE", "/files/file"), { file: null }, 1],
    ["DELETE of a folder", withoutBody("DELETE", "/files/empty/"), { empty: null }, 1],
  ];
  const rows = deeds.flatMap(
    (deed) =>
      [
        [...deed, []],
        [...deed, ["--fsync", "--workers", "2"]],
      ] as const,
  );
  test.each(rows)(
    "%s: done or not",
    async (_, act, after, calls, flags) => {
      using outer = tempFolder();
      expect(await tornBy(new NameDeed(act, after, flags), join(outer.path, "served"), calls)).toEqual([]);
    },
    DEED_PATIENCE_MS,
  );
});
