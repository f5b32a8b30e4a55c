import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ownerOf, temporaryName } from "../../src/storage/temporary-name.ts";
import { LocalCoordinator, NOTHING } from "../../src/storage/coordinator.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** What this process makes, as another one would have. */
const [, instance, pid, start] = /^\.mini-http-([^-]+)-([^-]+)-([^-]+)-/.exec(temporaryName())!;
const named = (owner: string): string => `.mini-http-${owner}-0123456789abcdef`;

describe("the owner of a temporary name", () => {
  const gone = Bun.spawnSync(["true"]).pid;
  const cases: [why: string, name: string, owner: ReturnType<typeof ownerOf>][] = [
    ["ours", temporaryName(), "alive"],
    ["a process that has ended", named(`${instance}-${gone}-${start}`), "gone"],
    ["a process id that was given to another process", named(`${instance}-${pid}-${Number(start) - 1}`), "gone"],
    ["a process elsewhere", named(`0${instance}-${pid}-${start}`), "unknown"],
    ["a name that only begins like ours", ".mini-http-notes.txt", "none"],
    ["an older form of the name", ".mini-http-123-1b4e28ba-2fa1-11d2-883f-0016d3cca427", "none"],
    ["any other name", "a.txt", "none"],
  ];
  test.each(cases)("%s", (_why, name, owner) => expect(ownerOf(name)).toBe(owner));

  test.skipIf(needs({ linux: true }).skip)("a process that has ended and is not waited for is gone", async () => {
    // The shell becomes `sleep`, which never asks for the end of its child.
    await using parent = Bun.spawn(["sh", "-c", "sleep 0.1 & echo $!; exec sleep 60"], { stdout: "pipe" });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
    while (stat()[0] !== "Z") await Bun.sleep(2);
    expect(ownerOf(named(`${instance}-${pid}-${stat()[19]}`))).toBe("gone");
    parent.kill();
  });

  test("no two are equal", () => {
    expect(new Set(Array.from({ length: 1000 }, temporaryName)).size).toBe(1000);
  });
});

const NO_LIMITS = { bytes: null, files: null, minFree: 0 };

function keeperOf(path: string): LocalStorage {
  return new LocalStorage(path, PLAIN_STORAGE, new LocalCoordinator(NO_LIMITS, async () => NOTHING));
}

test("a sweep removes what nobody will finish, and nothing else", async () => {
  using folder = tempFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at("sub"));
  const dead = named(`${instance}-${Bun.spawnSync(["true"]).pid}-${start}`);
  const foreign = named(`0${instance}-1-1`);
  const kept = ["a.txt", temporaryName(), ".mini-http-notes.txt", foreign + "b", `sub/x`];
  for (const name of [...kept, dead, `sub/${dead}`, foreign]) writeFileSync(at(name), "x");
  const old = (Date.now() - DAY_MS - 1000) / 1000;
  utimesSync(at(foreign), old, old);
  symlinkSync(at("a.txt"), at(`sub/${dead}2`));
  const storage = keeperOf(folder.path);
  // Two files, the folder, and five that look unfinished: only what this system's servers have in hand does not count.
  expect(await storage.measure()).toEqual({ bytes: 7, files: 8 });
  expect(await storage.sweep()).toBe(3);
  expect(await storage.measure()).toEqual({ bytes: 4, files: 5 });
  expect(readdirSync(folder.path).sort()).toEqual([...kept.slice(0, 4), "sub"].sort());
  expect(readdirSync(at("sub")).sort()).toEqual([dead + "2", "x"].sort());
});

test("a second server on the folder leaves the uploads of the first alone; the next one after a kill does not", async () => {
  using folder = tempFolder();
  const first = await RunningProgram.start(["--directory", folder.path]);
  const client = await RawClient.connect(first.port);
  await client.send("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha");
  while (readdirSync(folder.path).length === 0) await Bun.sleep(2);
  {
    await using second = await RunningProgram.start(["--directory", folder.path]);
    // Its sweep is over when it has had the time for a request; this one walks the same folder.
    await exchange(second.port, "GET /files/?simple HTTP/1.1\r\nHost: a\r\n\r\n");
    await Bun.sleep(50);
    expect(readdirSync(folder.path)).toHaveLength(1);
  }
  first.kill("SIGKILL");
  await first.exited;
  expect(readdirSync(folder.path)).toHaveLength(1);
  await using third = await RunningProgram.start(["--directory", folder.path]);
  await third.untilLog((log) => log.includes("Removed 1 unfinished upload"));
  expect(readdirSync(folder.path)).toEqual([]);
  client.close();
});

test("a read-only server removes nothing", async () => {
  using folder = tempFolder();
  const dead = named(`${instance}-${Bun.spawnSync(["true"]).pid}-${start}`);
  writeFileSync(join(folder.path, dead), "x");
  await using program = await RunningProgram.start(["--directory", folder.path, "--read-only"]);
  await exchange(program.port, "GET /files/?simple HTTP/1.1\r\nHost: a\r\n\r\n");
  await Bun.sleep(50);
  expect(readdirSync(folder.path)).toEqual([dead]);
});
