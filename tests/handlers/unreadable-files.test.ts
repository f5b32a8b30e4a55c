// Files whose disk fails, or that change, in the middle of an answer: an outcome of the exchange, and no fault of ours.

import { describe, expect, spyOn, test } from "bun:test";
import { appendFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { startServer, type StartedServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const LARGE = 4 * 1024 * 1024;
/** Compressed in memory, and read in pieces while it is young. */
const MIDDLE = 200 * 1024;

interface Outcome {
  readonly received: string;
  readonly server: StartedServer;
}

/** Asks for a file of this size; `meddle` is called in the place of its second read. */
async function askWhile(size: number, fields: string, meddle: (path: string) => void): Promise<Outcome> {
  using folder = tempFolder();
  const path = join(folder.path, "a.txt");
  writeFileSync(path, Buffer.alloc(size, "text "));
  // At rest for those that are larger than what is read at once.
  if (size === LARGE) utimesSync(path, 1_700_000_000, 1_700_000_000);
  const server = startServer(application(folder.path));
  const real = FileCalls.prototype.read;
  let reads = 0;
  using read = spyOn(FileCalls.prototype, "read");
  read.mockImplementation(function (this: FileCalls, ...values: Parameters<FileCalls["read"]>) {
    // What decides the type is read first.
    if (++reads > 2) meddle(path);
    return real.apply(this, values);
  });
  try {
    return { received: await exchange(server.port, `GET /files/a.txt HTTP/1.1\r\nHost: a\r\n${fields}\r\n`), server };
  } finally {
    await server.stop();
  }
}

const fail = (code: string) => (): never => {
  throw new SystemError(code, "the test says so");
};

const FORMS: readonly [what: string, fields: string][] = [
  ["whole", ""],
  ["in a part", "Range: bytes=0-3000000\r\n"],
  ["in parts", "Range: bytes=0-9,100-3000000\r\n"],
  ["compressed", "Accept-Encoding: gzip\r\n"],
  ["compressed by zstd", "Accept-Encoding: zstd\r\n"],
];

describe("a read that fails with", () => {
  describe.each(["EIO", "ESTALE", "ENXIO"])("%s", (code) => {
    test.each(FORMS)("cuts a file that is sent %s, and the log says why in one line", async (_what, fields) => {
      const { received, server } = await askWhile(LARGE, fields, fail(code));
      expect(received).toMatch(/^HTTP\/1.1 20[06] /);
      expect(received.length).toBeLessThan(3_000_000);
      expect(server.observer.faults).toEqual([]);
      expect(server.observer.refusals).toEqual(["CONTENT_UNREADABLE"]);
      expect(server.observer.records.map(({ cutOff }) => cutOff)).toEqual([true]);
    });

    test("is an answer where none has begun", async () => {
      const { received, server } = await askWhile(MIDDLE, "Accept-Encoding: gzip\r\n", fail(code));
      expect(received).toMatch(/^HTTP\/1.1 500 [^]*\r\n\r\n[^\n]+\.\n$/);
      expect(server.observer.faults).toEqual([]);
      expect(server.observer.limits).toHaveLength(1);
    });
  });
});

test("a change is an answer where none has begun", async () => {
  const { received, server } = await askWhile(MIDDLE, "Accept-Encoding: gzip\r\n", (path) =>
    writeFileSync(path, Buffer.alloc(MIDDLE, "b")),
  );
  expect(received).toMatch(/^HTTP\/1.1 503 [^]*\r\nRetry-After: 1\r\n/);
  expect(server.observer.faults).toEqual([]);
});

test("a line more is none", async () => {
  const { received } = await askWhile(MIDDLE, "Accept-Encoding: gzip\r\n", (path) => appendFileSync(path, "more"));
  expect(received).toMatch(/^HTTP\/1.1 200 /);
});
