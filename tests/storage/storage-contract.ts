// What handlers rely on, whatever storage is behind it. Each storage runs it on an empty folder of its own.

import { expect, test } from "bun:test";
import { UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { ObjectName, PLAIN_NAMES } from "../../src/storage/object-name.ts";
import type { Condition, Storage, Stored, Upload, WriteFault, WritePlan } from "../../src/storage/storage.ts";

/** A storage of its own for one test; disposed of after it. */
export interface ContractStorage extends AsyncDisposable {
  readonly storage: Storage;
}

const CLIENT = { hasLeft: false };

export function nameOf(path: string): ObjectName {
  const name = path === "" ? ObjectName.ROOT : ObjectName.parse(path, PLAIN_NAMES);
  if (!(name instanceof ObjectName)) throw new Error(`the test's name is none: ${path}`);
  return name;
}

export function planFor(path: string, content: string | null, more: Partial<WritePlan> = {}): WritePlan {
  const length = content === null ? UNKNOWN_LENGTH : Buffer.byteLength(content);
  return { name: nameOf(path), length, onExisting: "replace", condition: null, ...more };
}

/** Stages the files, and commits unless one is refused. */
export function store(
  storage: Storage,
  files: Readonly<Record<string, string>>,
  more: Partial<WritePlan> = {},
): Promise<readonly Stored[] | WriteFault> {
  return storeAll(storage, Object.entries(files), more);
}

/** The same where a name may come twice. */
async function storeAll(
  storage: Storage,
  files: readonly (readonly [path: string, content: string])[],
  more: Partial<WritePlan> = {},
): Promise<readonly Stored[] | WriteFault> {
  const upload = storage.upload(CLIENT);
  try {
    for (const [path, content] of files) {
      const fault = await stage(upload, planFor(path, content, more), content);
      if (fault !== null) return fault;
    }
    return await upload.commit();
  } finally {
    await upload.abort();
  }
}

async function stage(upload: Upload, plan: WritePlan, content: string): Promise<WriteFault | null> {
  const fault = await upload.add(plan);
  if (fault !== null) return fault;
  // In two pieces, so that what is written is put together.
  const bytes = Buffer.from(content);
  for (const piece of [bytes.subarray(0, 1), bytes.subarray(1)]) {
    const refused = piece.length === 0 ? null : await upload.write(Uint8Array.from(piece));
    if (refused !== null) return refused;
  }
  return upload.finish();
}

/** The content as readers get it; the fault where there is none. */
export async function read(storage: Storage, path: string): Promise<string> {
  const file = await storage.open(nameOf(path), CLIENT);
  if (typeof file === "string") return `(${file})`;
  try {
    const source = file.range(0, file.size);
    let text = "";
    for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) text += Buffer.from(chunk);
    source.close();
    return text;
  } finally {
    file.close();
  }
}

export async function namesIn(storage: Storage, path: string): Promise<readonly string[] | string> {
  const listing = await storage.list(nameOf(path), CLIENT);
  if (typeof listing === "string") return `(${listing})`;
  const names = Array.from({ length: listing.length }, (_, i) => listing.at(i).name);
  listing.close();
  return names.sort();
}

const onlyNew: Condition = (now) => now === null;
const never: Condition = () => false;

