// Who shares a walk, who waits for the next one, what is refused, and when work stops. The folders are made up.

import { describe, expect, test } from "bun:test";
import type { BigIntStats } from "node:fs";
import type { FolderReader } from "../../src/storage/folder-walk.ts";
import { FolderWalks, WALK_LIMITS, type WalkLimits } from "../../src/storage/folder-walks.ts";
import { PLAIN_NAMES } from "../../src/storage/object-name.ts";
import type { Listing } from "../../src/storage/storage.ts";

type Look = ReturnType<FolderReader["look"]>;

const STAYS = { hasLeft: false };

function stats(size: number, kind: "file" | "directory" | "pipe" = "file", mtimeNs = 1_000_000_001n): BigIntStats {
  const times = { mtimeNs, ctimeNs: 2n, mtimeMs: mtimeNs / 1_000_000n, ctimeMs: 0n };
  const made = { size: BigInt(size), ino: 7n, ...times };
  return { ...made, isFile: () => kind === "file", isDirectory: () => kind === "directory" } as BigIntStats;
}

/** A folder that answers when the test lets it. */
class MadeUpFolder implements FolderReader {
  walks = 0;
  looks = 0;
  closes = 0;
  entries: Record<string, Look> = {};
  /** What it holds from the second walk on. */
  later: Record<string, Look> | null = null;
  /** Names beside the entries', for those that are spelled alike. */
  more: string[] = [];
  fault: Error | null = null;
  #gate = Promise.withResolvers<void>();

  constructor(entries: Record<string, Look> = {}, isOpen = true) {
    this.entries = entries;
    if (isOpen) this.open();
  }

  open(): void {
    this.#gate.resolve();
  }

  async names(): Promise<string[]> {
    this.walks += 1;
    if (this.walks > 1) this.entries = this.later ?? this.entries;
    await this.#gate.promise;
    if (this.fault !== null) throw this.fault;
    return [...Object.keys(this.entries), ...this.more];
  }

  readonly place = "/folder";

  isWritable(): boolean {
    return true;
  }

  close(): void {
    this.closes += 1;
  }

  look(name: string): Look {
    this.looks += 1;
    return this.entries[name] ?? null;
  }
}

function many(count: number): Record<string, Look> {
  const one = stats(1);
  return Object.fromEntries(Array.from({ length: count }, (_, i) => ["file " + i, one]));
}

const walksWith = (limits: Partial<WalkLimits> = {}): FolderWalks =>
  new FolderWalks(PLAIN_NAMES, { ...WALK_LIMITS, ...limits });

async function listed(outcome: Promise<Listing | string>): Promise<Listing> {
  const listing = await outcome;
  if (typeof listing === "string") throw new Error(listing);
  return listing;
}

const namesOf = (listing: Listing): string[] =>
  Array.from({ length: listing.length }, (_, index) => listing.at(index).name);

