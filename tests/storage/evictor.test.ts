// What goes from a folder that is kept small, and what stays. Against whole servers: tests/process/eviction.test.ts.

import { describe, expect, setSystemTime, spyOn, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { LocalCoordinator } from "../../src/storage/coordinator.ts";
import { type EvictionLimits, Evictor } from "../../src/storage/evictor.ts";
import { type Ledger, ReadNotes } from "../../src/storage/ledger.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";
import { ObjectName, PLAIN_NAMES } from "../../src/storage/object-name.ts";
import { FakeTime } from "../support/fake-time.ts";
import { namesBelow } from "../support/names-below.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CLIENT = { hasLeft: false };
const HOUR_MS = 3_600_000;

/** A folder with files of 10 bytes, the first the oldest, and what keeps it small. */
class Cache {
  readonly folder = tempFolder();
  readonly told: string[] = [];
  readonly keeper: LocalStorage;
  readonly storage: LocalStorage;
  readonly evictor: Evictor;
  readonly coordinator: LocalCoordinator;
  readonly #root: string;

  constructor(limits: EvictionLimits, names: readonly string[], path?: string, settings = PLAIN_STORAGE) {
    const root = path ?? this.folder.path;
    this.#root = root;
    for (const [i, name] of names.entries()) {
      mkdirSync(join(root, name, ".."), { recursive: true });
      writeFileSync(join(root, name), "0123456789");
      const seconds = Date.now() / 1000 - (names.length - i) * 3600;
      utimesSync(join(root, name), seconds, seconds);
    }
    const coordinator = new LocalCoordinator({ bytes: null, files: null, minFree: 0 }, async () =>
      this.keeper.measure(),
    );
    this.keeper = new LocalStorage(root, settings, coordinator);
    this.evictor = new Evictor(this.keeper, limits, {
      evicted: (files, bytes, reason) => this.told.push(`${files} ${bytes} ${reason}`),
      warning: (line) => this.told.push(line),
      fault: (error) => this.told.push(String(error)),
    });
    coordinator.ledger = this.evictor;
    this.coordinator = coordinator;
    this.storage = new LocalStorage(root, PLAIN_STORAGE, coordinator);
  }

  get names(): readonly string[] {
    const all = readdirSync(this.folder.path, { recursive: true, withFileTypes: true });
    return all
      .filter((each) => each.isFile() && !each.name.startsWith(".") && each.name !== "far")
      .map(({ name }) => name)
      .sort();
  }

  async put(path: string, text = "0123456789"): Promise<unknown> {
    const upload = this.storage.upload(CLIENT);
    const name = nameOf(path);
    await upload.add({ name, length: text.length, onExisting: "replace", condition: null });
    await upload.write(Buffer.from(text));
    await upload.finish();
    return upload.commit();
  }

  /** The reads of a process are told in batches; here at once. */
  read(...paths: readonly string[]): void {
    this.evictor.read(paths.map((path) => join(this.#root, path)));
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

function nameOf(path: string): ObjectName {
  const name = ObjectName.ROOT.join(path.split("/"), PLAIN_NAMES);
  if (!(name instanceof ObjectName)) throw new Error("no name: " + path);
  return name;
}

const KEPT = "Files that --evict should remove cannot be removed; the folder holds more than it should.";

const UP_TO_30: EvictionLimits = { bytes: 30, ageMs: null };

describe("what goes when there is too much", () => {
  test.each<[what: string, files: readonly string[], read: readonly string[], left: readonly string[]]>([
    ["the oldest, of files that nobody has read", ["a", "b", "c"], [], ["b", "c", "new"]],
    ["what was not read for longest", ["a", "b", "c"], ["a"], ["a", "c", "new"]],
    ["in folders, too, which stay", ["x/a", "x/b", "y/c"], ["x/a", "x/b"], ["a", "b", "new"]],
  ])("%s", async (_what, files, read, left) => {
    using cache = new Cache(UP_TO_30, files);
    await cache.evictor.survey();
    cache.read(...read);
    expect(await cache.put("new")).toBeArray();
    expect(cache.names).toEqual([...left]);
    expect(cache.told).toEqual(["1 10 limit"]);
    expect(cache.evictor.bytes).toBe(30);
  });

  test("there is room before an upload is confirmed, however many come at once", async () => {
    using cache = new Cache(UP_TO_30, []);
    await cache.evictor.survey();
    await Promise.all(Array.from({ length: 32 }, (_, i) => cache.put(`f${i}`)));
    expect(cache.names).toHaveLength(3);
    expect(cache.told).toHaveLength(29);
  });

  test.each([
    ["just the limit", 640],
    ["the limit but a byte", 639],
    ["more than what is left after room was made", 631],
  ])("a file of %s takes the room of all others, and stays", async (_what, size) => {
    using cache = new Cache({ bytes: 640, ageMs: null }, ["a", "b", "c"]);
    await cache.evictor.survey();
    await cache.put("large", "x".repeat(size));
    expect(cache.names).toEqual(["large"]);
    await cache.evictor.survey();
    expect(cache.names).toEqual(["large"]);
    await cache.put("new");
    expect(cache.names).toEqual(["new"]);
  });

  test.each([640, 631])("a file of %d that comes while a full folder is emptied stays as well", async (size) => {
    using cache = new Cache({ bytes: 640, ageMs: null }, ["a", "b", "c"]);
    writeFileSync(join(cache.folder.path, "d"), "x".repeat(640));
    const discard = cache.keeper.discard.bind(cache.keeper);
    let upload: Promise<unknown> | null = null;
    cache.keeper.discard = async (path, tag) => {
      upload ??= cache.put("large", "x".repeat(size));
      // Once it is known, before anything has gone.
      while (cache.evictor.bytes === 670) await Bun.sleep(1);
      return discard(path, tag);
    };
    await cache.evictor.survey();
    expect(await upload!).toBeArray();
    expect(cache.names).toEqual(["large"]);
  });

  test.each([
    ["came between them", -2.5],
    ["came last", 24],
    ["is older than all", -24],
  ])("a file larger than all room, which %s, goes before any other", async (_what, hours) => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    const path = join(cache.folder.path, "larger");
    writeFileSync(path, "x".repeat(31));
    utimesSync(path, Date.now() / 1000 + hours * 3600, Date.now() / 1000 + hours * 3600);
    await cache.evictor.survey();
    expect(cache.names).toEqual(["a", "b", "c"]);
  });

  test("a new version counts in place of the old one, and what a client deletes counts no more", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b"]);
    await cache.evictor.survey();
    await cache.put("a", "12345");
    expect(cache.evictor.bytes).toBe(15);
    await cache.storage.remove({ name: nameOf("b"), isFolder: false, condition: null }, CLIENT);
    expect(cache.evictor.bytes).toBe(5);
    await cache.storage.move(
      { from: nameOf("a"), to: nameOf("c"), isFolder: false, condition: null, mayCreate: true, mayReplace: false },
      CLIENT,
    );
    expect(cache.evictor.bytes).toBe(5);
    expect(cache.told).toEqual([]);
  });

  test("links, hidden files and what lies outside stay, and do not count", async () => {
    using outside = tempFolder();
    using cache = new Cache(UP_TO_30, ["a", ".hidden", "b", "c"]);
    writeFileSync(join(outside.path, "far"), "0123456789");
    symlinkSync(outside.path, join(cache.folder.path, "away"));
    symlinkSync(join(outside.path, "far"), join(cache.folder.path, "link"));
    await cache.evictor.survey();
    expect(cache.evictor.bytes).toBe(30);
    for (const name of ["d", "e", "f"]) await cache.put(name);
    expect(cache.names).toEqual(["d", "e", "f"]);
    expect(existsSync(join(cache.folder.path, ".hidden"))).toBe(true);
    expect(readFileSync(join(cache.folder.path, "link"), "latin1")).toBe("0123456789");
  });

  test("a version that somebody else has put there meanwhile stays", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    writeFileSync(join(cache.folder.path, "a"), "another");
    await cache.put("new");
    expect(cache.names).toEqual(["a", "c", "new"]);
  });

  test("what goes is not put on the disk at once: a file that comes back after a power cut does no harm", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"], undefined, { ...PLAIN_STORAGE, fsync: true });
    await cache.evictor.survey();
    using fsync = spyOn(FileCalls.prototype, "fsync");
    await cache.put("new");
    expect(cache.names).toEqual(["b", "c", "new"]);
    expect(fsync).not.toHaveBeenCalled();
  });

  test("a reader that has opened a file gets all of it", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    const file = await cache.storage.open(nameOf("a"), CLIENT);
    if (typeof file === "string") throw new Error(file);
    cache.read("b", "c");
    await cache.put("new");
    expect(cache.names).toEqual(["b", "c", "new"]);
    expect(await file.content(100)).toHaveLength(10);
    file.close();
  });
});

describe.each([
  ["--evict", UP_TO_30],
  ["--expire", { bytes: null, ageMs: HOUR_MS / 2 }],
] as const)("%s removes nothing that a link leads to by now", (_flag, limits) => {
  const cases: [what: string, followSymlinks: boolean, isInside: boolean][] = [
    ["elsewhere", false, false],
    ["elsewhere, where links are followed", true, false],
    ["in the folder", false, true],
    ["in the folder, where links are followed", true, true],
  ];
  test.each(cases)("%s: the folder that was moved, and the file", async (_what, followSymlinks, isInside) => {
    using cache = new Cache(limits, ["at/a", "at/deep/b", "c"], undefined, { ...PLAIN_STORAGE, followSymlinks });
    using elsewhere = tempFolder();
    await cache.evictor.survey();
    const far = join(isInside ? cache.folder.path : elsewhere.path, "far-folder");
    renameSync(join(cache.folder.path, "at"), far);
    symlinkSync(far, join(cache.folder.path, "at"));
    renameSync(join(cache.folder.path, "c"), join(far, "c"));
    symlinkSync(join(far, "c"), join(cache.folder.path, "c"));
    for (let i = 0; i < 4; i++) await cache.put(`new-${i}`);
    await cache.evictor.expire();
    expect(namesBelow(far)).toEqual(["a", "c", "deep", "deep/b"]);
    // They count no more, until they are seen where they are.
    expect(cache.evictor.bytes).toBe(limits.bytes ?? 40);
  });
});

test("an upload waits for room, but not for as long as a disk takes that hangs", async () => {
  using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
  await cache.evictor.survey();
  const discard = cache.keeper.discard.bind(cache.keeper);
  const { promise, resolve } = Promise.withResolvers<void>();
  cache.keeper.discard = async (path, tag) => promise.then(() => discard(path, tag));
  using time = new FakeTime();
  const upload = cache.put("new");
  await time.pass(1000);
  expect(await Promise.race([upload, "waits"])).toBe("waits");
  expect(await time.until(upload)).toBeArray();
  resolve();
  await time.until(cache.put("newer"));
  expect(cache.names).toEqual(["c", "new", "newer"]);
});

describe("what somebody writes to just now", () => {
  test("stays, and nobody waits for it: the next one goes", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    const release = await cache.coordinator.lock([join(realpathSync(cache.folder.path), "a")]);
    await cache.put("new");
    expect(cache.names).toEqual(["a", "c", "new"]);
    await cache.put("newer");
    release();
    expect(cache.names).toEqual(["a", "new", "newer"]);
    expect(cache.told).toEqual(["1 10 limit", "1 10 limit"]);
  });

  test("stays when it is too old, and nothing is said of it", async () => {
    using cache = new Cache({ bytes: null, ageMs: HOUR_MS / 2 }, ["a", "b"]);
    await cache.evictor.survey();
    const release = await cache.coordinator.lock([join(realpathSync(cache.folder.path), "a")]);
    await cache.evictor.expire();
    expect(cache.names).toEqual(["a"]);
    release();
    await cache.evictor.expire();
    expect(cache.names).toEqual([]);
    expect(cache.told).toEqual(["1 10 age", "1 10 age"]);
  });

  test.each([1, 99, 100, 250])("stays, however much it is, and what lies behind it goes: %d files", async (count) => {
    const held = Array.from({ length: count }, (_, i) => `held${i}`);
    using cache = new Cache({ bytes: 10 * count + 30, ageMs: null }, [...held, "a", "b"]);
    await cache.evictor.survey();
    const root = realpathSync(cache.folder.path);
    const release = await cache.coordinator.lock(held.map((name) => join(root, name)));
    await cache.evictor.runShort({ bytes: 5, files: 0 });
    release();
    expect(cache.names).not.toContain("a");
    expect(cache.names.filter((name) => name.startsWith("held"))).toHaveLength(count);
    expect(cache.told).not.toContain(KEPT);
  });

  test("stays beside what the system does not let go, of which alone something is said", async () => {
    using cache = new Cache({ bytes: 20, ageMs: null }, ["a", "b"]);
    await cache.evictor.survey();
    const release = await cache.coordinator.lock([join(realpathSync(cache.folder.path), "a")]);
    const discard = cache.keeper.discard.bind(cache.keeper);
    using refusing = spyOn(cache.keeper, "discard").mockImplementation(async (path, tag) =>
      path === "b" ? "not-allowed" : discard(path, tag),
    );
    await cache.evictor.runShort({ bytes: 1, files: 0 });
    release();
    expect(refusing.mock.calls.map(([path]) => path)).toEqual(["a", "b"]);
    expect(cache.told).toEqual([KEPT]);
  });

  test("is looked at once, where there is nothing else", async () => {
    using cache = new Cache({ bytes: 10, ageMs: null }, ["a"]);
    await cache.evictor.survey();
    const release = await cache.coordinator.lock([join(realpathSync(cache.folder.path), "a")]);
    using discard = spyOn(cache.keeper, "discard");
    await cache.evictor.runShort({ bytes: 1, files: 0 });
    expect(discard).toHaveBeenCalledTimes(1);
    release();
    await cache.evictor.runShort({ bytes: 1, files: 0 });
    expect(cache.names).toEqual([]);
  });
});

