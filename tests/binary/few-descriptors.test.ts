// Commits while descriptors are scarce: whatever downloads and other uploads hold, a form becomes visible as a whole or
// not at all, its client hears which, and every descriptor comes back.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { FORM, form, type FormFile, HeldUpload } from "../support/upload-requests.ts";
import { until } from "../support/patience.ts";

const FILES = 1000;
const FOLDERS = 100;
/** More than the files may be that are open at once under this limit. */
const TOO_MANY = 60;
const LARGE_BYTES = 64 * 1024 * 1024;

/** A form of files in many folders, all with one content. */
class ManyFolders {
  readonly raw: string;
  readonly #paths: readonly string[];

  constructor(top: string, content: string) {
    this.#paths = Array.from({ length: FILES }, (_, i) => `${top}/d${i % FOLDERS}/f${i}`);
    const body = form(...this.#paths.map((path): FormFile => [path, content]));
    this.raw = withLength("POST", "/files/", FORM, body);
  }

  /** What its files hold, each kind once; "(none)" for no file. */
  contentsIn(folder: string): readonly string[] {
    return [...new Set(this.#paths.map((path) => contentOf(join(folder, path))))];
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "(none)";
  }
}

function temporariesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(".mini-http-"));
}

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Clients that ask for a large file, and do not read it. */
async function download(port: number, count: number): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));
  for (const client of clients) {
    await client.send("GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(({ received }) => received.length > 0);
    client.pause();
    client.received = "";
  }
  return clients;
}

/** Files that a form is to replace. */
function fill(folder: string, top: string): void {
  for (let i = 0; i < FILES; i++) {
    mkdirSync(join(folder, top, `d${i % FOLDERS}`), { recursive: true });
    writeFileSync(join(folder, top, `d${i % FOLDERS}`, `f${i}`), "old");
  }
}

describe.skipIf(needs({ linux: true }).skip)("with 256 descriptors", () => {
  const folder = tempFolder();
  let program: RunningProgram;

  beforeAll(async () => {
    writeFileSync(join(folder.path, "large"), "");
    truncateSync(join(folder.path, "large"), LARGE_BYTES);
    program = await RunningProgram.start(["--directory", folder.path], { before: "ulimit -n 256" });
    await exchange(program.port, "GET /files/?simple HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  afterAll(async () => {
    await program[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test.each<[what: string, downloads: number, when: "first" | "last", before: "old" | "(none)"]>([
    ["two new ones at once", 0, "first", "(none)"],
    ["two that replace, at once", 0, "first", "old"],
    ["two new ones, while downloads hold theirs", TOO_MANY, "first", "(none)"],
    ["two that replace, while downloads hold theirs", TOO_MANY, "first", "old"],
    ["two new ones, and downloads that come before the commit", TOO_MANY, "last", "(none)"],
    ["two that replace, and downloads that come before the commit", TOO_MANY, "last", "old"],
  ])(
    "a form of 1,000 files in 100 folders is there as a whole or not at all: %s",
    async (what, downloads, when, before) => {
      const free = descriptorsOf(program.pid);
      const tops = [1, 2].map((number) => `${what.replaceAll(/\W/g, "")}${number}`);
      if (before === "old") for (const top of tops) fill(folder.path, top);
      const forms = tops.map((top) => new ManyFolders(top, "new"));
      const clients = when === "first" ? await download(program.port, downloads) : [];
      const held = await Promise.all(forms.map((each) => HeldUpload.begin(program.port, each.raw)));
      if (when === "last") clients.push(...(await download(program.port, downloads)));
      const answers = await Promise.all(held.map((each) => each.finish()));
      for (const [i, { status, body }] of answers.entries()) {
        expect(status === 201 || (status === 503 && downloads > 0), `${status} ${body.slice(0, 200)}`).toBe(true);
        expect(forms[i]!.contentsIn(folder.path)).toEqual([status === 201 ? "new" : before]);
      }
      for (const client of clients) client.reset();
      await until(() => descriptorsOf(program.pid) <= free && temporariesIn(folder.path).length === 0);
      expect(program.log).not.toContain("[ERROR] Error");
    },
  );
});
