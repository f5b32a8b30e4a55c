import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LocalCoordinator, NOTHING, type UsageLimits } from "../../src/storage/coordinator.ts";
import { LocalStorage, type LocalStorageSettings } from "../../src/storage/local-storage.ts";
import type { LocalUpload } from "../../src/storage/local-upload.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { needs } from "../support/needs.ts";
import { O_PATH } from "../../src/storage/folder.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { listOf } from "../../src/storage/locked-names.ts";
import { ObjectName } from "../../src/storage/object-name.ts";
import { HAS_PROC } from "../../src/storage/real-path.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type ContractStorage, namesIn, nameOf, planFor, read, runStorageContract, store } from "./storage-contract.ts";

const CLIENT = { hasLeft: false };
const openReally = FileCalls.prototype.open;
const lstatReally = FileCalls.prototype.lstat;
const NO_LIMITS: UsageLimits = { bytes: null, files: null, minFree: 0 };
const SETTINGS: LocalStorageSettings = { ...PLAIN_STORAGE, maxOpenFiles: 1000 };

/** A folder with an outside, and a storage on its inside. */
class Place implements ContractStorage {
  readonly storage: LocalStorage;
  readonly root: string;
  readonly outside: string;
  readonly coordinator: LocalCoordinator;
  readonly #folder = tempFolder();