test.each<[what: string, bytes: number, left: readonly string[]]>([
  ["as many as are needed go, and one in 64 more", 10, ["c"]],
  ["one at least", 0, ["b", "c"]],
  ["all, if need be", 30, []],
  ["none, where all of them would not do", 31, ["a", "b", "c"]],
])("where the disk is full, %s", async (_what, bytes, left) => {
  using cache = new Cache({ bytes: 1000, ageMs: null }, ["a", "b", "c"]);
  await cache.evictor.runShort({ bytes, files: 0 });
  expect(cache.names).toEqual(["a", "b", "c"]);
  await cache.evictor.survey();
  await cache.evictor.runShort({ bytes, files: 0 });
  expect(cache.names).toEqual([...left]);
});

test.each<[what: string, files: number, left: readonly string[]]>([
  ["so many go, and one in 64 more", 1, ["c", "d"]],
  ["all, if need be", 4, []],
  ["none, where all of them would not do", 5, ["a", "b", "c", "d"]],
])("where there may be no more files, %s, and be they empty", async (_what, files, left) => {
  using cache = new Cache({ bytes: 1000, ageMs: null }, ["a", "b", "c", "d"]);
  for (const name of ["a", "b", "c", "d"]) truncateSync(join(cache.folder.path, name));
  await cache.evictor.survey();
  for (const name of ["a", "b", "c", "d"]) cache.read(name);
  await cache.evictor.runShort({ bytes: 0, files });
  expect(cache.names).toEqual([...left]);
});