/** Runs the contract. */
export function runStorageContract(make: () => Promise<ContractStorage>): void {
  test("what was stored is read back, with the tag that was told", async () => {
    await using made = await make();
    const { storage } = made;
    const stored = await store(storage, { "a/b/c.txt": "content" });
    expect(stored).toMatchObject([{ isNew: true }]);
    expect(await read(storage, "a/b/c.txt")).toBe("content");
    const entry = await storage.stat(nameOf("a/b/c.txt"), CLIENT);
    expect(entry).toMatchObject({ type: "file", size: 7, etag: (stored as readonly Stored[])[0]!.etag });
    expect(await namesIn(storage, "a")).toEqual(["b"]);
  });

  test("nothing is there before the commit, and nothing after an abort", async () => {
    await using made = await make();
    const { storage } = made;
    const upload = storage.upload(CLIENT);
    expect(await stage(upload, planFor("new/a", "x"), "x")).toBeNull();
    expect(await read(storage, "new/a")).toBe("(missing)");
    expect(await namesIn(storage, "")).toEqual([]);
    await upload.abort();
    expect(await namesIn(storage, "")).toEqual([]);
    expect(await storage.measure()).toEqual({ bytes: 0, files: 0 });
  });

  test("a replaced version is gone, and no two share a tag", async () => {
    await using made = await make();
    const { storage } = made;
    const tags = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const stored = await store(storage, { a: `version ${i}` });
      tags.add((stored as readonly Stored[])[0]!.etag);
      expect(stored).toMatchObject([{ isNew: i === 0 }]);
    }
    expect(tags.size).toBe(10);
    expect(await read(storage, "a")).toBe("version 9");
  });

  test.each(["rename", "conceal"] as const)(
    "two files of one name in one upload are both stored: %s",
    async (onExisting) => {
      await using made = await make();
      const { storage } = made;
      const upload = storage.upload(CLIENT);
      for (const content of ["one", "two"]) {
        expect(await stage(upload, { ...planFor("image.jpg", content), onExisting }, content)).toBeNull();
      }
      const names = [{ name: { path: "image.jpg" } }, { name: { path: "image (1).jpg" } }];
      expect(await upload.commit()).toMatchObject(names);
      expect(await read(storage, "image.jpg")).toBe("one");
      expect(await read(storage, "image (1).jpg")).toBe("two");
    },
  );

  const plans: [why: string, more: Partial<WritePlan>, path: string, result: string | readonly object[]][] = [
    ["refuse what is there", { onExisting: "refuse" }, "there", "exists"],
    ["refuse nothing", { onExisting: "refuse" }, "new", [{ isNew: true }]],
    ["rename what is there", { onExisting: "rename" }, "there", [{ isNew: true, name: { path: "there (1)" } }]],
    ["rename where a folder is", { onExisting: "rename" }, "folder", [{ isNew: true, name: { path: "folder (1)" } }]],
    ["a condition that fails", { condition: never }, "new", "precondition"],
    ["only if nothing is there, and something is", { condition: onlyNew }, "there", "precondition"],
    ["only if nothing is there, and nothing is", { condition: onlyNew }, "new", [{ isNew: true }]],
    ["a folder's name", {}, "folder", "is-directory"],
    ["a way through a file", {}, "there/x", "not-a-directory"],
    ["a way through a file, deep", {}, "there/x/y/z", "not-a-directory"],
  ];
  test.each(plans)("a plan: %s", async (_why, more, path, result) => {
    await using made = await make();
    const { storage } = made;
    await store(storage, { there: "old", "folder/x": "x" });
    const stored = await store(storage, { [path]: "new" }, more);
    if (typeof result === "string") expect(stored).toBe(result as WriteFault);
    else expect(stored).toMatchObject(result as object[]);
    expect(await read(storage, "there")).toBe("old");
    expect(await storage.measure()).toMatchObject({ files: typeof result === "string" ? 3 : 4 });
  });

  test("a group is there as a whole", async () => {
    await using made = await make();
    const { storage } = made;
    await store(storage, { b: "old" });
    expect(await store(storage, { a: "1", b: "2", "new/deep/c": "3" })).toHaveLength(3);
    expect(await Promise.all(["a", "b", "new/deep/c"].map((path) => read(storage, path)))).toEqual(["1", "2", "3"]);
    expect(await storage.measure()).toEqual({ bytes: 3, files: 5 });
  });

  const torn: [why: string, group: readonly (readonly [path: string, content: string])[], fault: WriteFault][] = [
    [
      "a folder's name last",
      [
        ["a", "1"],
        ["b", "2"],
        ["new/c", "3"],
        ["folder", "4"],
      ],
      "is-directory",
    ],
    [
      "a way through one of its own",
      [
        ["a", "1"],
        ["a/b", "2"],
      ],
      "not-a-directory",
    ],
    [
      "one name twice",
      [
        ["b", "1"],
        ["a", "2"],
        ["b", "3"],
      ],
      "twice",
    ],
    [
      "one name twice in a folder that is to be made",
      [
        ["new/b", "1"],
        ["new/b", "3"],
      ],
      "twice",
    ],
  ];
  test.each(torn)("a group is not there at all: %s", async (_why, group, fault) => {
    await using made = await make();
    const { storage } = made;
    await store(storage, { b: "old", "folder/x": "x" });
    expect(await storeAll(storage, group)).toBe(fault);
    expect(await read(storage, "b")).toBe("old");
    expect(await namesIn(storage, "")).toEqual(["b", "folder"]);
    expect(await storage.measure()).toMatchObject({ files: 3 });
  });

  test("of many who create one name one succeeds", async () => {
    await using made = await make();
    const { storage } = made;
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => store(storage, { "in/x": `${i}` }, { condition: onlyNew })),
    );
    const winners = results.filter((result) => typeof result !== "string");
    expect(winners).toHaveLength(1);
    expect(results.filter((result) => result === "precondition")).toHaveLength(49);
  });

  test("of many groups on the same names each is whole in its turn", async () => {
    await using made = await make();
    const { storage } = made;
    const groupOf = (i: number): Record<string, string> => ({ a: `${i}`, "sub/b": `${i}`, "sub/c": `${i}` });
    const seen: string[] = [];
    let isOver = false;
    const watch = async (): Promise<void> => {
      while (!isOver) {
        const first = await read(storage, "a");
        const last = await read(storage, "sub/c");
        // The second was read later: it is of the same group, or of one that came after.
        if (first.startsWith("(") ? false : last.startsWith("(")) seen.push(`${first} ${last}`);
        await Bun.sleep(0);
      }
    };
    const watching = watch();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store(storage, groupOf(i))));
    isOver = true;
    await watching;
    expect(seen).toEqual([]);
    const left = await Promise.all(["a", "sub/b", "sub/c"].map((path) => read(storage, path)));
    expect(new Set(left).size).toBe(1);
    expect(await storage.measure()).toMatchObject({ files: 4 });
  });

  test("removal: what is there, what is not, folders with and without content, a condition", async () => {
    await using made = await make();
    const { storage } = made;
    const remove = (path: string, condition: Condition | null = null, isFolder = false): Promise<WriteFault | null> =>
      storage.remove({ name: nameOf(path), condition, isFolder }, CLIENT);
    await store(storage, { a: "x", "folder/b": "y" });
    expect(await remove("a", never)).toBe("precondition");
    expect(await remove("a", null, true)).toBe("missing");
    expect(await remove("folder")).toBe("not-empty");
    expect(await remove("none")).toBe("missing");
    expect(await remove("none/none")).toBe("missing");
    expect(await remove("")).toBe("not-allowed");
    expect(await remove("a")).toBeNull();
    expect(await read(storage, "a")).toBe("(missing)");
    expect(await remove("folder/b")).toBeNull();
    expect(await remove("folder", never, true)).toBe("precondition");
    expect(await remove("folder", null, true)).toBeNull();
    expect(await namesIn(storage, "")).toEqual([]);
    expect(await storage.measure()).toEqual({ bytes: 0, files: 0 });
  });

  test("a folder is made once, in a folder that is there", async () => {
    await using made = await make();
    const { storage } = made;
    const create = (path: string, condition: Condition | null = null): Promise<WriteFault | null> =>
      storage.makeFolder(nameOf(path), condition, CLIENT);
    expect(await create("a/b")).toBe("no-parent");
    const results = await Promise.all(Array.from({ length: 5 }, () => create("a")));
    expect(results.sort()).toEqual(["exists", "exists", "exists", "exists", null]);
    expect(await create("a", onlyNew)).toBe("precondition");
    expect(await create("a/b", onlyNew)).toBeNull();
    expect(await create("")).toBe("exists");
    await store(storage, { file: "x" });
    expect(await create("file")).toBe("exists");
    expect(await create("file/c")).toBe("not-a-directory");
    expect(await create("x".repeat(256))).toBe("bad-name");
    expect(await namesIn(storage, "a")).toEqual(["b"]);
    expect(await storage.measure()).toEqual({ bytes: 1, files: 3 });
  });

  test("a version is unchanged until it is", async () => {
    await using made = await make();
    const { storage } = made;
    await store(storage, { a: "x" });
    // Younger versions could be followed by one that looks the same.
    await Bun.sleep(2100);
    const file = await storage.open(nameOf("a"), CLIENT);
    if (typeof file === "string" || file.version === null) throw new Error("there is no version");
    expect(Buffer.from((await file.content(10)) ?? []).toString()).toBe("x");
    expect(await storage.isUnchanged(file.version, CLIENT)).toBe(true);
    file.close();
    await store(storage, { a: "y" });
    expect(await storage.isUnchanged(file.version, CLIENT)).toBe(false);
  });
}