  constructor(settings: Partial<LocalStorageSettings> = {}, limits = NO_LIMITS) {
    this.root = join(this.#folder.path, "served");
    this.outside = join(this.#folder.path, "outside");
    mkdirSync(this.root);
    mkdirSync(this.outside);
    this.coordinator = new LocalCoordinator(limits, async () => this.storage.measure());
    this.storage = new LocalStorage(this.root, { ...SETTINGS, ...settings }, this.coordinator);
  }

  at(...segments: readonly string[]): string {
    return join(this.root, ...segments);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#folder[Symbol.dispose]();
  }
}

describe("the contract", () => {
  runStorageContract(async () => new Place());
});

describe("the contract, on the thread pool", () => {
  runStorageContract(async () => {
    const place = new Place();
    // As after calls that were slow.
    for (let i = 0; i < 3; i++) place.storage.pace.took(1000);
    return place;
  });
});

describe("the user's card", () => {
  test("a body that is complete in memory goes out by Bun.write, to the temporary file's descriptor", async () => {
    await using place = new Place();
    using write = spyOn(Bun, "write");
    const upload = place.storage.upload(CLIENT);
    expect(await upload.add(planFor("a", "whole"))).toBeNull();
    expect(await upload.write(Uint8Array.from(Buffer.from("whole")))).toBeNull();
    expect(await upload.finish()).toBeNull();
    expect(await upload.commit()).toHaveLength(1);
    expect(write).toHaveBeenCalledTimes(1);
    expect(readFileSync(place.at("a"), "utf8")).toBe("whole");
  });

  test("one that comes in pieces does not", async () => {
    await using place = new Place();
    using write = spyOn(Bun, "write");
    expect(await store(place.storage, { a: "in pieces" })).toHaveLength(1);
    expect(write).not.toHaveBeenCalled();
  });

  test("small files come into memory by Bun.file on a descriptor, which keeps its place", async () => {
    await using place = new Place();
    writeFileSync(place.at("a"), "content");
    const file = await place.storage.open(nameOf("a"), CLIENT);
    if (typeof file === "string") throw new Error(file);
    using slice = spyOn(Bun, "file");
    expect(Buffer.from((await file.content(100)) ?? []).toString()).toBe("content");
    expect(slice.mock.calls[0]?.[0]).toBeNumber();
    const source = file.range(0, file.size);
    expect(Buffer.from((await source.read()) ?? []).toString()).toBe("content");
    source.close();
    file.close();
  });
});

describe("links", () => {
  const links: [why: string, make: (place: Place) => void, path: string, content: string][] = [
    ["to a file beside it", (place) => symlinkSync("in/x", place.at("l")), "l", "inside"],
    ["to a folder", (place) => symlinkSync("in", place.at("l")), "l/x", "inside"],
    ["by the whole path", (place) => symlinkSync(place.at("in"), place.at("l")), "l/x", "inside"],
    ["up and down again", (place) => symlinkSync("../in/x", place.at("other", "l")), "other/l", "inside"],
    ["to a link", (place) => (symlinkSync("in", place.at("k")), symlinkSync("k/x", place.at("l"))), "l", "inside"],
    ["to the directory itself", (place) => symlinkSync(".", place.at("l")), "l/in/x", "inside"],
    ["outside", (place) => symlinkSync(place.outside, place.at("l")), "l/x", "(missing)"],
    ["outside by dots", (place) => symlinkSync("../outside", place.at("l")), "l/x", "(missing)"],
    ["outside and in again", (place) => symlinkSync("../served/in", place.at("l")), "l/x", "(missing)"],
    ["to a file outside", (place) => symlinkSync("../outside/x", place.at("l")), "l", "(missing)"],
    ["to nowhere", (place) => symlinkSync("none", place.at("l")), "l", "(missing)"],
    ["to itself", (place) => symlinkSync("l", place.at("l")), "l/x", "(missing)"],
    ["to a hidden folder", (place) => symlinkSync(".git", place.at("l")), "l/config", "(missing)"],
    ["to a hidden file", (place) => symlinkSync(".git/config", place.at("l")), "l", "(missing)"],
    ["to an unfinished upload", (place) => symlinkSync(".mini-http-a-1-1-b", place.at("l")), "l", "(missing)"],
  ];
  test.each(links)("%s", async (_why, make, path, content) => {
    await using place = new Place();
    for (const name of ["in", "other", ".git"]) mkdirSync(place.at(name));
    writeFileSync(place.at("in", "x"), "inside");
    writeFileSync(place.at(".git", "config"), "secret");
    writeFileSync(place.at(".mini-http-a-1-1-b"), "secret");
    writeFileSync(join(place.outside, "x"), "secret");
    make(place);
    expect(await read(place.storage, path)).toBe(content);
    const listed = await namesIn(place.storage, "");
    expect(listed).not.toContain(content === "(missing)" ? "l" : "nothing");
  });

  test("one that is turned to another folder is followed anew", async () => {
    await using place = new Place();
    for (const name of ["r1", "r2"]) {
      mkdirSync(place.at(name));
      writeFileSync(place.at(name, "x"), name);
    }
    symlinkSync("r1", place.at("cur"));
    expect(await read(place.storage, "cur/x")).toBe("r1");
    symlinkSync("r2", place.at("next"));
    renameSync(place.at("next"), place.at("cur"));
    expect(await read(place.storage, "cur/x")).toBe("r2");
  });

  test("with --follow-symlinks they lead anywhere, but to nothing that is hidden here", async () => {
    await using place = new Place({ followSymlinks: true });
    writeFileSync(join(place.outside, "x"), "outside");
    mkdirSync(place.at(".git"));
    writeFileSync(place.at(".git", "config"), "secret");
    symlinkSync(place.outside, place.at("l"));
    symlinkSync(".git", place.at("g"));
    expect(await read(place.storage, "l/x")).toBe("outside");
    expect(await read(place.storage, "g/config")).toBe("(missing)");
    expect(await store(place.storage, { "l/y": "new" })).toHaveLength(1);
    expect(readFileSync(join(place.outside, "y"), "utf8")).toBe("new");
  });
});

describe("the directory itself", () => {
  test("is found again when it is replaced", async () => {
    await using place = new Place();
    writeFileSync(place.at("a"), "first");
    expect(await read(place.storage, "a")).toBe("first");
    await Bun.sleep(1);
    rmSync(place.root, { recursive: true });
    expect(await read(place.storage, "a")).toBe("(missing)");
    await Bun.sleep(1);
    mkdirSync(place.root);
    writeFileSync(place.at("a"), "second");
    expect(await read(place.storage, "a")).toBe("second");
    expect(await store(place.storage, { b: "third" })).toHaveLength(1);
    expect(readFileSync(place.at("b"), "utf8")).toBe("third");
  });

  test("does not move with the process", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "served"));
    const before = process.cwd();
    process.chdir(folder.path);
    const storage = new LocalStorage("served", SETTINGS, new LocalCoordinator(NO_LIMITS, async () => NOTHING));
    process.chdir(before);
    expect(await store(storage, { a: "x" })).toHaveLength(1);
    expect(existsSync(join(folder.path, "served", "a"))).toBe(true);
  });
});