test("who needs room while it is made for others gets as much beside", async () => {
  const names = Array.from({ length: 10 }, (_, i) => `f${i}`);
  using cache = new Cache({ bytes: 1000, ageMs: null }, names);
  await cache.evictor.survey();
  await Promise.all([
    cache.evictor.runShort({ bytes: 20, files: 0 }),
    cache.evictor.runShort({ bytes: 18, files: 0 }),
    cache.evictor.runShort({ bytes: 0, files: 5 }),
    cache.evictor.runShort({ bytes: 1000, files: 0 }),
  ]);
  expect(cache.names).toEqual(names.slice(5));
});

test("whoever comes while room is made for others waits until the folder holds no more than it should", async () => {
  using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
  await cache.evictor.survey();
  writeFileSync(join(cache.folder.path, "large"), "x".repeat(25));
  const short = cache.evictor.runShort({ bytes: 1, files: 0 });
  await cache.evictor.changed(["large"]);
  await short;
  expect(cache.names).toEqual(["large"]);
});

describe("the order of reads", () => {
  test.each<[what: string, damage: (log: string) => void]>([
    ["survives a restart", () => {}],
    ["survives half a record at its end", (log) => writeFileSync(log, "torn", { flag: "a" })],
  ])("%s", async (_what, damage) => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    cache.read("a", "b");
    await cache.evictor.writeLog();
    damage(join(cache.folder.path, ".mini-http-recency"));
    using next = new Cache(UP_TO_30, [], cache.folder.path);
    await next.evictor.survey();
    await next.put("new");
    await next.evictor.writeLog();
    expect(cache.names).toEqual(["a", "b", "new"]);
    using third = new Cache(UP_TO_30, [], cache.folder.path);
    await third.evictor.survey();
    await third.put("newer");
    expect(cache.names).toEqual(["b", "new", "newer"]);
  });
});

