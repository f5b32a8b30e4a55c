// `--evict` and `--expire` by the wire, with one worker and with several: what goes and what stays, what counts, and what
// clients see of it. The order of many: tests/torture/eviction.test.ts.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ask } from "../support/ask.ts";
import { heldIn, until } from "../support/cache-folder.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CREWS = needs({ linux: true }).skip ? [1] : [1, 2];
const FILE_BYTES = 1000;
/** Seven files of that size, or six and what is to be free after an eviction. */
const LIMIT = 7 * FILE_BYTES;
const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

/** A folder with files of one size, the first the oldest, and a server over it. */
class Share implements AsyncDisposable {
  readonly #outer = tempFolder();
  readonly folder = join(this.#outer.path, "served");
  #program: RunningProgram | null = null;

  constructor(names: readonly string[] = NAMES) {
    mkdirSync(this.folder);
    for (const [i, name] of names.entries()) this.write(name, "x".repeat(FILE_BYTES), 3600 - i);
  }

  async serve(...flags: readonly string[]): Promise<RunningProgram> {
    this.#program = await RunningProgram.start(["--allow-delete", "--metrics", "--directory", this.folder, ...flags]);
    return this.#program;
  }

  /** As another program does. */
  write(name: string, content: string, secondsAgo = 0): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, "latin1");
    const time = Date.now() / 1000 - secondsAgo;
    utimesSync(path, time, time);
  }

  /** Of all files that are served, in order. */
  get names(): readonly string[] {
    return namesBelow(this.folder, "").sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#outer[Symbol.dispose]();
  }
}

function namesBelow(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return namesBelow(join(folder, entry.name), `${prefix}${entry.name}/`);
    return entry.isFile() && !entry.name.startsWith(".") ? [prefix + entry.name] : [];
  });
}

async function put(port: number, name: string, bytes = FILE_BYTES, fields = ""): Promise<number> {
  return (await ask(port, "PUT", "/files/" + name, fields, "y".repeat(bytes))).status;
}

/** Nothing goes before the server has looked at all files: the first that goes shows that it has. */
async function untilSurveyed(share: Share, port: number): Promise<void> {
  expect(await put(port, "first")).toBe(201);
  await until(async () => (await heldIn(share.folder)).bytes <= LIMIT);
}

describe.each(CREWS)("with %d workers", (workers) => {
  const CACHE = ["--evict", String(LIMIT), "--workers", String(workers)];

  test.skipIf(workers === 1)("what a worker wrote and had not told when it was killed is found", async () => {
    await using share = new Share();
    const program = await share.serve(...CACHE);
    await untilSurveyed(share, program.port);
    // As the worker itself, between the rename and its word.
    share.write("untold", "x".repeat(2 * FILE_BYTES));
    const children = await Bun.file(`/proc/${program.pid}/task/${program.pid}/children`).text();
    process.kill(Number(children.split(" ")[0]), "SIGKILL");
    await until(async () => (await heldIn(share.folder)).bytes <= LIMIT);
    expect(share.names).toContain("untold");
  });
});