describe("a file in memory is not what its name leads to any more", () => {
  const moves: [why: string, move: (place: Place) => void][] = [
    [
      "its folder is outside, and a link leads there",
      (place) => {
        renameSync(place.at("d"), join(place.outside, "d"));
        symlinkSync(join(place.outside, "d"), place.at("d"));
      },
    ],
    ["its folder has another name", (place) => renameSync(place.at("d"), place.at("e"))],
    [
      "it is outside, and a link leads to it",
      (place) => {
        renameSync(place.at("d", "a"), join(place.outside, "a"));
        symlinkSync(join(place.outside, "a"), place.at("d", "a"));
      },
    ],
    [
      "the folder's folder is outside, and a link leads there",
      (place) => {
        renameSync(place.at("up"), join(place.outside, "up"));
        symlinkSync(join(place.outside, "up"), place.at("up"));
      },
    ],
  ];
  test.each(moves)("%s", async (why, move) => {
    await using place = new Place();
    const folder = why.startsWith("the folder's") ? "up/d" : "d";
    mkdirSync(place.at(folder), { recursive: true });
    writeFileSync(place.at(folder, "a"), "x");
    await Bun.sleep(2100);
    const file = await place.storage.open(nameOf(`${folder}/a`), CLIENT);
    if (typeof file === "string" || file.version === null) throw new Error("there is no version");
    file.close();
    expect(await place.storage.isUnchanged(file.version, CLIENT)).toBe(true);
    // What was asked in this turn of the loop holds for it.
    await Bun.sleep(0);
    move(place);
    expect(await place.storage.isUnchanged(file.version, CLIENT)).toBe(false);
  });
});

