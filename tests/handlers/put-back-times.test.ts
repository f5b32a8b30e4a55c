// Programs that give a file other bytes of the same length and put its time back: nobody gets the old version for the new
// one, nor a mixture, though the size and the time are the same.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { startServer, type StartedServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const THEN = 1_700_000_000;
/** Kept in memory, and read from the disk each time. */
const SIZES = { small: 1000, large: 2 * 1024 * 1024 } as const;
/** More than a kernel takes for a client that does not read. */
const HUGE = 16 * 1024 * 1024;
/** From then on a small file is kept in memory. */
const SETTLED_MS = 2100;

interface Overwriter {
  readonly name: string;
  readonly program: string;
  /** The words that put `new/NAME` in the place of `served/NAME`; run in the folder above. */
  readonly words: (name: string) => readonly string[];
  /** The old file keeps its bytes for whoever has it open. */
  readonly replaces: boolean;
}

const OVERWRITERS: readonly Overwriter[] = [
  { name: "cp -p", program: "cp", words: (name) => ["cp", "-p", `new/${name}`, `served/${name}`], replaces: false },
  { name: "tar x", program: "tar", words: (name) => ["tar", "xf", `new/${name}.tar`, "-C", "served"], replaces: true },
  {
    name: "tar x --overwrite",
    program: "tar",
    words: (name) => ["tar", "xf", `new/${name}.tar`, "--overwrite", "-C", "served"],
    replaces: false,
  },
  {
    name: "rsync -t",
    program: "rsync",
    words: (name) => ["rsync", "-tI", "--checksum", `new/${name}`, `served/${name}`],
    replaces: true,
  },
  {
    name: "rsync -t --inplace",
    program: "rsync",
    words: (name) => ["rsync", "-tI", "--inplace", "--whole-file", `new/${name}`, `served/${name}`],
    replaces: false,
  },
];

const folder = tempFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
let server: StartedServer;

/** An old and a new file of one size and time. */
async function make(name: string, size: number): Promise<void> {
  for (const [place, char] of [
    ["served", "a"],
    ["new", "b"],
  ] as const) {
    writeFileSync(at(place, name), Buffer.alloc(size, char));
    utimesSync(at(place, name), THEN, THEN);
  }
  if (Bun.which("tar") !== null) await runClient(["tar", "cf", `${name}.tar`, name], { cwd: at("new") });
}

/** Under its own name for each program, so that none comes upon what another did. */
function nameOf(overwriter: Overwriter, what: string): string {
  return `${what}-${OVERWRITERS.indexOf(overwriter)}.bin`;
}

async function overwrite({ words }: Overwriter, name: string): Promise<void> {
  const { exitCode, stderr } = await runClient(words(name), { cwd: folder.path });
  expect([exitCode, stderr]).toEqual([0, ""]);
  // As this test supposes.
  expect([statSync(at("served", name)).mtimeMs, statSync(at("served", name)).size]).toEqual([
    THEN * 1000,
    statSync(at("new", name)).size,
  ]);
}

const get = (name: string, fields = ""): string => `GET /files/${name} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

async function ask(name: string, fields = ""): Promise<ReadResponse> {
  return readResponses(await exchange(server.port, get(name, fields)))[0]!;
}

beforeAll(async () => {
  for (const place of ["served", "new"]) mkdirSync(at(place));
  for (const overwriter of OVERWRITERS) {
    for (const [what, size] of Object.entries(SIZES)) await make(nameOf(overwriter, what), size);
    await make(nameOf(overwriter, "huge"), HUGE);
  }
  server = startServer(application(at("served")));
  await Bun.sleep(SETTLED_MS);
});

afterAll(async () => {
  await server.stop();
  folder[Symbol.dispose]();
  expect(server.observer.faults).toEqual([]);
});

for (const overwriter of OVERWRITERS) {
  describe.skipIf(needs({ linux: true, programs: [overwriter.program] }).skip)(overwriter.name, () => {
    test.each(Object.entries(SIZES))("between two requests for a %s file", async (what, size) => {
      const name = nameOf(overwriter, what);
      const before = await ask(name);
      const tag = before.fields.get("etag")!;
      expect(tag).toStartWith('"');
      expect((await ask(name, `If-None-Match: ${tag}\r\n`)).status).toBe(304);
      expect((await ask(name, `Range: bytes=1-\r\nIf-Range: ${tag}\r\n`)).status).toBe(206);
      await overwrite(overwriter, name);
      const fresh = "b".repeat(size);
      for (const fields of ["", `If-None-Match: ${tag}\r\n`, `Range: bytes=1-\r\nIf-Range: ${tag}\r\n`]) {
        const after = await ask(name, fields);
        expect([after.status, after.body === fresh, after.fields.get("etag") === tag]).toEqual([200, true, false]);
      }
      expect((await ask(name, `If-Match: ${tag}\r\n`)).status).toBe(412);
    });

    test(overwriter.replaces ? "leaves a download whole" : "cuts a download", async () => {
      const name = nameOf(overwriter, "huge");
      const client = await RawClient.connect(server.port);
      await client.send(get(name));
      await client.until(({ received }) => received.includes("\r\n\r\na"));
      client.pause();
      await overwrite(overwriter, name);
      client.resume();
      client.end();
      await client.untilEnd();
      client.close();
      const body = client.received.slice(client.received.indexOf("\r\n\r\n") + 4);
      expect(body.replaceAll("a", "").length).toBe(0);
      if (overwriter.replaces) expect(body.length).toBe(HUGE);
      else expect(body.length).toBeLessThan(HUGE);
    });
  });
}