describe("where the log of reads should be there is", () => {
  const name = ".mini-http-recency";
  const cases: [what: string, spoil: (log: string) => void][] = [
    ["a link to nowhere", (log) => symlinkSync("nowhere", log)],
    ["a link to a file elsewhere", (log) => symlinkSync(import.meta.path, log)],
    ["a socket", (log) => void createServer().listen(log).unref()],
    ["a pipe", (log) => void Bun.spawnSync(["mkfifo", log])],
    ["a file of other bytes", (log) => writeFileSync(log, crypto.getRandomValues(new Uint8Array(16_007)))],
    ["a file that is larger than any log", (log) => (writeFileSync(log, ""), truncateSync(log, 2 ** 30))],
  ];
  const elsewhere = readFileSync(import.meta.path, "latin1");
  test.each(cases)("%s: what is too much goes, and from then on the order is kept", async (_what, spoil) => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c", "d"]);
    spoil(join(cache.folder.path, name));
    await cache.evictor.survey();
    expect(cache.names).toEqual(["b", "c", "d"]);
    cache.read("b");
    await cache.evictor.writeLog();
    // What could not be added to is written anew.
    cache.read("b");
    await cache.evictor.writeLog();
    using next = new Cache(UP_TO_30, [], cache.folder.path);
    await next.evictor.survey();
    await next.put("new");
    expect(cache.names).toEqual(["b", "d", "new"]);
    expect(readFileSync(import.meta.path, "latin1")).toBe(elsewhere);
  });

  test("a folder: nothing is left behind, and it is told once", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c", "d"]);
    mkdirSync(join(cache.folder.path, name));
    await cache.evictor.survey();
    for (let i = 0; i < 3; i++) {
      cache.read("b");
      await cache.evictor.writeLog();
    }
    expect(readdirSync(cache.folder.path).sort()).toEqual([name, "b", "c", "d"]);
    expect(cache.told.slice(1)).toEqual([expect.stringContaining("lost at a restart (E")]);
  });
});

