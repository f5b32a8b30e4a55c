// A folder goes with all that is in it, whatever that is, and nothing else goes.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { removeFolder } from "../../src/process/folder-removal.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

let place: ReturnType<typeof tempFolder>;
let folder: string;

beforeEach(() => {
  place = tempFolder();
  folder = join(place.path, "folder");
  mkdirSync(folder);
  mkdirSync(join(place.path, "outside"));
  writeFileSync(join(place.path, "outside/file"), "stays");
});

afterEach(() => {
  expect(readdirSync(join(place.path, "outside"))).toEqual(["file"]);
  place[Symbol.dispose]();
});

/** Deeper than a path can be long: what was made goes down, level by level. */
function makeDeep(levels: number): void {
  const [level, above] = ["", ".above"].map((end) => `${folder}${end}`) as [string, string];
  writeFileSync(join(level, "file"), "");
  for (let i = 0; i < levels; i++) {
    renameSync(level, above);
    mkdirSync(level);
    writeFileSync(join(level, "file"), "");
    renameSync(above, join(level, "x".repeat(200)));
  }
}

/** One byte a char. */
function bytes(name: string): Buffer {
  return Buffer.concat([Buffer.from(folder + "/"), Buffer.from(name, "latin1")]);
}

const { skip: isElsewhere } = needs({ linux: true });

describe("removeFolder", () => {
  const contents: [what: string, make: () => void][] = [
    ["nothing", () => {}],
    [
      "files and folders",
      () => ["a/b", "a/c", "d"].forEach((path) => mkdirSync(join(folder, path), { recursive: true })),
    ],
    ["a link to a folder outside", () => symlinkSync("../outside", join(folder, "link"))],
    ["a link to a file outside", () => symlinkSync("../outside/file", join(folder, "link"))],
    [
      "a link to nothing, and one to itself",
      () => ["nothing", "b"].forEach((to, i) => symlinkSync(to, join(folder, "ab"[i]!))),
    ],
    ["a thousand files", () => Array.from({ length: 1000 }, (_, i) => writeFileSync(join(folder, String(i)), ""))],
  ];
  test.each(contents)("with %s in it", (_what, make) => {
    make();
    removeFolder(folder);
    expect(existsSync(folder)).toBeFalse();
  });
});

describe.skipIf(isElsewhere)("removeFolder on Linux", () => {
  test.each([15, 16, 17, 33, 300])("goes %d levels deep", (levels) => {
    makeDeep(levels);
    removeFolder(folder);
    expect(existsSync(folder)).toBeFalse();
  });

  test("of which there is none is a fault", () => {
    expect(() => removeFolder(join(place.path, "missing"))).toThrow("ENOENT");
  });

  test("that is a link is none, and where it leads all stays", () => {
    symlinkSync("outside", join(place.path, "link"));
    expect(() => removeFolder(join(place.path, "link"))).toThrow();
    unlinkSync(join(place.path, "link"));
  });

  test.each(["\xff", "\xe4\xfc", "a\xc3"])("knows names that are no UTF-8", (name) => {
    mkdirSync(bytes(name));
    writeFileSync(bytes(`${name}/${name}`), "");
    removeFolder(folder);
    expect(existsSync(folder)).toBeFalse();
  });
});

describe.skipIf(isElsewhere || needs({ ordinaryUser: true }).skip)("removeFolder of an ordinary user", () => {
  test.each([0o000, 0o100, 0o400, 0o500, 0o555])("gives itself the rights that a folder of mode %o lacks", (mode) => {
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/file"), "");
    for (const path of ["a/b", "a", ""]) chmodSync(join(folder, path), mode);
    removeFolder(folder);
    expect(existsSync(folder)).toBeFalse();
  });

  test("moves up also what may not be written", () => {
    makeDeep(40);
    let path = folder;
    for (let i = 0; i < 16; i++) path = join(path, "x".repeat(200));
    chmodSync(path, 0o500);
    removeFolder(folder);
    expect(existsSync(folder)).toBeFalse();
  });
});

describe.skipIf(needs({ linux: true, root: true, programs: ["mount", "umount"] }).skip)(
  "removeFolder around a mount",
  () => {
    test.each([1, 3, 20])("%d levels deep removes nothing of it, and all else", (levels) => {
      const way = join(folder, "a/".repeat(levels), "mount");
      mkdirSync(way, { recursive: true });
      writeFileSync(join(folder, "file"), "");
      expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", way]).exitCode).toBe(0);
      try {
        writeFileSync(join(way, "of somebody else"), "");
        expect(() => removeFolder(folder)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/EXDEV|EBUSY/) }),
        );
        expect(existsSync(join(folder, "file"))).toBeFalse();
        expect(readdirSync(mountsIn(folder)[0]!)).toEqual(["of somebody else"]);
      } finally {
        Bun.spawnSync(["umount", ...mountsIn(folder)]);
      }
      removeFolder(folder);
      expect(existsSync(folder)).toBeFalse();
    });
  },
);

/** A mount that is moved with the folders around it has another path. */
function mountsIn(path: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "latin1").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((target) => target.startsWith(path));
}