describe("a file in memory of a directory that was a link to another one", () => {
  const place = new Place();
  beforeAll(async () => {
    mkdirSync(place.at("one/in"), { recursive: true });
    mkdirSync(place.at("two/in"), { recursive: true });
    for (const name of ["one/a", "one/in/a", "two/a", "two/in/a"]) writeFileSync(place.at(name), name);
    await Bun.sleep(2100);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const asks: readonly [what: string, from: string, to: string, ask: (storage: LocalStorage) => unknown][] = [
    ["when nothing else was asked for", "one", "two", () => null],
    ["when another name was asked for", "one", "two", (storage) => read(storage, "none")],
    ["when the list was asked for", "one", "two", (storage) => storage.list(ObjectName.ROOT, CLIENT)],
    ["when something was stored", "one", "two", (storage) => store(storage, { new: "x" })],
    ["when the new one holds the one before", "one/in", "one", (storage) => read(storage, "none")],
    ["when the one before holds the new one", "one", "one/in", (storage) => read(storage, "none")],
  ];
  test.each(asks)("is not that of the new one: %s", async (_what, from, to, ask) => {
    const current = place.at("current");
    const lead = (where: string): void => {
      symlinkSync(where, place.at("next"));
      renameSync(place.at("next"), current);
    };
    for (const later of [false, true]) {
      lead(from);
      const storage = new LocalStorage(current, SETTINGS, new LocalCoordinator(NO_LIMITS, async () => NOTHING));
      if (later) for (let i = 0; i < 3; i++) storage.pace.took(1000);
      const file = await storage.open(nameOf("a"), CLIENT);
      if (typeof file === "string" || file.version === null) throw new Error("there is no version");
      file.close();
      expect(await storage.isUnchanged(file.version, CLIENT)).toBe(true);
      await Bun.sleep(0);
      lead(to);
      await ask(storage);
      expect(await storage.isUnchanged(file.version, CLIENT)).toBe(false);
      expect(await read(storage, "a")).toBe(`${to}/a`);
    }
  });
});

describe("what becomes of the name while an upload comes", () => {
  const moves: [why: string, move: (place: Place) => void, fault: string][] = [
    ["the folder is moved", (place) => renameSync(place.at("d"), place.at("e")), "moved"],
    ["the folder is removed", (place) => rmSync(place.at("d"), { recursive: true }), "moved"],
    [
      "a link that leads outside takes the folder's name",
      (place) => {
        renameSync(place.at("d"), place.at("e"));
        symlinkSync(place.outside, place.at("d"));
      },
      "moved",
    ],
    [
      "the temporary file is another one",
      (place) => {
        const [name] = readdirSync(place.at("d")).filter((each) => each.startsWith(".mini-http-"));
        rmSync(place.at("d", name!));
        symlinkSync(join(place.outside, "x"), place.at("d", name!));
      },
      "disturbed",
    ],
  ];
  test.each(moves)("%s", async (_why, move, fault) => {
    await using place = new Place();
    mkdirSync(place.at("d"));
    writeFileSync(join(place.outside, "x"), "secret");
    chmodSync(join(place.outside, "x"), 0o600);
    const before = statSync(join(place.outside, "x"), { bigint: true });
    const upload = place.storage.upload(CLIENT);
    await upload.add(planFor("d/a", "x"));
    await upload.write(Uint8Array.of(120));
    await upload.finish();
    move(place);
    expect(await upload.commit()).toBe(fault as never);
    const after = statSync(join(place.outside, "x"), { bigint: true });
    expect([after.mode, after.mtimeNs, after.ctimeNs]).toEqual([before.mode, before.mtimeNs, before.ctimeNs]);
    expect(readdirSync(place.outside)).toEqual(["x"]);
    for (const name of ["d", "e"].filter((each) => existsSync(place.at(each))))
      if (fault === "moved") expect(readdirSync(place.at(name)).filter((each) => each.startsWith("."))).toEqual([]);
  });
});

describe("modes and times", () => {
  test("an upload under way is its owner's alone, whatever its target will be", async () => {
    await using place = new Place({ mode: 0o666 });
    const upload = place.storage.upload(CLIENT);
    await upload.add(planFor("a", "x"));
    await upload.write(Uint8Array.of(120));
    await upload.finish();
    const [name] = readdirSync(place.root);
    expect(statSync(place.at(name!)).mode & 0o777).toBe(0o600);
    await upload.commit();
    expect(statSync(place.at("a")).mode & 0o777).toBe(0o666);
  });

  test("a replaced version keeps its mode, and a new one is younger, even than one from the future", async () => {
    await using place = new Place();
    writeFileSync(place.at("a"), "old");
    chmodSync(place.at("a"), 0o640);
    const future = Date.now() / 1000 + 1000;
    utimesSync(place.at("a"), future, future);
    await store(place.storage, { a: "new" });
    const stats = statSync(place.at("a"));
    expect(stats.mode & 0o777).toBe(0o640);
    expect(stats.mtimeMs).toBeGreaterThan(future * 1000 - 1);
  });

  test("the time of an upload is the clock's", async () => {
    await using place = new Place();
    const before = Date.now();
    await store(place.storage, { a: "new" });
    const { mtimeMs } = statSync(place.at("a"));
    // Seconds in floating point may lose a microsecond.
    expect(mtimeMs).toBeGreaterThanOrEqual(before - 1);
    expect(mtimeMs).toBeLessThan(Date.now() + 2);
  });
});

describe("a file that changes while it is read", () => {
  const SIZE = 3 * 1024 * 1024;
  async function readWith(change: (path: string) => void): Promise<string> {
    await using place = new Place();
    const path = place.at("a");
    writeFileSync(path, Buffer.alloc(SIZE, "a"));
    const file = await place.storage.open(nameOf("a"), CLIENT);
    if (typeof file === "string") throw new Error(file);
    const source = file.range(0, file.size);
    try {
      let total = (await source.read())!.length;
      change(path);
      for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
        if (chunk.some((byte) => byte !== 97)) return "mixed";
        total += chunk.length;
      }
      return total === SIZE ? "whole" : "short";
    } catch (error) {
      return (error as Error).name;
    } finally {
      source.close();
      file.close();
    }
  }
  const changes: [how: string, change: (path: string) => void, outcome: string][] = [
    ["grows behind its end", (path) => writeFileSync(path, "more", { flag: "a" }), "ContentChanged"],
    ["is deleted", (path) => rmSync(path), "whole"],
    ["is replaced", (path) => (writeFileSync(path + "n", "b"), renameSync(path + "n", path)), "whole"],
    ["is renamed", (path) => renameSync(path, path + "2"), "whole"],
    [
      "is renamed and renamed back",
      (path) => (renameSync(path, path + "2"), renameSync(path + "2", path)),
      "ContentChanged",
    ],
    ["gets another mode", (path) => chmodSync(path, 0o600), "ContentChanged"],
    ["gets another name beside", (path) => linkSync(path, path + "2"), "ContentChanged"],
    ["is rewritten", (path) => writeFileSync(path, Buffer.alloc(SIZE, "b")), "ContentChanged"],
    ["is rewritten, and longer", (path) => writeFileSync(path, Buffer.alloc(SIZE + 9, "b")), "ContentChanged"],
    [
      "is rewritten with its old time",
      (path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, Buffer.alloc(SIZE, "b"));
        utimesSync(path, atime, mtime);
      },
      "ContentChanged",
    ],
    ["is cut", (path) => writeFileSync(path, "a"), "ContentChanged"],
  ];
  test.each(changes)("that %s", async (_how, change, outcome) => expect(await readWith(change)).toBe(outcome));
});

