// The archives of a release: the same files give the same bytes, and other programs can read them.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ArchiveEntry, tarGz, zip } from "../../.ci/archive.ts";
import { billOfMaterials, checksums } from "../../.ci/release-papers.ts";
import manifest from "../../package.json" with { type: "json" };
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SECONDS = 1_795_000_000;
const entries: ArchiveEntry[] = [
  { name: "LICENSE", bytes: Buffer.from("free"), executable: false },
  { name: "mini-http", bytes: Buffer.alloc(100_000, "program"), executable: true },
];

const has = (program: string): boolean => Bun.which(program) !== null;

describe("the same files give the same bytes", () => {
  test.each([
    ["tar.gz", tarGz],
    ["zip", zip],
  ] as const)("%s", (_name, pack) => {
    expect(Buffer.compare(pack("x", entries, SECONDS), pack("x", entries, SECONDS))).toBe(0);
    expect(Buffer.compare(pack("x", entries, SECONDS), pack("x", entries, SECONDS + 2))).not.toBe(0);
  });
});

describe("other programs read the archives", () => {
  test.skipIf(needs({ programs: ["tar"] }).skip)("tar unpacks names, content, modes and times", () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "a.tar.gz"), tarGz("mini-http-1", entries, SECONDS));
    expect(Bun.spawnSync(["tar", "-xzf", "a.tar.gz"], { cwd: folder.path }).exitCode).toBe(0);
    expectUnpacked(join(folder.path, "mini-http-1"));
    expect(statSync(join(folder.path, "mini-http-1/LICENSE")).mtimeMs).toBe(SECONDS * 1000);
  });

  test.skipIf(needs({ programs: ["python3"] }).skip)("Python's zipfile finds every byte and sum right", () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "a.zip"), zip("mini-http-1", entries, SECONDS));
    const script = "import zipfile; z=zipfile.ZipFile('a.zip'); assert z.testzip() is None; z.extractall()";
    expect(Bun.spawnSync(["python3", "-c", script], { cwd: folder.path }).exitCode).toBe(0);
    expect(readFileSync(join(folder.path, "mini-http-1/mini-http"))).toEqual(Buffer.from(entries[1]!.bytes));
  });

  function expectUnpacked(folder: string): void {
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe("free");
    expect(readFileSync(join(folder, "mini-http"))).toEqual(Buffer.from(entries[1]!.bytes));
    expect([statSync(join(folder, "LICENSE")).mode & 0o777, statSync(join(folder, "mini-http")).mode & 0o777]).toEqual([
      0o644, 0o755,
    ]);
  }
});

test("the sums are those that sha256sum checks", () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "out"));
  for (const name of ["b.zip", "a.tar.gz"]) writeFileSync(join(folder.path, "out", name), name);
  const sums = checksums(join(folder.path, "out"));
  expect(sums.split("\n").map((line) => line.slice(66))).toEqual(["a.tar.gz", "b.zip", ""]);
  if (!has("sha256sum")) return;
  const check = Bun.spawnSync(["sha256sum", "-c", "-"], { cwd: join(folder.path, "out"), stdin: Buffer.from(sums) });
  expect(check.exitCode).toBe(0);
});

test("the list of parts names this version, its commit and the Bun inside, the same each time", () => {
  const bill = JSON.stringify(billOfMaterials("0123abc", SECONDS));
  expect(bill).toBe(JSON.stringify(billOfMaterials("0123abc", SECONDS)));
  expect(bill).toContain(`"purl":"pkg:npm/mini-http@${manifest.version}"`);
  expect(bill).toContain(`"purl":"pkg:npm/${manifest.packageManager}"`);
  expect(bill).toContain("0123abc");
});

describe("one version everywhere", () => {
  const root = resolve(import.meta.dir, "../..");
  const readme = readFileSync(join(root, "README.md"), "utf8");

  test("README names no other Bun, and no other version of this program", () => {
    expect(new Set(readme.match(/\bbun@[0-9][0-9.]*[0-9]/g))).toEqual(new Set([manifest.packageManager]));
    for (const [, version] of readme.matchAll(/mini-http-(\d+\.\d+\.\d+)/g)) expect(version).toBe(manifest.version);
  });

  test("a tag on this commit is this version's", () => {
    const tags = Bun.spawnSync(["git", "tag", "--points-at", "HEAD"], { cwd: root }).stdout.toString();
    for (const tag of tags.split("\n").filter((name) => /^v\d/.test(name))) expect(tag).toBe(`v${manifest.version}`);
  });
});
