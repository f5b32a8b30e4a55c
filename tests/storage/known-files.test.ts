// The files that are known against a slow, obvious model: a list in the order of use.

import { describe, expect, test } from "bun:test";
import { type KnownFile, KnownFiles } from "../../src/storage/known-files.ts";
import { Random } from "../fuzz/random.ts";

const STEPS = 2000;
const PATHS = 12;

/** The least recently used first. */
class Model {
  files: KnownFile[] = [];

  use(path: string, used: number): void {
    const file = this.files.find((each) => each.path === path);
    if (file !== undefined) this.put({ ...file, used });
  }

  put(file: KnownFile): void {
    this.forget(file.path);
    this.files.push(file);
  }

  forget(path: string): void {
    this.files = this.files.filter((each) => each.path !== path);
  }
}

/** Does the same to both, by chance. */
function change(random: Random, files: KnownFiles, model: Model, now: number): void {
  const path = `f${random.below(PATHS)}`;
  switch (random.below(4)) {
    case 0: {
      const file = { path, size: random.below(100), modified: now, tag: `"${now}"`, used: now };
      files.put({ ...file });
      return model.put(file);
    }
    case 1:
      files.forget(path);
      return model.forget(path);
    default:
      files.use(path, now);
      return model.use(path, now);
  }
}

/** Empties it: the order shows as they go. */
function drain(files: KnownFiles): KnownFile[] {
  const gone: KnownFile[] = [];
  for (let file = files.oldest(); file !== null; file = files.oldest()) {
    gone.push(file);
    files.forget(file.path);
  }
  return gone;
}

describe.each([1, 2, 3, 4, 5])("by chance (seed %d)", (seed) => {
  test("the oldest, the count and the bytes are right after each step, and the order at the end", () => {
    const [random, files, model] = [new Random(seed), new KnownFiles(), new Model()];
    for (let now = 1; now <= STEPS; now++) {
      change(random, files, model, now);
      expect(files.oldest()).toEqual(model.files[0] ?? null);
      expect(files.count).toBe(model.files.length);
      expect(files.bytes).toBe(model.files.reduce((sum, { size }) => sum + size, 0));
    }
    expect([...files.all()].map(({ path }) => path).sort()).toEqual(model.files.map(({ path }) => path).sort());
    expect(drain(files)).toEqual(model.files);
    expect([files.oldest(), files.count, files.bytes]).toEqual([null, 0, 0]);
  });

  test("a walk that sees each file sooner or later changes nothing of it", async () => {
    const [random, files, model] = [new Random(seed), new KnownFiles(), new Model()];
    let now = 1;
    for (let walk = 0; walk < 20; walk++) {
      files.beginWalk();
      const found: KnownFile[] = [];
      for (let at = 0; at < PATHS; at++) {
        for (let i = 0; i < 5; i++) change(random, files, model, now++);
        const there = model.files.find(({ path }) => path === `f${at}`);
        if (there !== undefined) found.push(files.same(there) ?? { ...there });
      }
      const merging = files.merge(found);
      for (let i = 0; i < 5; i++) change(random, files, model, now++);
      await merging;
    }
    expect(drain(files)).toEqual(model.files);
  });
});

test("who walks through all of them meets those that are put meanwhile, behind the others", () => {
  const files = new KnownFiles();
  const file = (path: string): KnownFile => ({ path, size: 1, modified: 0, tag: "", used: 0 });
  for (const path of ["a", "b", "c"]) files.put(file(path));
  const met: string[] = [];
  for (const { path } of files.all()) {
    met.push(path);
    if (path === "a") files.put(file("a"));
    if (path === "b") files.forget("c");
    if (met.length === 3) break;
  }
  expect(met).toEqual(["a", "b", "a"]);
});