test("whoever ends the server waits for the log, but not for as long as a disk takes that hangs", async () => {
  using cache = new Cache(UP_TO_30, ["a"]);
  await cache.evictor.survey();
  using write = spyOn(FileCalls.prototype, "writeAll");
  const { promise, resolve } = Promise.withResolvers<void>();
  write.mockReturnValue(promise);
  using time = new FakeTime();
  for (let tries = 0; tries < 2; tries++) {
    cache.read("a");
    const ended = cache.evictor.writeLog();
    await time.pass(1000);
    expect(await Promise.race([ended, "waits"])).toBe("waits");
    await time.until(ended);
  }
  expect(write).toHaveBeenCalledTimes(1);
  resolve();
});

describe("times ahead of the clock", () => {
  const inAnHour = Date.now() / 1000 + 3600;

  test("of a log, as after a clock that was set back: they keep their order, and come before what is used now", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    cache.read("c", "b", "a");
    await cache.evictor.writeLog();
    const log = join(cache.folder.path, ".mini-http-recency");
    const bytes = readFileSync(log);
    for (let at = 8; at < bytes.length; at += 16) bytes.writeDoubleLE(bytes.readDoubleLE(at) + HOUR_MS, at);
    writeFileSync(log, bytes);
    for (const left of [
      ["a", "c", "new"],
      ["c", "new", "newer"],
    ]) {
      using next = new Cache(UP_TO_30, [], cache.folder.path);
      await next.evictor.survey();
      next.read("c");
      await next.evictor.survey();
      await next.put(left.at(-1)!);
      await next.evictor.writeLog();
      expect(cache.names).toEqual(left);
    }
  });

  test.each([
    ["nobody has read", [], ["e", "new", "newer"]],
    ["was read before", ["c"], ["c", "new", "newer"]],
  ])("of files, of which one that %s is as old as the first look at it", async (_what, read, left) => {
    using cache = new Cache(UP_TO_30, ["b", "c", "d"]);
    for (const [i, name] of ["b", "c", "d"].entries()) {
      utimesSync(join(cache.folder.path, name), inAnHour + i, inAnHour + i);
    }
    await cache.evictor.survey();
    await cache.put("e");
    cache.read(...read);
    await cache.evictor.survey();
    for (const name of ["new", "newer"]) await cache.put(name);
    expect(cache.names).toEqual([...left]);
  });

  test.each([NaN, Infinity, -Infinity, 1e300])("of a damaged log, such as %d, date nothing", async (time) => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    cache.read("a");
    await cache.evictor.writeLog();
    const log = join(cache.folder.path, ".mini-http-recency");
    const bytes = readFileSync(log);
    bytes.writeDoubleLE(time, 8);
    writeFileSync(log, bytes);
    using next = new Cache(UP_TO_30, [], cache.folder.path);
    await next.evictor.survey();
    next.read("b", "c");
    await next.evictor.survey();
    await next.put("new");
    expect(cache.names).toEqual(["b", "c", "new"]);
  });
});

