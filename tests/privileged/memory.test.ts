// What any client may ask for, on a server that may have 256 MiB: it stays alive, and others are answered meanwhile. How
// long they waited is printed; only the seconds of a fault are asserted.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { FORM, form, type FormFile } from "../support/upload-requests.ts";
import { Ground, pathsBelow } from "./ground.ts";
import { waitsDuring } from "./waits.ts";

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";
const IS_V2 = existsSync(join(V2, "cgroup.subtree_control"));
const { skip } = needs({
  suite: "privileged",
  linux: true,
  root: true,
  programs: ["sh"],
  paths: [IS_V2 ? V2 : V1],
});

const MIB = 1024 * 1024;
const LIMIT_BYTES = 256 * MIB;
const LONGEST_WAIT_MS = 1000;
const PATIENCE_MS = 90_000;
const FILES = 1000;
const LARGE_FOLDER = 10_000;
const HALF_WAY_MS = 50;

/** A cgroup with the limit; what runs under `under` is in it. */
class MemoryLimit implements Disposable {
  readonly #path = join(IS_V2 ? V2 : V1, `mini-http-test-${process.pid}-${crypto.randomUUID().slice(0, 8)}`);

  constructor() {
    mkdirSync(this.#path);
    writeFileSync(join(this.#path, IS_V2 ? "memory.max" : "memory.limit_in_bytes"), String(LIMIT_BYTES));
  }

  get under(): readonly string[] {
    return ["sh", "-c", 'echo $$ > "$0"/cgroup.procs; exec "$@"', this.#path];
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#path);
  }
}

/** In MiB. */
function peakOf(program: RunningProgram): number {
  const status = readFileSync(`/proc/${program.pid}/status`, "latin1");
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

const names = (count: number, name: (i: number) => string): FormFile[] =>
  Array.from({ length: count }, (_, i): FormFile => [name(i), "x"]);
const deep = (i: number, depth: number): string => `${i}/` + "d/".repeat(depth - 1);
const replacing = names(FILES, (i) => `f${i}`);

const FORMS: readonly [what: string, files: readonly FormFile[], flags: readonly string[]][] = [
  ["999 files in 127 new folders each", names(999, (i) => deep(i, 127) + "f"), []],
  ["200 files in 127 new folders each, under a quota", names(200, (i) => deep(i, 127) + "f"), ["--max-files", "1300"]],
  ["1,000 new files", names(FILES, (i) => `new${i}`), []],
  ["1,000 files that are replaced", replacing, []],
  ["1,000 files of which the last is a folder", [...replacing.slice(1), ["folder", "x"]], []],
  ["1,000 files of one name that are renamed", names(FILES, () => "one"), ["--on-duplicate", "rename"]],
];

const UNREAD_CLIENTS = join(import.meta.dir, "unread-clients.ts");

async function several(port: number, count: number, raw: string): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));
  // What they cannot send is not waited for.
  for (const client of clients) void client.send(raw);
  return clients;
}

describe.skipIf(skip)("in 256 MiB", () => {
  /** Runs the work; the server is alive, and nobody waited for seconds. */
  async function expectAlive(
    what: string,
    ground: Ground,
    flags: readonly string[],
    work: (port: number) => Promise<unknown>,
  ): Promise<void> {
    using limit = new MemoryLimit();
    await using program = await RunningProgram.start(["--directory", ground.served, ...flags], { under: limit.under });
    const waits = await waitsDuring(program, () => work(program.port)).catch(String);
    expect([what, waits]).toEqual([what, expect.any(Object)]);
    console.log(`${what}: ${peakOf(program)} MiB at most; others waited ${JSON.stringify(waits)} ms`);
    expect((await ask(program.port, "GET", "/-/health")).status).toBe(200);
    expect(Math.max(...Object.values(waits))).toBeLessThan(LONGEST_WAIT_MS);
  }

  test.each(FORMS)(
    "a form of %s",
    async (what, files, flags) => {
      using ground = new Ground();
      mkdirSync(ground.in("folder"));
      for (const [name] of replacing) writeFileSync(ground.in(name), "old");
      const before = pathsBelow(ground.served).length;
      const raw = withLength("POST", "/files/", FORM, form(...files));
      await expectAlive(what, ground, flags, (port) =>
        (async () => {
          const [client] = await several(port, 1, raw);
          client!.end();
          await client!.untilEnd(PATIENCE_MS);
          client!.close();
        })(),
      );
      // A request may make 1,000 folders at most, beside its files.
      expect(pathsBelow(ground.served).length - before).toBeLessThanOrEqual(2 * FILES);
    },
    PATIENCE_MS,
  );

  test.each([
    ["a page", "/files/", "Accept: text/html\r\n"],
    ["JSON", "/files/?json", ""],
  ])(
    "200 lists of 10,000 as %s, given up after 50 ms",
    async (what, target, fields) => {
      using ground = new Ground();
      for (let i = 0; i < LARGE_FOLDER; i++) writeFileSync(ground.in(`file-${i}`), "");
      await expectAlive(what, ground, [], async (port) => {
        const clients = await several(port, 200, withLength("GET", target, fields));
        await Bun.sleep(HALF_WAY_MS);
        for (const client of clients) client.reset();
        await Bun.sleep(3000);
      });
    },
    PATIENCE_MS,
  );

  test.each([
    ["80 zstd downloads", 80, "GET /files/large HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\n\r\n"],
    ["200 gzip downloads", 200, "GET /files/large HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"],
    ["400 echoes", 400, withLength("POST", "/echo", "", "x".repeat(8 * MIB))],
    ["400 floods", 400, `GET /echo/${"x".repeat(4000)} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1500)],
  ])(
    "%s that nobody reads",
    async (what, count, raw) => {
      using ground = new Ground();
      const lines = Array.from({ length: 200_000 }, () => crypto.randomUUID() + " and so on and so on\n");
      writeFileSync(ground.in("large.txt"), lines.join(""));
      const text = raw.replace("/files/large", "/files/large.txt");
      await expectAlive(what, ground, [], async (port) => {
        const words = [UNREAD_CLIENTS, String(port), String(count), "4000"];
        await Bun.spawn([process.execPath, ...words], { stdin: Buffer.from(text, "latin1") }).exited;
      });
    },
    PATIENCE_MS,
  );

  test("an upload that announces the whole quota and drips holds it from nobody", async () => {
    using ground = new Ground();
    await using program = await RunningProgram.start(["--directory", ground.served, "--quota", "10M"]);
    const client = await RawClient.connect(program.port);
    await client.send(`PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: ${10 * MIB}\r\n\r\nx`);
    await ground.untilTemporary(1);
    expect((await ask(program.port, "PUT", "/files/b", "", "x".repeat(1000))).status).toBe(201);
    client.reset();
  });
});
