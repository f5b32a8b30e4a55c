// Programs that read a folder's list and fetch what it names.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { needs } from "../support/needs.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NAMES = ["#x.txt", "100%.txt", "it's.txt", "plain.txt", "q?.txt", "é.txt", "sub dir/in:side.txt"];
const outer = tempFolder();
const served = join(outer.path, "served");
mkdirSync(join(served, "sub dir"), { recursive: true });
for (const name of NAMES) writeFileSync(join(served, name), name);
const started: StartedServer = startServer(application(served));
const address = `http://localhost:${started.port}/files/`;

afterAll(async () => {
  await started.stop();
  outer[Symbol.dispose]();
});

/** What a program writes, having come to its end well. */
async function run(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd: outer.path, stdout: "pipe", stderr: "ignore" });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  expect(code).toBe(0);
  return text;
}

describe.skipIf(needs({ suite: "clients", programs: ["wget"] }).skip)("wget -r", () => {
  test("fetches each file once, and no list in another order", async () => {
    const before = started.observer.records.length;
    await run("wget", "-q", "-r", "-np", "-nH", "-e", "robots=off", "-P", "fetched", address);
    const asked = started.observer.records.slice(before).map(({ target }) => target);
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
    expect(asked.filter((target) => target.includes("?"))).toEqual([]);
    for (const name of NAMES) expect(readFileSync(join(outer.path, "fetched/files", name), "utf8")).toBe(name);
    const fetched = readdirSync(join(outer.path, "fetched/files"), { recursive: true, encoding: "utf8" });
    expect(fetched.toSorted()).toEqual([...NAMES, "index.html", "sub dir", "sub dir/index.html"].toSorted());
  });
});

describe.skipIf(needs({ suite: "clients", programs: ["rclone"] }).skip)("rclone", () => {
  test("lists each name", async () => {
    const listed = await run("rclone", "lsf", "-R", "--files-only", "--http-url", address, ":http:");
    expect(listed.split("\n").filter(Boolean).toSorted()).toEqual(NAMES.toSorted());
  });
});

describe.skipIf(needs({ suite: "clients", programs: ["w3m"] }).skip)("w3m", () => {
  test("shows the list, and nothing that needs a script", async () => {
    const shown = await run("w3m", "-dump", "-cols", "120", address);
    for (const name of NAMES.filter((each) => !each.includes("/"))) expect(shown).toContain(name);
    expect(shown).not.toMatch(/Drop|Cancel|Replace|Skip all|Show all|Try again/);
  });
});