describe("a folder that is moved", () => {
  /** Walks through moved folders stop at each file until `go`. */
  function slowWalks(cache: Cache): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const below = cache.keeper.surveyBelow.bind(cache.keeper);
    cache.keeper.surveyBelow = async function* (path) {
      for await (const file of below(path)) {
        yield file;
        await promise;
      }
    };
    return resolve;
  }

  async function move(cache: Cache, from: string, to: string): Promise<unknown> {
    return cache.storage.move(
      { from: nameOf(from), to: nameOf(to), isFolder: true, condition: null, mayCreate: true, mayReplace: false },
      CLIENT,
    );
  }

  test("has its name at once, however much is in it", async () => {
    using cache = new Cache({ bytes: 1000, ageMs: null }, ["at/a", "at/b"]);
    await cache.evictor.survey();
    using time = new FakeTime();
    const go = slowWalks(cache);
    expect(await time.until(move(cache, "at", "to"))).toBeObject();
    go();
    expect(existsSync(join(cache.folder.path, "to", "b"))).toBe(true);
  });

  test.each([
    ["again", "to", "on"],
    ["with the one that it lies in", "in", "on"],
    ["back", "to", "at"],
    ["out of which another one is moved", "to/deep", "on"],
  ])("%s before all in it is known: the count is exact", async (_what, from, to) => {
    const names = ["at/a", "at/b", "at/deep/c", "at/deep/d", "in/e"];
    using cache = new Cache({ bytes: 1000, ageMs: null }, names);
    await cache.evictor.survey();
    const go = slowWalks(cache);
    const moves = [move(cache, "at", from === "in" ? "in/to" : "to")];
    while (!existsSync(join(cache.folder.path, from))) await Bun.sleep(1);
    await Bun.sleep(5);
    moves.push(move(cache, from, to));
    while (!existsSync(join(cache.folder.path, to))) await Bun.sleep(1);
    go();
    await Promise.all(moves);
    expect(cache.evictor.bytes).toBe(50);
    await cache.evictor.runShort({ bytes: 48, files: 0 });
    expect(cache.names).toEqual([]);
    expect(cache.evictor.bytes).toBe(0);
  });
});