describe.skipIf(needs({ programs: ["mkfifo"] }).skip)("a file whose name is a link once it was looked at", () => {
  const links: readonly [to: string, make: (place: Place) => string][] = [
    ["a FIFO", (place) => (Bun.spawnSync(["mkfifo", place.at("other")]), place.at("other"))],
    ["a FIFO outside", (place) => (Bun.spawnSync(["mkfifo", join(place.outside, "x")]), join(place.outside, "x"))],
    ["a file outside", (place) => (writeFileSync(join(place.outside, "x"), "secret"), join(place.outside, "x"))],
  ];
  test.each(links)("is that file or none, and nobody opens %s", async (_to, make) => {
    await using place = new Place();
    writeFileSync(place.at("a"), "inside");
    const there = make(place);
    const inode = statSync(there).ino;
    const opened: number[] = [];
    using open = spyOn(FileCalls.prototype, "open");
    open.mockImplementation(async function (this: FileCalls, path, flags, mode) {
      if ((flags & O_PATH) === 0) {
        rmSync(place.at("a"));
        symlinkSync(there, place.at("a"));
      }
      const descriptor = await openReally.call(this, path, flags, mode);
      opened.push(fstatSync(descriptor).ino);
      return descriptor;
    });
    expect(["inside", "(missing)"]).toContain(await read(place.storage, "a"));
    expect(opened).not.toContain(inode);
  });
});

describe("a file that is replaced while it is looked at", () => {
  const places: readonly [where: string, name: string, replacements: number][] = [
    ["in the directory itself", "a", 1],
    ["in a folder of it", "d/a", 1],
    ["deeper, and more than once", "d/e/a", 3],
  ];
  test.each(places)("is there: %s", async (_where, name, replacements) => {
    await using place = new Place();
    mkdirSync(join(place.at(name), ".."), { recursive: true });
    writeFileSync(place.at(name), "0");
    let count = 0;
    const replace = (path: string): void => {
      if (!path.endsWith("/a") || count === replacements) return;
      writeFileSync(place.at("new"), String((count += 1)));
      renameSync(place.at("new"), place.at(name));
    };
    using open = spyOn(FileCalls.prototype, "open");
    open.mockImplementation(async function (this: FileCalls, path, flags, mode) {
      const descriptor = await openReally.call(this, path, flags, mode);
      replace(path);
      return descriptor;
    });
    using lstat = spyOn(FileCalls.prototype, "lstat");
    lstat.mockImplementation(async function (this: FileCalls, path) {
      const stats = await lstatReally.call(this, path);
      replace(path);
      return stats;
    });
    expect(["0", "1", "2", "3"]).toContain(await read(place.storage, name));
    expect(count).toBeGreaterThan(0);
  });

  test("and was moved is not there", async () => {
    await using place = new Place();
    mkdirSync(place.at("d"));
    writeFileSync(place.at("d", "a"), "x");
    using open = spyOn(FileCalls.prototype, "open");
    open.mockImplementation(async function (this: FileCalls, path, flags, mode) {
      const descriptor = await openReally.call(this, path, flags, mode);
      if (path.endsWith("/a") && existsSync(place.at("d"))) renameSync(place.at("d"), join(place.outside, "d"));
      return descriptor;
    });
    expect(["(missing)", ...(HAS_PROC ? [] : ["x"])]).toContain(await read(place.storage, "d/a"));
  });
});

