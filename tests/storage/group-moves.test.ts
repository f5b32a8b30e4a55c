// A folder is moved while the files of a form become visible in it. Their journal says where they are: until it is gone
// they stay there, so that whoever finishes the group finds them.

import { describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { LocalStorage, type LocalStorageSettings } from "../../src/storage/local-storage.ts";
import type { Moved, Upload, WriteFault } from "../../src/storage/storage.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { nameOf, planFor } from "./storage-contract.ts";

const CLIENT = { hasLeft: false };
const SETTINGS: LocalStorageSettings = { ...PLAIN_STORAGE, maxOpenFiles: 1000 };
/** More turns of the event loop than a move takes that need not wait. */
const MANY_TURNS = 100;
const renameReally = FileCalls.prototype.rename;

class Place implements Disposable {
  readonly storage: LocalStorage;
  readonly #folder = tempFolder();

  constructor() {
    mkdirSync(this.at("a/b"), { recursive: true });
    mkdirSync(this.at("other"));
    symlinkSync("a", this.at("way"));
    symlinkSync("way/b", this.at("long-way"));
    writeFileSync(this.at("a/b/old"), "old");
    const coordinator = new LocalCoordinator({ bytes: null, files: null, minFree: 0 }, async () => NOTHING);
    this.storage = new LocalStorage(this.#folder.path, SETTINGS, coordinator);
  }

  at(path: string): string {
    return join(this.#folder.path, path);
  }

  move(from: string, to: string): Promise<Moved | WriteFault> {
    const names = { from: nameOf(from), to: nameOf(to), isFolder: false, condition: null };
    return this.storage.move({ ...names, mayCreate: true, mayReplace: false }, CLIENT);
  }

  /** A group that is ready to become visible. */
  async stage(...paths: readonly string[]): Promise<Upload> {
    const upload = this.storage.upload(CLIENT);
    for (const path of paths) {
      expect(await upload.add(planFor(path, null))).toBeNull();
      await upload.write(Buffer.from("new"));
      expect(await upload.finish()).toBeNull();
    }
    return upload;
  }

  get names(): readonly string[] {
    return readdirSync(this.#folder.path, { recursive: true, encoding: "utf8" }).toSorted();
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < MANY_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Acts when the first file of a group has its name and the next one has not. */
function inTheMiddle(act: () => Promise<void>): Disposable {
  let count = 0;
  return spyOn(FileCalls.prototype, "rename").mockImplementation(async function (this: FileCalls, from, to) {
    const isStep = from.includes(".mini-http-") && !to.includes(".mini-http-");
    if (isStep && (count += 1) === 2) await act();
    return renameReally.call(this, from, to);
  });
}

describe("in the middle of a group", () => {
  test.each([
    ["the folder that it comes to", "a/b", "c", ["a/b/old", "a/b/one"], ["c/old", "c/one"]],
    ["the folder above", "a", "c", ["a/b/old", "a/b/one"], ["c/b/old", "c/b/one"]],
    ["the folder above, where one is made", "a", "c", ["a/b/new/one", "a/b/two"], ["c/b/new/one", "c/b/two"]],
    ["a link to the folder above", "way", "c", ["way/b/one", "way/b/two"], ["a/b/one", "a/b/two"]],
    ["a link to the folder, by a link", "long-way", "c", ["long-way/one", "long-way/two"], ["a/b/one", "a/b/two"]],
    ["a link that another leads through", "way", "c", ["long-way/one", "long-way/two"], ["a/b/one", "a/b/two"]],
  ])("%s stays until its end", async (_what, from, to, files, there) => {
    using place = new Place();
    const upload = await place.stage(...files);
    let moving: Promise<Moved | WriteFault> | null = null;
    const seen: boolean[] = [];
    using _watch = inTheMiddle(async () => {
      moving = place.move(from, to);
      await turns();
      // A link that leads nowhere is there, too.
      seen.push(place.names.includes(from), place.names.includes(to));
    });
    expect(await upload.commit()).toHaveLength(files.length);
    expect(seen).toEqual([true, false]);
    expect(await moving).toMatchObject({ isNew: true });
    expect(place.names).toEqual(expect.arrayContaining(there));
    expect(place.names.filter((name) => name.includes(".mini-http-"))).toEqual([]);
  });

  test.each([
    ["a folder beside it", "other", "c"],
    ["a folder below it", "a/b/deep", "a/b/c"],
    ["a link to a folder beside it", "aside", "c"],
  ])("%s is moved", async (_what, from, to) => {
    using place = new Place();
    mkdirSync(place.at("a/b/deep"));
    symlinkSync("other", place.at("aside"));
    const upload = await place.stage("a/b/one", "a/b/two");
    using _watch = inTheMiddle(async () => expect(await place.move(from, to)).toMatchObject({ isNew: true }));
    expect(await upload.commit()).toHaveLength(2);
  });

  test("another group that comes to the same folder above goes on", async () => {
    using place = new Place();
    const [one, two] = [await place.stage("a/b/one", "a/b/two"), await place.stage("a/x", "a/y")];
    using _watch = inTheMiddle(async () => expect(await two.commit()).toHaveLength(2));
    expect(await one.commit()).toHaveLength(2);
  });
});

describe("a folder that was moved before its group", () => {
  // Without a look at all of them first, some files would have their names when the last one is not found.
  test.each([
    ["that is there", "a/b/new-file"],
    ["that is to be made", "a/new/file"],
    ["that is to be made deeper", "a/b/new/deep/file"],
  ])("leaves all as it was for a folder %s", async (_what, last) => {
    using place = new Place();
    const upload = await place.stage("first", "other/second", last);
    renameSync(place.at("a"), place.at("c"));
    let steps = 0;
    using _watch = inTheMiddle(async () => void (steps += 1));
    expect(await upload.commit()).toBe("moved");
    expect(steps).toBe(0);
    expect(place.names).toEqual(["c", "c/b", "c/b/old", "long-way", "other", "way"]);
  });
});