describe("what changes while the folder is looked at", () => {
  const survey = async (cache: Cache, meanwhile: () => Promise<unknown>): Promise<void> => {
    const walk = cache.evictor.survey();
    await meanwhile();
    await walk;
  };

  test("is read: then it does not go first", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    // As at every start: somebody has opened the folder before.
    await cache.keeper.recover([]);
    await survey(cache, async () => cache.read("a"));
    await cache.put("new");
    expect(cache.names).toEqual(["a", "c", "new"]);
  });

  test("is deleted: then it does not count", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await survey(cache, () => cache.storage.remove({ name: nameOf("a"), isFolder: false, condition: null }, CLIENT));
    expect(cache.evictor.bytes).toBe(20);
  });

  test("is uploaded: then it counts once", async () => {
    using cache = new Cache(UP_TO_30, ["a"]);
    await survey(cache, () => Promise.all([cache.put("a", "12345"), cache.put("b")]));
    expect(cache.evictor.bytes).toBe(15);
  });

  test("is uploaded before it is seen: then it was used then, and not when the log says", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    await cache.evictor.survey();
    cache.read("a", "b", "c");
    await cache.evictor.writeLog();
    using next = new Cache(UP_TO_30, [], cache.folder.path);
    const all = next.keeper.survey.bind(next.keeper);
    next.keeper.survey = async function* () {
      await next.put("a");
      yield* all();
    };
    await next.evictor.survey();
    await next.evictor.survey();
    await next.put("new");
    expect(cache.names).toEqual(["a", "c", "new"]);
  });

  test("is deleted, and told late as read: then it does not count, either", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b", "c"]);
    const all = cache.keeper.survey.bind(cache.keeper);
    cache.keeper.survey = async function* () {
      yield* all();
      await cache.storage.remove({ name: nameOf("a"), isFolder: false, condition: null }, CLIENT);
      cache.read("a");
    };
    await cache.evictor.survey();
    expect(cache.evictor.bytes).toBe(20);
  });

  test("in a folder that was known: the same, a second time", async () => {
    using cache = new Cache(UP_TO_30, ["a", "b"]);
    await cache.evictor.survey();
    await survey(cache, () => cache.put("b", "123"));
    expect(cache.evictor.bytes).toBe(13);
    await cache.put("c");
    await cache.put("d");
    expect(cache.names).toEqual(["b", "c", "d"]);
  });
});

test("who asks for a look at the folder while one goes on gets the next, which has seen what came meanwhile", async () => {
  using cache = new Cache({ bytes: 100, ageMs: null }, ["a"]);
  const first = cache.evictor.survey();
  const [second, third] = [cache.evictor.survey(), cache.evictor.survey()];
  expect(third).toBe(second);
  writeFileSync(join(cache.folder.path, "b"), "0123456789");
  await Promise.all([first, second]);
  expect(cache.evictor.bytes).toBe(20);
});