describe("a walk", () => {
  test("is shared by all who ask before it begins, and not by who asks later", async () => {
    const walks = walksWith();
    const folder = new MadeUpFolder({ a: stats(1) }, false);
    const first = walks.list("f", () => folder, STAYS);
    // These come while the first walk is on its way: what they have written before must show.
    const later = [walks.list("f", () => folder, STAYS), walks.list("f", () => folder, STAYS)];
    expect(folder.walks).toBe(1);
    folder.later = { a: stats(1), b: stats(2) };
    folder.open();
    expect(namesOf(await listed(first))).toEqual(["a"]);
    const [second, third] = await Promise.all(later);
    expect(second).toBe(third!);
    expect(namesOf(second as Listing)).toEqual(["a", "b"]);
    expect(folder.walks).toBe(2);
  });

  test("that finds nothing new gives what is held already", async () => {
    const walks = walksWith();
    const folder = new MadeUpFolder(many(10));
    const first = await listed(walks.list("f", () => folder, STAYS));
    const second = await listed(walks.list("f", () => folder, STAYS));
    expect(second).toBe(first);
    expect(walks.heldEntries).toBe(10);
    folder.entries["more"] = stats(1);
    const third = await listed(walks.list("f", () => folder, STAYS));
    expect(third).not.toBe(first);
    expect(third.fingerprint).not.toBe(first.fingerprint);
    for (const listing of [first, second, third]) listing.close();
    expect(walks.heldEntries).toBe(0);
  });

  test("stops when all who waited have left, and no other begins for them", async () => {
    const walks = walksWith();
    const folder = new MadeUpFolder(many(50_000), false);
    const clients = [{ hasLeft: false }, { hasLeft: false }];
    const outcomes = clients.map((client) => walks.list("f", () => folder, client));
    for (const client of clients) client.hasLeft = true;
    folder.open();
    expect(await Promise.all(outcomes)).toEqual(["abandoned", "abandoned"]);
    expect(folder.walks).toBe(1);
    expect(folder.looks).toBeLessThan(50_000);
    expect(folder.closes).toBe(1);
    expect(walks.heldEntries).toBe(0);
  });

  test("stops on a slow folder too, where each look is waited for", async () => {
    const folder = new MadeUpFolder(Object.fromEntries(Array.from({ length: 100 }, (_, i) => ["file " + i, stats(1)])));
    const client = { hasLeft: false };
    let asked = 0;
    folder.look = (name) => {
      asked += 1;
      client.hasLeft = name === "file 5";
      return new Promise((resolve) => setImmediate(() => resolve(stats(1))));
    };
    expect(await walksWith().list("f", () => folder, client)).toBe("abandoned");
    expect(asked).toBe(6);
    expect(folder.closes).toBe(1);
  });

  test("goes on while one is there", async () => {
    const walks = walksWith();
    const folder = new MadeUpFolder(many(20_000), false);
    const first = walks.list("f", () => folder, { hasLeft: true });
    const clients = [{ hasLeft: false }, { hasLeft: false }, { hasLeft: false }];
    const outcomes = clients.map((client) => walks.list("f", () => folder, client));
    clients[0]!.hasLeft = true;
    clients[2]!.hasLeft = true;
    folder.open();
    expect(await first).toBe("abandoned");
    // The first of them had a walk of its own.
    const [, second, third] = await Promise.all(outcomes);
    expect((second as Listing).length).toBe(20_000);
    expect(second).toBe(third!);
    expect(folder.walks).toBe(2);
  });

  test("gives others their turn", async () => {
    let turnsOfOthers = 0;
    const count = (): void => {
      turnsOfOthers += 1;
      if (turnsOfOthers < 1e6) immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await listed(walksWith().list("f", () => new MadeUpFolder(many(100_000)), STAYS));
    clearImmediate(immediate);
    expect(turnsOfOthers).toBeGreaterThan(5);
  });

  test("that fails fails for all who share it, and the next one is a new try", async () => {
    const walks = walksWith();
    const folder = new MadeUpFolder({ a: stats(1) });
    folder.fault = Object.assign(new Error(), { code: "EACCES" });
    expect(await walks.list("f", () => folder, STAYS)).toBe("not-allowed");
    folder.fault = new Error("of ours");
    expect(walks.list("f", () => folder, STAYS)).rejects.toThrow("of ours");
    folder.fault = null;
    expect((await listed(walks.list("f", () => folder, STAYS))).length).toBe(1);
  });
});

describe("the bounds", () => {
  test("few folders are walked at once, some wait, and the rest is told to come again", async () => {
    const walks = walksWith({ walks: 2, waiting: 3 });
    const folders = Array.from({ length: 6 }, () => new MadeUpFolder({ a: stats(1) }, false));
    const outcomes = folders.map((folder, i) => walks.list("f" + i, () => folder, STAYS));
    expect(await outcomes[5]!).toBe("crowded");
    expect(folders.map((folder) => folder.walks)).toEqual([1, 1, 0, 0, 0, 0]);
    for (const folder of folders) folder.open();
    expect((await Promise.all(outcomes.slice(0, 5))).every((outcome) => typeof outcome !== "string")).toBe(true);
  });

  test("those who have left make room in the line", async () => {
    const walks = walksWith({ walks: 1, waiting: 1 });
    const folder = new MadeUpFolder({}, false);
    const first = walks.list("first", () => folder, STAYS);
    const leaves = { hasLeft: false };
    const left = walks.list("left", () => folder, leaves);
    expect(await walks.list("third", () => folder, STAYS)).toBe("crowded");
    leaves.hasLeft = true;
    const fourth = walks.list("fourth", () => folder, STAYS);
    expect(await left).toBe("abandoned");
    folder.open();
    expect(typeof (await first)).not.toBe("string");
    expect(typeof (await fourth)).not.toBe("string");
  });

  test("what all lists hold together is bounded, and a folder over the bound is listed alone", async () => {
    const walks = walksWith({ entries: 100 });
    const held = await listed(walks.list("a", () => new MadeUpFolder(many(60)), STAYS));
    expect(await walks.list("b", () => new MadeUpFolder(many(60)), STAYS)).toBe("crowded");
    expect(walks.heldEntries).toBe(60);
    held.close();
    const large = await listed(walks.list("c", () => new MadeUpFolder(many(150)), STAYS));
    expect(await walks.list("d", () => new MadeUpFolder(many(1)), STAYS)).toBe("crowded");
    large.close();
    (await listed(walks.list("d", () => new MadeUpFolder(many(1)), STAYS))).close();
    expect(walks.heldEntries).toBe(0);
  });
});

describe("what is in a list", () => {
  const cases: [why: string, folder: Record<string, Look>, names: string[], unnameable: number, unreadable: number][] =
    [
      ["files and folders", { a: stats(3), b: stats(4, "directory") }, ["a", "b"], 0, 0],
      ["no pipe, nothing that is gone or must not show", { p: stats(0, "pipe"), gone: null }, [], 0, 0],
      ["no hidden or temporary name, not even counted", { ".a": "unreadable", ".mini-http-1": stats(1) }, [], 0, 0],
      ["no name that is no UTF-8, but its count", { "caf\ufffd": null }, [], 1, 0],
      ["a name that has the replacement character itself", { "caf\ufffd": stats(1) }, ["caf\ufffd"], 0, 0],
      ["no name with a backslash or a line end, but its count", { "a\\b": stats(1), "a\nb": stats(1) }, [], 2, 0],
      ["nothing that cannot be looked at, but its count", { a: "unreadable", b: stats(1) }, ["b"], 0, 1],
    ];
  test.each(cases)("%s", async (_why, folder, names, unnameable, unreadable) => {
    const listing = await listed(walksWith().list("f", () => new MadeUpFolder(folder), STAYS));
    expect(namesOf(listing)).toEqual(names);
    expect(listing).toMatchObject({ unnameable, unreadable });
  });

  test("two names that are spelled alike by the replacement character are one name and one count", async () => {
    const folder = new MadeUpFolder({ "\ufffd": stats(1) });
    folder.more = ["\ufffd"];
    const listing = await listed(walksWith().list("f", () => folder, STAYS));
    expect(namesOf(listing)).toEqual(["\ufffd"]);
    expect(listing.unnameable).toBe(1);
  });

  const times: [why: string, mtimeNs: bigint, modified: number][] = [
    ["now", 1_764_000_000_123_456_789n, 1_764_000_000_123],
    ["before 1970", -1_500_000_001n, -1500],
    ["before what Date can name", -8_640_000_000_001n * 1_000_000_000n, -8.640_000_000_001e15],
  ];
  test.each(times)("a time %s, to the nanosecond in its entity tag", async (_why, mtimeNs, modified) => {
    const folder = new MadeUpFolder({ a: stats(9, "file", mtimeNs) });
    const entry = (await listed(walksWith().list("f", () => folder, STAYS))).at(0);
    expect(entry.modified).toBeCloseTo(modified, 3);
    expect(entry.etag).toContain(`-${mtimeNs.toString(36)}-`);
  });

  test("a fingerprint changes with all that is told of an entry, and with what is not shown", async () => {
    const folders: Record<string, Look>[] = [
      { a: stats(1) },
      { b: stats(1) },
      { a: stats(2) },
      { a: stats(0, "directory") },
      { a: stats(1, "file", 2n) },
      { a: stats(1), "\n": stats(1) },
      { a: stats(1), b: "unreadable" },
    ];
    const prints = new Set<string>();
    for (const folder of folders)
      prints.add((await listed(walksWith().list("f", () => new MadeUpFolder(folder), STAYS))).fingerprint);
    expect(prints.size).toBe(folders.length);
  });
});
