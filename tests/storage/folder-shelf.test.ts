import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { CallQueue } from "../../src/storage/call-queue.ts";
import { DescriptorBudget } from "../../src/storage/descriptor-budget.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { FolderShelf } from "../../src/storage/folder-shelf.ts";
import { type Folder, openFollowing } from "../../src/storage/folder.ts";
import { Pace } from "../../src/storage/pace.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MOST = 10;
const calls = new FileCalls(new Pace(() => ""), new CallQueue(2), { hasLeft: false });

/** Folders that are open: all of them, if the budget is right. */
class House implements Disposable {
  readonly budget = new DescriptorBudget(MOST);
  readonly #outer = tempFolder();

  at(name: string): string {
    return join(this.#outer.path, name);
  }

  async open(name: string): Promise<Folder> {
    mkdirSync(this.at(name), { recursive: true });
    this.budget.takeOrThrow();
    return openFollowing(calls, this.at(name), this.budget);
  }

  get openFolders(): number {
    let free = 0;
    while (this.budget.take()) free += 1;
    for (let i = 0; i < free; i++) this.budget.giveBack();
    return MOST - free;
  }

  [Symbol.dispose](): void {
    this.#outer[Symbol.dispose]();
  }
}

describe("the shelf of folders", () => {
  test("keeps a folder open until the last who held it puts it back", async () => {
    using house = new House();
    const shelf = new FolderShelf(5);
    const folder = await house.open("a");
    const [one, other] = [shelf.hold(folder)!, shelf.hold(folder)!];
    expect(other).toBe(one);
    folder.close();
    shelf.putBack(one);
    expect([house.openFolders, one.folder.isInPlace]).toEqual([1, true]);
    shelf.putBack(other);
    expect(house.openFolders).toBe(0);
  });

  test("has one for all who come with the same folder, and closes none that is theirs", async () => {
    using house = new House();
    const shelf = new FolderShelf(5);
    const [first, second] = [await house.open("a"), await house.open("a")];
    const held = shelf.hold(first)!;
    expect(shelf.hold(second)).toBe(held);
    expect(held.folder).toBe(first);
    second.close();
    first.close();
    shelf.putBack(held);
    expect(house.openFolders).toBe(1);
    shelf.putBack(held);
    expect(house.openFolders).toBe(0);
  });

  test("does not take a folder for the one that was moved away from its path", async () => {
    using house = new House();
    const shelf = new FolderShelf(5);
    const moved = await house.open("a");
    const held = shelf.hold(moved)!;
    renameSync(house.at("a"), house.at("b"));
    const next = await house.open("a");
    const newly = shelf.hold(next)!;
    expect(newly).not.toBe(held);
    expect([held.folder.isInPlace, newly.folder.isInPlace]).toEqual([false, true]);
    for (const folder of [moved, next]) folder.close();
    for (const each of [held, newly]) shelf.putBack(each);
    expect(house.openFolders).toBe(0);
  });

  test("is bounded: past its size a folder is not kept, until one is put back", async () => {
    using house = new House();
    const shelf = new FolderShelf(2);
    const folders = [await house.open("a"), await house.open("b"), await house.open("c")] as const;
    const [a, b] = [shelf.hold(folders[0])!, shelf.hold(folders[1])!];
    expect(shelf.hold(folders[2])).toBeNull();
    // What is there already takes no room.
    expect(shelf.hold(folders[0])).toBe(a);
    shelf.putBack(b);
    expect(shelf.hold(folders[2])).not.toBeNull();
    folders[2].close();
    expect(house.openFolders).toBe(3);
  });

  test("of no size keeps nothing", async () => {
    using house = new House();
    const folder = await house.open("a");
    expect(new FolderShelf(0).hold(folder)).toBeNull();
    folder.close();
    expect(house.openFolders).toBe(0);
  });
});
