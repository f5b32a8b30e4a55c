// What a killed server left half done, as it lies on the disk: written by hand, since the moments are short.

import { describe, expect, spyOn, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
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
import { dirname, join } from "node:path";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { JOURNAL_MODE, type JournalEntry } from "../../src/storage/journal-format.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";
import { listOf } from "../../src/storage/locked-names.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { temporaryName } from "../../src/storage/temporary-name.ts";
import { needs } from "../support/needs.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";

const [, instance, , start] = /^\.mini-http-([^-]+)-([^-]+)-([^-]+)-/.exec(temporaryName())!;
const GONE = `${instance}-${Bun.spawnSync(["true"]).pid}-${start}`;
/** As after the restart of a container: nobody can be asked whether it lives. */
const ELSEWHERE = `0${instance}-1-1`;
const LONG_AGO_S = Date.now() / 1000 - 25 * 60 * 60;
const NO_LIMITS = { bytes: null, files: null, minFree: 0 };

/** A directory in which a server was killed. */
class Scene {
  readonly storage: LocalStorage;
  readonly coordinator = new LocalCoordinator(NO_LIMITS, async () => NOTHING);
  readonly #folder = tempFolder();
  readonly #owner: string;

  constructor(owner = GONE) {
    this.#owner = owner;
    this.storage = new LocalStorage(this.#folder.path, PLAIN_STORAGE, this.coordinator);
  }

  at(path: string): string {
    return join(this.#folder.path, path);
  }

  /** The real path, as writers lock it. */
  real(path: string): string {
    return join(realpathSync(this.#folder.path), path);
  }

  /** The name of a temporary file of the killed server. */
  temporary(id: string): string {
    return `.mini-http-${this.#owner}-${id}`;
  }

  write(path: string, content: string): string {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    return String(statSync(this.at(path)).ino);
  }

  /** An older version that was put aside: renaming it has not made it younger. */
  putAside(path: string, content: string): string {
    const inode = this.write(path, content);
    utimesSync(this.at(path), LONG_AGO_S, LONG_AGO_S);
    return inode;
  }

  journal(
    ending: ".redo" | ".undo",
    entries: readonly JournalEntry[],
    age: "young" | "old" = "young",
    folder = "",
  ): string {
    const path = this.at(join(folder, this.temporary("9") + ending));
    writeFileSync(path, JSON.stringify(entries));
    if (age === "old") utimesSync(path, LONG_AGO_S, LONG_AGO_S);
    chmodSync(path, JOURNAL_MODE);
    return path;
  }

  /** As a server does at its start. */
  async start(): Promise<number> {
    const { finished } = await this.storage.recover([]);
    await this.storage.sweep();
    return finished;
  }

  /** All that there is, without journals: path and content. */
  get files(): Record<string, string> {
    const names = readdirSync(this.#folder.path, { recursive: true, encoding: "utf8" });
    const paths = names.filter((name) => statSync(this.at(name), { throwIfNoEntry: false })?.isFile() === true);
    const plain = paths.filter((name) => !name.endsWith(".redo") && !name.endsWith(".undo"));
    return Object.fromEntries(plain.sort().map((name) => [name, readFileSync(this.at(name), "utf8")]));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** What a journal says of a file in the directory itself. */
function entryFor(target: string, values: Partial<JournalEntry>): JournalEntry {
  const base = { folder: [], temporary: "", inode: "0", picksName: false, replaces: null, aside: null };
  return { ...base, target: target.split("/"), ...values };
}

describe("a form whose files get the names that are free", () => {
  test.each<[string, string[], Record<string, string>]>([
    ["replaces nothing", ["a.txt"], { "a.txt": "old", "a (1).txt": "new" }],
    ["gets its own name where that is free", [], { "a.txt": "new" }],
    [
      "goes on behind all that are taken",
      ["a.txt", "a (1).txt"],
      { "a.txt": "old", "a (1).txt": "old", "a (2).txt": "new" },
    ],
  ])("%s when it is finished", async (_what, taken, files) => {
    using scene = new Scene();
    for (const name of taken) scene.write(name, "old");
    const temporary = scene.temporary("1");
    const inode = scene.write(temporary, "new");
    scene.journal(".redo", [entryFor("a.txt", { temporary, inode, picksName: true })]);
    expect(await scene.start()).toBe(1);
    expect(scene.files).toEqual(files);
  });

  test("one that has its name, and its temporary one still, gets no second one", async () => {
    using scene = new Scene();
    scene.write("a.txt", "old");
    const temporary = scene.temporary("1");
    const inode = scene.write(temporary, "new");
    linkSync(scene.at(temporary), scene.at("a (1).txt"));
    scene.journal(".redo", [entryFor("a.txt", { temporary, inode, picksName: true })]);
    expect(await scene.start()).toBe(1);
    expect(scene.files).toEqual({ "a.txt": "old", "a (1).txt": "new" });
  });

  test("two of one name are both there", async () => {
    using scene = new Scene();
    const [one, two] = [scene.temporary("1"), scene.temporary("2")];
    const entries = [one, two].map((temporary) =>
      entryFor("a.txt", { temporary, inode: scene.write(temporary, temporary), picksName: true }),
    );
    scene.journal(".redo", entries);
    expect(await scene.start()).toBe(1);
    expect(scene.files).toEqual({ "a.txt": one, "a (1).txt": two });
  });

  test("finds the name that it got, or gets one, where a hundred are taken", async () => {
    using scene = new Scene();
    const taken = ["a.txt", ...Array.from({ length: 100 }, (_, i) => `a (${i + 1}).txt`)];
    for (const name of taken) scene.write(name, "old");
    const temporary = scene.temporary("mark");
    const entry = entryFor("a.txt", { temporary, inode: scene.write(temporary, "new"), picksName: true });
    scene.journal(".redo", [entry]);
    expect(await scene.start()).toBe(1);
    expect(Object.keys(scene.files)).toHaveLength(102);
    expect(scene.files["a (mark).txt"]).toBe("new");
    scene.journal(".undo", [entry]);
    expect(await scene.start()).toBe(1);
    expect(Object.keys(scene.files).sort()).toEqual(taken.sort());
  });

  test("is taken back under the name that it got", async () => {
    using scene = new Scene();
    scene.write("a.txt", "old");
    const inode = scene.write("a (1).txt", "new");
    scene.journal(".undo", [entryFor("a.txt", { temporary: scene.temporary("1"), inode, picksName: true })]);
    expect(await scene.start()).toBe(1);
    expect(scene.files).toEqual({ "a.txt": "old" });
  });
});

/** A group of two that was being taken back: both older versions are aside, both new ones have their names. */
function halfTakenBack(scene: Scene, age: "young" | "old" = "young"): string {
  const entries = ["a", "sub/b"].map((target) => {
    const folder = target.split("/").slice(0, -1);
    const aside = scene.temporary("1" + target.at(-1)!);
    const replaces = scene.putAside(join(...folder, aside), "old");
    const inode = scene.write(target, "new");
    return entryFor(target, { folder, temporary: scene.temporary("2" + target.at(-1)!), inode, replaces, aside });
  });
  return scene.journal(".undo", entries, age);
}
const BOTH_OLD = { a: "old", "sub/b": "old" };

describe("what a journal names is not swept while the journal is there", () => {
  test("when it cannot be done yet: something is in the way", async () => {
    using scene = new Scene();
    halfTakenBack(scene);
    renameSync(scene.at("sub"), scene.at("away"));
    scene.write("sub", "in the way");
    await scene.start();
    rmSync(scene.at("sub"));
    renameSync(scene.at("away"), scene.at("sub"));
    await scene.start();
    expect(scene.files).toEqual(BOTH_OLD);
  });

  test("when its server may live: a container that was started again within a minute", async () => {
    using scene = new Scene(ELSEWHERE);
    const journal = halfTakenBack(scene);
    expect(await scene.start()).toBe(0);
    chmodSync(journal, 0o600);
    utimesSync(journal, LONG_AGO_S, LONG_AGO_S);
    chmodSync(journal, JOURNAL_MODE);
    await scene.storage.sweep();
    expect(scene.files).toEqual(BOTH_OLD);
  });

  test.skipIf(needs({ root: true }).skip)("when it is another user's", async () => {
    using scene = new Scene();
    const journal = halfTakenBack(scene);
    chownSync(journal, 12345, 12345);
    chmodSync(journal, JOURNAL_MODE);
    expect(await scene.start()).toBe(0);
    chownSync(journal, process.geteuid!(), process.getegid!());
    chmodSync(journal, JOURNAL_MODE);
    expect(await scene.start()).toBe(1);
    expect(scene.files).toEqual(BOTH_OLD);
  });
});

test("names that are hidden now are finished as the server that was killed would have", async () => {
  using scene = new Scene();
  const [temporary, aside] = [scene.temporary("1"), scene.temporary("2")];
  const replaces = scene.putAside(aside, "old");
  const inode = scene.write(temporary, "new");
  scene.journal(".redo", [entryFor(".env", { temporary, inode, replaces, aside })]);
  expect(await scene.start()).toBe(1);
  expect(scene.files).toEqual({ ".env": "new" });
});

/** A form of one file, which replaces another, that was killed before its first step; gives the temporary file's name. */
function notBegun(scene: Scene, target: string, where = dirname(target)): void {
  const folder = dirname(target) === "." ? [] : dirname(target).split("/");
  const [temporary, aside] = [scene.temporary(`1${target.at(-1)}`), scene.temporary(`2${target.at(-1)}`)];
  const replaces = scene.write(target, "old");
  const inode = scene.write(join(...folder, temporary), "new");
  scene.journal(".redo", [entryFor(target, { folder, temporary, inode, replaces, aside })], "young", where);
}

describe("while a group is finished", () => {
  test("a writer that came first is waited for, and loses nothing", async () => {
    using scene = new Scene();
    notBegun(scene, "a");
    const release = await scene.coordinator.lock([scene.real("a")]);
    const recovering = scene.start();
    await Bun.sleep(10);
    expect(scene.files["a"]).toBe("old");
    scene.write("b", "newer");
    renameSync(scene.at("b"), scene.at("a"));
    release();
    expect(await recovering).toBe(1);
    expect(scene.files).toEqual({ a: "newer" });
  });

  test("one that comes later waits", async () => {
    using scene = new Scene();
    notBegun(scene, "a");
    let order = "";
    const rename = FileCalls.prototype.rename;
    using _renaming = spyOn(FileCalls.prototype, "rename").mockImplementation(async function (
      this: FileCalls,
      from,
      to,
    ) {
      order += "begins ";
      void Promise.resolve(scene.coordinator.lock([scene.real("a")])).then((release) => {
        order += "writer";
        release();
      });
      await Bun.sleep(5);
      order += "ends ";
      return rename.call(this, from, to);
    });
    expect(await scene.start()).toBe(1);
    await Bun.sleep(1);
    expect(order).toBe("begins ends writer");
  });

  test("readers see none of it or all", async () => {
    using scene = new Scene();
    notBegun(scene, "a");
    const sawGroup: boolean[] = [];
    const rename = FileCalls.prototype.rename;
    using _renaming = spyOn(FileCalls.prototype, "rename").mockImplementation(function (this: FileCalls, from, to) {
      sawGroup.push(scene.coordinator.hasGroups);
      return rename.call(this, from, to);
    });
    expect(await scene.start()).toBe(1);
    expect(sawGroup).toEqual([true]);
    expect(scene.coordinator.hasGroups).toBe(false);
  });
});

describe("what a process of the server had locked when it died", () => {
  const locked = (scene: Scene, name: string): string[] => [scene.real(name), listOf(dirname(scene.real(name)))];

  test("is finished beside its files, without a wait for itself", async () => {
    using scene = new Scene();
    notBegun(scene, "sub/a");
    notBegun(scene, "other/b");
    const names = locked(scene, "sub/a");
    await scene.coordinator.lock(names);
    expect(await scene.storage.recover(names)).toEqual({ finished: 1, left: 0 });
    expect(scene.files["sub/a"]).toBe("new");
    expect(scene.files["other/b"]).toBe("old");
  });

  test("makes two who died at once not wait for each other", async () => {
    using scene = new Scene();
    notBegun(scene, "sub/a", ".");
    const other = locked(scene, "other/b");
    scene.write("other/b", "old");
    await scene.coordinator.lock([...locked(scene, "sub/a"), ...other]);
    expect(await scene.storage.recover(other)).toEqual({ finished: 0, left: 0 });
    expect(await scene.storage.recover(locked(scene, "sub/a"))).toEqual({ finished: 1, left: 0 });
    expect(scene.files["sub/a"]).toBe("new");
  });

  test("is told when it cannot be finished yet", async () => {
    using scene = new Scene();
    notBegun(scene, "sub/a");
    const names = locked(scene, "sub/a");
    using _renaming = spyOn(FileCalls.prototype, "rename").mockImplementation(() => {
      throw new SystemError("EIO", "the disk has failed");
    });
    expect(await scene.storage.recover(names)).toEqual({ finished: 0, left: 1 });
  });

  test("and leads nowhere is no group, nor is a folder that is gone or outside", async () => {
    using scene = new Scene();
    notBegun(scene, "a");
    const names = [scene.real("a"), ...["gone", "..", "../elsewhere"].map((name) => listOf(scene.real(name)))];
    await scene.coordinator.lock([...names, listOf(dirname(scene.real("a")))]);
    expect(await scene.storage.recover([...names, listOf(dirname(scene.real("a")))])).toEqual({ finished: 1, left: 0 });
  });
});

describe("what only looks like a journal keeps no other from being done before the start", () => {
  test.each<[string, (path: string) => void]>([
    ["a link to nowhere", (path) => symlinkSync("nowhere", path)],
    ["a link to itself", (path) => symlinkSync(path, path)],
    ["a folder", (path) => mkdirSync(path)],
    ["a file that is no list", (path) => writeFileSync(path, "7", { mode: 0o600 })],
  ])("%s", async (_what, make) => {
    using scene = new Scene();
    const forged = scene.at(".mini-http-0-1-1-0.redo");
    make(forged);
    lutimesSync(forged, LONG_AGO_S, LONG_AGO_S);
    const temporary = scene.temporary("1");
    const inode = scene.write(temporary, "new");
    scene.journal(".redo", [entryFor("a", { temporary, inode })]);
    expect((await scene.storage.recover([])).finished).toBe(1);
    rmSync(forged, { recursive: true });
    expect(scene.files).toEqual({ a: "new" });
  });
});