describe("two versions share no tag when the time is put back", () => {
  const rewrites: [how: string, rewrite: (path: string) => void][] = [
    ["in place", (path) => writeFileSync(path, "two")],
    ["by a rename", (path) => (writeFileSync(path + "n", "two"), renameSync(path + "n", path))],
    ["by removal", (path) => (rmSync(path), writeFileSync(path, "two"))],
  ];
  test.each(rewrites)("%s", async (_how, rewrite) => {
    await using place = new Place();
    const path = place.at("a");
    writeFileSync(path, "one");
    utimesSync(path, 1_000_000_000, 1_000_000_000);
    const tag = async (): Promise<string> => ((await place.storage.stat(nameOf("a"), CLIENT)) as { etag: string }).etag;
    const before = await tag();
    rewrite(path);
    utimesSync(path, 1_000_000_000, 1_000_000_000);
    expect(await tag()).not.toBe(before);
  });
});

describe("bounds", () => {
  test("one upload makes so many folders and no more", async () => {
    await using place = new Place({ maxNewFolders: 3 });
    expect(await store(place.storage, { "a/b/c/d": "x" })).toHaveLength(1);
    expect(await store(place.storage, { "e/1": "x", "f/1": "x", "f/g/1": "x" })).toHaveLength(3);
    expect(await store(place.storage, { "h/1": "x", "i/1": "x", "j/k/1": "x" })).toBe("too-many-folders");
    expect(await namesIn(place.storage, "")).toEqual(["a", "e", "f"]);
  });

  test("folders count as files", async () => {
    await using place = new Place({}, { ...NO_LIMITS, files: 4 });
    expect(await store(place.storage, { "a/b/c/d": "x" })).toHaveLength(1);
    expect(await store(place.storage, { e: "x" })).toBe("over-quota");
  });

  test("what is announced holds nothing; what has come does", async () => {
    await using place = new Place({}, { ...NO_LIMITS, bytes: 1000 });
    const dripping = place.storage.upload(CLIENT);
    expect(await dripping.add({ ...planFor("slow", null), length: 1000 })).toBeNull();
    expect(await store(place.storage, { quick: "x".repeat(600) })).toHaveLength(1);
    expect(await dripping.write(new Uint8Array(400))).toBeNull();
    expect(await dripping.write(new Uint8Array(1))).toBe("over-quota");
    await dripping.abort();
    expect(await store(place.storage, { more: "x".repeat(400) })).toHaveLength(1);
  });

  test("no descriptor is left open, whatever became of the upload", async () => {
    await using place = new Place();
    const open = (): number => readdirSync("/proc/self/fd").length;
    await store(place.storage, { "d/a": "x" });
    const before = open();
    for (let i = 0; i < 20; i++) {
      await store(place.storage, { [`d/${i}/x`]: "1", [`d/${i}/y`]: "2", z: "3" });
      await store(place.storage, { d: "1" });
      await store(place.storage, { "d/a": "1", d: "2" });
      const upload = place.storage.upload(CLIENT);
      await upload.add(planFor(`d/${i}/aborted`, "x"));
      await upload.abort();
      await read(place.storage, "d/a");
      await read(place.storage, "d/none");
      await namesIn(place.storage, `d/${i}`);
      await place.storage.remove({ name: nameOf(`d/${i}/x`), isFolder: false, condition: null }, CLIENT);
    }
    await place.storage.sweep();
    expect(open()).toBe(before);
  });
});

