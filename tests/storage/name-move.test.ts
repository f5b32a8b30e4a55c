// The steps of a move, where the system refuses one of them.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallQueue } from "../../src/storage/call-queue.ts";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { moveName } from "../../src/storage/name-move.ts";
import { ObjectName, PLAIN_NAMES } from "../../src/storage/object-name.ts";
import { Pace } from "../../src/storage/pace.ts";
import { ServedRoot } from "../../src/storage/served-root.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { tempFolder } from "../support/temp-folder.ts";

const pace = new Pace(() => "");

/** Of a folder whose names the system lets nobody take away, as of one that is sticky or that may only be read. */
class KeepingCalls extends FileCalls {
  readonly #code: string;

  constructor(code: string) {
    super(pace, new CallQueue(2), { hasLeft: false });
    this.#code = code;
  }

  override unlink(path: string): ReturnType<FileCalls["unlink"]> {
    if (path.endsWith("/file")) throw new SystemError(this.#code, path);
    return super.unlink(path);
  }
}

function nameOf(path: string): ObjectName {
  const name = ObjectName.parse(path, PLAIN_NAMES);
  if (!(name instanceof ObjectName)) throw new Error(name);
  return name;
}

describe("a name that cannot be taken away stays the only one", () => {
  test.each([
    ["EACCES", "new", "not-allowed"],
    ["EPERM", "to/new", "not-allowed"],
    ["EIO", "to/new", "failed"],
  ] as const)("%s", async (code, goal, fault) => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "to"));
    writeFileSync(join(folder.path, "file"), "file");
    const root = new ServedRoot(folder.path, { rules: PLAIN_NAMES, followsLinks: false }, 100, pace);
    const limits = { bytes: null, files: null, minFree: 0 };
    const coordinator = new LocalCoordinator(limits, () => Promise.resolve(NOTHING));
    const house = { root, coordinator, settings: { fsync: false } };
    const names = { from: nameOf("file"), to: nameOf(goal), isFolder: false };
    const move = { ...names, condition: null, mayCreate: true, mayReplace: false };
    expect(await moveName(house, new KeepingCalls(code), move)).toBe(fault);
    expect(existsSync(join(folder.path, "file"))).toBe(true);
    expect(existsSync(join(folder.path, goal))).toBe(false);
  });
});