describe("what a process reads", () => {
  class Told implements Ledger {
    readonly reads: string[] = [];
    read(paths: readonly string[]): void {
      this.reads.push(paths.join(" "));
    }
    async changed(): Promise<void> {}
    async moved(): Promise<void> {}
    async runShort(): Promise<void> {}
  }

  test("is told in the order of the last read, a tenth of a second later", async () => {
    using time = new FakeTime();
    const ledger = new Told();
    const notes = new ReadNotes(ledger);
    for (const path of ["a", "b", "a"]) notes.add(path);
    expect(ledger.reads).toEqual([]);
    await time.pass(100);
    expect(ledger.reads).toEqual(["b a"]);
    await time.pass(10_000);
    expect(ledger.reads).toEqual(["b a"]);
  });

  test("is read as long as it is open", async () => {
    using time = new FakeTime();
    const ledger = new Told();
    const notes = new ReadNotes(ledger);
    const reading = { isClosed: false };
    notes.follow("a", reading);
    await time.pass(3500);
    expect(ledger.reads).toEqual(["a", "a", "a", "a"]);
    reading.isClosed = true;
    await time.pass(10_000);
    expect(ledger.reads).toEqual(["a", "a", "a", "a"]);
    notes.follow("b", { isClosed: false });
    await time.pass(1500);
    expect(ledger.reads.slice(4)).toEqual(["b", "b"]);
  });
});

describe("what goes because it is old", () => {
  test("goes, and nothing else; a file from the future stays", async () => {
    using cache = new Cache({ bytes: null, ageMs: 2.5 * HOUR_MS }, ["old", "older", "young", "younger"]);
    const future = Date.now() / 1000 + 3600;
    writeFileSync(join(cache.folder.path, "future"), "x");
    utimesSync(join(cache.folder.path, "future"), future, future);
    await cache.evictor.survey();
    cache.read("old");
    await cache.evictor.expire();
    expect(cache.names).toEqual(["future", "young", "younger"]);
    expect(cache.told).toEqual(["1 10 age", "1 10 age"]);
  });

  test.each([
    ["whose time somebody has set to the future, and that changed last", -HOUR_MS, []],
    ["of the future by any clock, as after one that was set back,", HOUR_MS, ["a"]],
  ])("a file %s: its change counts", async (_what, sinceMs, left) => {
    using cache = new Cache({ bytes: null, ageMs: HOUR_MS / 2 }, ["a"]);
    const future = Date.now() / 1000 + 24 * 3600;
    utimesSync(join(cache.folder.path, "a"), future, future);
    setSystemTime(Date.now() - sinceMs);
    try {
      await cache.evictor.survey();
      await cache.evictor.expire();
    } finally {
      setSystemTime();
    }
    expect(cache.names).toEqual([...left]);
  });

  test.each([1, 99, 100, 250])("is tried once where the system does not let it go: %d files", async (count) => {
    const names = Array.from({ length: count }, (_, i) => `f${i}`);
    using cache = new Cache({ bytes: null, ageMs: HOUR_MS / 2 }, names);
    await cache.evictor.survey();
    const tried: string[] = [];
    cache.keeper.discard = async (path) => {
      tried.push(path);
      return "not-allowed";
    };
    await Promise.all([cache.evictor.expire(), cache.evictor.expire()]);
    expect(tried).toHaveLength(Math.min(count, 100));
    await cache.evictor.expire();
    // The others first, of which some may go.
    expect(new Set(tried).size).toBe(Math.min(count, 200));
    const line = "Files that --expire should remove cannot be removed.";
    expect(cache.told).toEqual([line, line]);
  });

  test("a version that was uploaded meanwhile stays", async () => {
    using cache = new Cache({ bytes: null, ageMs: HOUR_MS / 2 }, ["a"]);
    await cache.evictor.survey();
    await cache.put("a");
    await cache.evictor.expire();
    expect(cache.names).toEqual(["a"]);
  });
});