describe("a list whose names are read while a group comes", () => {
  const [one, two] = ["group-1", "group-2"];

  test.each(["ends before they are there", "goes on behind them"])(
    "shows none or all of a group that %s",
    async (when) => {
      using folder = tempFolder();
      const coordinator = new LocalCoordinator(NO_LIMITS, async () => NOTHING);
      const storage = new LocalStorage(folder.path, SETTINGS, coordinator);
      const write = (name: string): void => writeFileSync(join(folder.path, name), "x");
      using readTexts = spyOn(FileCalls.prototype, "readTexts");
      readTexts.mockImplementationOnce(async () => {
        const release = await coordinator.lock([listOf(folder.path)]);
        coordinator.beginGroup();
        write(one);
        const names = readdirSync(folder.path);
        const end = (): void => {
          write(two);
          coordinator.endGroup();
          release();
        };
        if (when === "goes on behind them") setTimeout(end, 20);
        else end();
        return names;
      });
      const listing = await storage.list(ObjectName.ROOT, CLIENT);
      expect(typeof listing === "string" ? listing : listing.length).toBe(2);
    },
  );
});

test("a form whose journal can be written nowhere leaves no folder open", async () => {
  await using place = new Place();
  const open = (): number => readdirSync("/proc/self/fd").length;
  await store(place.storage, { "d/there": "x" });
  const before = open();
  for (let i = 0; i < 3; i++) {
    using writeAll = spyOn(FileCalls.prototype, "writeAll");
    // Not in the directory itself, and then not beside the files.
    for (const code of ["EACCES", "ENOSPC"]) writeAll.mockRejectedValueOnce(new SystemError(code, "the test says so"));
    expect(await store(place.storage, { "d/a": "x", "d/b": "y" })).toBe("no-space");
    expect(writeAll).toHaveBeenCalledTimes(2);
  }
  expect(open()).toBe(before);
});

test("a file that is touched while the next one comes is stored all the same", async () => {
  await using place = new Place();
  for (let i = 0; i < 3; i++) place.storage.pace.took(1000);
  const upload = place.storage.upload(CLIENT) as LocalUpload;
  const finishOne = async (name: string): Promise<void> => {
    expect(await upload.write(Uint8Array.from([65]))).toBeNull();
    expect(await upload.finish(), name).toBeNull();
  };
  expect(await upload.add(planFor("a", "A"))).toBeNull();
  await finishOne("a");
  const [, fault] = await Promise.all([upload.touch(), upload.add(planFor("b", "A"))]);
  expect(fault).toBeNull();
  await finishOne("b");
  expect(await upload.commit()).toHaveLength(2);
});

test.skipIf(needs({ linux: true, programs: ["setfacl", "getfacl"] }).skip)(
  "a replaced file keeps its access list while the disk is slow, too",
  async () => {
    await using place = new Place();
    const listOfA = (): string => Bun.spawnSync(["getfacl", "-cp", place.at("a")]).stdout.toString();
    await store(place.storage, { a: "old" });
    Bun.spawnSync(["setfacl", "-m", "u:1234:rw,g::---", place.at("a")]);
    const before = listOfA();
    for (let i = 0; i < 3; i++) place.storage.pace.took(1000);
    await store(place.storage, { a: "new" });
    expect(readFileSync(place.at("a"), "utf8")).toBe("new");
    expect(listOfA()).toBe(before);
  },
);

