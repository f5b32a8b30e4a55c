// Forms that are refused in their middle while the system does not let them be taken back.

import { describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { JOURNAL_TOUCH_MS } from "../../src/storage/journal-format.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { FakeTime } from "../support/fake-time.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { read, store } from "./storage-contract.ts";

const NO_LIMITS = { bytes: null, files: null, minFree: 0 };
const OLD = { a: "old a", b: "old b" };
const FORM = { a: "new a", b: "new b", c: "new c" };

/** What the system refuses, by the names that it is told of. */
type Refuses = (from: string, to: string) => boolean;

/** Always: the form's last step, so that it has to be taken back. */
const lastStep: Refuses = (_from, to) => to.endsWith("/c");
/** Putting an older version back under its name. */
const putBack: Refuses = (from, to) => /\.mini-http-[^/]*$/.test(from) && /\/[ab]$/.test(to) && isOld(from);
/** Marking the journal as one that is to be taken back. */
const turning: Refuses = (_from, to) => to.endsWith(".undo");

function isOld(path: string): boolean {
  return readFileSync(path, "latin1").startsWith("old");
}

/** A folder with `a`, `b`, and a disk that fails now and then. */
class Scene {
  readonly storage: LocalStorage;
  readonly coordinator = new LocalCoordinator(NO_LIMITS, async () => NOTHING);
  readonly time = new FakeTime();
  readonly #folder = tempFolder();
  readonly #rename;
  refuses: readonly Refuses[] = [];
  /** What a step waits for, by the name that it gives. */
  waits: (to: string) => Promise<void> | null = () => null;

  constructor() {
    for (const [name, content] of Object.entries(OLD)) writeFileSync(this.at(name), content);
    this.storage = new LocalStorage(this.#folder.path, PLAIN_STORAGE, this.coordinator);
    const rename = FileCalls.prototype.rename;
    const refuse: Refuses = (from, to) => this.refuses.some((each) => each(from, to));
    const wait = (to: string): Promise<void> | null => this.waits(to);
    this.#rename = spyOn(FileCalls.prototype, "rename").mockImplementation(function (this: FileCalls, from, to) {
      if (refuse(from, to)) throw new SystemError("EIO", "the disk has failed");
      const waiting = wait(to);
      return waiting === null ? rename.call(this, from, to) : waiting.then(() => rename.call(this, from, to));
    });
  }

  at(name: string): string {
    return join(this.#folder.path, name);
  }

  get names(): readonly string[] {
    return readdirSync(this.#folder.path).sort();
  }

  get journal(): string | undefined {
    return this.names.find((name) => name.endsWith(".redo") || name.endsWith(".undo"));
  }

  contents(): Record<string, string> {
    return Object.fromEntries(this.names.map((name) => [name, readFileSync(this.at(name), "latin1")]));
  }

  /** Reads in the background; null until there is an answer. */
  reading(name: string): { text: string | null } {
    const seen: { text: string | null } = { text: null };
    void read(this.storage, name).then((text) => (seen.text = text));
    return seen;
  }

  [Symbol.dispose](): void {
    this.#rename.mockRestore();
    this.time[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

describe("a form that is refused, and cannot be taken back at once", () => {
  test.each<[what: string, refuses: readonly Refuses[]]>([
    ["since older versions cannot be put back", [lastStep, putBack]],
    ["since its journal cannot be marked either", [lastStep, putBack, turning]],
    ["since its journal cannot be marked, and the rest can", [lastStep, turning]],
  ])("is seen by nobody, and is as before in the end: %s", async (_what, refuses) => {
    using scene = new Scene();
    scene.refuses = refuses;
    expect(await scene.time.until(store(scene.storage, FORM))).toBe("failed");
    const seen = ["a", "b"].map((name) => scene.reading(name));
    await scene.time.pass(5000);
    for (const { text } of seen) expect([null, "old a", "old b"]).toContain(text);
    scene.refuses = [];
    await scene.time.untilTrue(() => seen.every(({ text }) => text !== null));
    expect(seen.map(({ text }) => text)).toEqual(Object.values(OLD));
    await scene.time.untilTrue(() => scene.journal === undefined);
    expect(scene.contents()).toEqual(OLD);
    expect(scene.coordinator.hasGroups).toBe(false);
  });

  test("keeps nobody waiting for more than a minute", async () => {
    using scene = new Scene();
    scene.refuses = [lastStep, putBack];
    expect(await scene.time.until(store(scene.storage, FORM))).toBe("failed");
    const seen = scene.reading("a");
    await scene.time.pass(58_000);
    expect(seen.text).toBeNull();
    await scene.time.untilTrue(() => seen.text !== null);
    expect(scene.coordinator.hasGroups).toBe(false);
    scene.refuses = [];
    await scene.time.untilTrue(() => scene.journal === undefined);
    expect(scene.contents()).toEqual(OLD);
  });

  test("takes nothing from an upload that came after that minute", async () => {
    using scene = new Scene();
    scene.refuses = [lastStep, putBack];
    expect(await scene.time.until(store(scene.storage, FORM))).toBe("failed");
    await scene.time.untilTrue(() => !scene.coordinator.hasGroups);
    expect(await scene.time.until(store(scene.storage, { a: "newer" }))).toHaveLength(1);
    scene.refuses = [];
    await scene.time.untilTrue(() => scene.journal === undefined);
    expect(scene.contents()).toEqual({ ...OLD, a: "newer" });
  });

  test("makes nobody wait where many others do already", async () => {
    using scene = new Scene();
    scene.refuses = [lastStep, putBack];
    for (let i = 0; i < 17; i++) {
      mkdirSync(scene.at(`d${i}`));
      writeFileSync(scene.at(`d${i}/a`), "old a");
      const files = { [`d${i}/a`]: "new a", [`d${i}/c`]: "new c" };
      expect(await scene.time.until(store(scene.storage, files))).toBe("failed");
    }
    const [first, last] = [scene.reading("d0/a"), scene.reading("d16/a")];
    await scene.time.untilTrue(() => last.text !== null);
    expect(first.text).toBeNull();
  });
});

describe("the journal of a group looks abandoned to nobody", () => {
  /** How old it seems to others. */
  const ageOf = (scene: Scene): number => Date.now() - statSync(scene.at(scene.journal ?? "")).mtimeMs;
  const staysYoung = async (scene: Scene): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      await scene.time.pass(JOURNAL_TOUCH_MS);
      await scene.time.untilTrue(() => ageOf(scene) <= JOURNAL_TOUCH_MS);
    }
  };

  test("while a step of the commit takes minutes", async () => {
    using scene = new Scene();
    const gate = Promise.withResolvers<void>();
    scene.waits = (to) => (to.endsWith("/b") ? gate.promise : null);
    const storing = store(scene.storage, FORM);
    await scene.time.untilTrue(() => scene.journal !== undefined);
    await staysYoung(scene);
    gate.resolve();
    expect(await scene.time.until(storing)).toHaveLength(3);
    expect(scene.contents()).toEqual(FORM);
  });

  test("while the group cannot be taken back", async () => {
    using scene = new Scene();
    scene.refuses = [lastStep, putBack];
    expect(await scene.time.until(store(scene.storage, FORM))).toBe("failed");
    await staysYoung(scene);
  });

  test.each<[what: string, refuses: readonly Refuses[], isStored: boolean]>([
    ["stored", [], true],
    ["refused", [lastStep], false],
  ])("and is not touched any more once it was %s", async (_what, refuses, isStored) => {
    using scene = new Scene();
    scene.refuses = refuses;
    expect(typeof (await scene.time.until(store(scene.storage, FORM))) === "object").toBe(isStored);
    using open = spyOn(FileCalls.prototype, "open");
    await scene.time.pass(3 * JOURNAL_TOUCH_MS);
    expect(open).not.toHaveBeenCalled();
  });
});