describe("where there are no hard links", () => {
  test.each(["at once", "on the thread pool"])("a name that one upload picks is not another's: %s", async (pace) => {
    await using place = new Place();
    using link = spyOn(FileCalls.prototype, "link");
    link.mockImplementation(async () => {
      throw new SystemError("EPERM", "the file system has no links");
    });
    if (pace === "on the thread pool") for (let i = 0; i < 3; i++) place.storage.pace.took(1000);
    const more = { onExisting: "rename" } as const;
    for (let i = 0; i < 20; i++) {
      const name = `a${i}`;
      await store(place.storage, { [name]: "first" });
      const both = [{ [name]: "one" }, { [`${name} (1)`]: "two" }, { [name]: "three", [`${name} (1)`]: "four" }];
      const stored = await Promise.all(both.map((files) => store(place.storage, files, more)));
      expect(stored.map((each) => each.length)).toEqual([1, 1, 2]);
      const names = readdirSync(place.root).filter((each) => each === name || each.startsWith(name + " "));
      const contents = names.map((each) => readFileSync(place.at(each), "utf8"));
      expect(contents.sort()).toEqual(["first", "four", "one", "three", "two"]);
    }
  });

  /** A folder in which `a` is there, and a picker of names finds no links. */
  async function linkless(): Promise<{ place: Place; [Symbol.asyncDispose](): Promise<void> }> {
    const place = new Place();
    await store(place.storage, { a: "first" });
    const link = spyOn(FileCalls.prototype, "link").mockImplementation(async () => {
      throw new SystemError("EPERM", "the file system has no links");
    });
    return {
      place,
      [Symbol.asyncDispose]: async () => {
        link.mockRestore();
        await place[Symbol.asyncDispose]();
      },
    };
  }

  test("a name that somebody else is writing to is not picked", async () => {
    await using scene = await linkless();
    const { place } = scene;
    const release = await place.coordinator.lock([join(realpathSync(place.root), "a (1)")]);
    expect(await store(place.storage, { a: "picker" }, { onExisting: "rename" })).toHaveLength(1);
    release();
    expect(readdirSync(place.root).sort()).toEqual(["a", "a (2)"]);
  });

  test("a plain upload waits for who is about to give a file its name, and does not lose to it", async () => {
    await using scene = await linkless();
    const { place } = scene;
    const rename = FileCalls.prototype.rename;
    let plain: Promise<unknown> | null = null;
    using _renaming = spyOn(FileCalls.prototype, "rename").mockImplementation(async function (
      this: FileCalls,
      from,
      to,
    ) {
      if (to.endsWith("/a (1)") && plain === null) {
        plain = store(place.storage, { "a (1)": "plain" });
        await Promise.race([plain, Bun.sleep(20)]);
      }
      return rename.call(this, from, to);
    });
    expect(await store(place.storage, { a: "picker" }, { onExisting: "rename" })).toHaveLength(1);
    expect(await plain!).toMatchObject([{ isNew: false }]);
    expect(readFileSync(place.at("a (1)"), "utf8")).toBe("plain");
  });

  test("a form whose other files have the names that it could pick gives each its own", async () => {
    await using scene = await linkless();
    const { place } = scene;
    await store(place.storage, { a: "one", "a (1)": "two", "a (2)": "three" }, { onExisting: "rename" });
    const contents = readdirSync(place.root).map((name) => readFileSync(place.at(name), "utf8"));
    expect(contents.sort()).toEqual(["first", "one", "three", "two"]);
  });
});

test.each<[what: string, files: Record<string, string>]>([
  ["one file", { a: "new" }],
  ["a form", { a: "new", b: "new" }],
])(
  "%s whose names nobody can be asked for any more is refused for a while, and leaves nothing",
  async (_what, files) => {
    await using place = new Place();
    using _lock = spyOn(place.coordinator, "lock").mockImplementation(async () => {
      throw new SystemError("EAGAIN", "the parent process is gone");
    });
    expect(await store(place.storage, files)).toBe("busy");
    expect(readdirSync(place.root)).toEqual([]);
  },
);

test("where a hundred names are taken the next one bears the mark of its temporary file", async () => {
  await using place = new Place();
  for (const name of ["a", ...Array.from({ length: 100 }, (_, i) => `a (${i + 1})`)])
    writeFileSync(place.at(name), "x");
  const upload = place.storage.upload(CLIENT);
  expect(await upload.add(planFor("a", null, { onExisting: "rename" }))).toBeNull();
  const temporary = readdirSync(place.root).find((name) => name.startsWith(".mini-http-"))!;
  expect(await upload.finish()).toBeNull();
  expect(await upload.commit()).toMatchObject([
    { name: { base: `a (${temporary.slice(temporary.lastIndexOf("-") + 1)})` } },
  ]);
});
