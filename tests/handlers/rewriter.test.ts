// A file that is rewritten all the time, under many readers: whatever a reader gets whole is one version, and the
// version that its entity tag names. MINI_HTTP_REWRITE_SECONDS sets how long (2 for each way of writing).

import { describe, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { TEST_MS } from "../support/patience.ts";

const SECONDS = Number(process.env["MINI_HTTP_REWRITE_SECONDS"] ?? 2);
const READERS = 32;
const WRITES_PER_SECOND = 100;

/** One char all over; sizes differ, so that short and long reads are both met. */
function contentOf(version: number): string {
  return String.fromCharCode(0x61 + (version % 26)).repeat(1000 + ((version * 7919) % 600_000));
}

describe("each body is what its entity tag names", () => {
  const writers: [how: string, write: (path: string, content: string) => void][] = [
    ["rewritten in place", (path, content) => writeFileSync(path, content)],
    [
      "replaced by a rename",
      (path, content) => {
        writeFileSync(path + ".new", content);
        renameSync(path + ".new", path);
      },
    ],
  ];
  test.each(writers)(
    "%s",
    async (_how, write) => {
      using folder = tempFolder();
      const path = join(folder.path, "f.bin");
      let version = 0;
      write(path, contentOf(version));
      const server = startServer(application(folder.path));
      const end = performance.now() + SECONDS * 1000;
      const bodies = new Map<string, string>();
      let whole = 0;
      /** The time, and as much more as a busy machine needs to have seen two versions. */
      const isOver = (): boolean => performance.now() > end && bodies.size > 1;

      const read = async (): Promise<void> => {
        while (!isOver()) {
          const received = await exchange(server.port, "GET /files/f.bin HTTP/1.1\r\nHost: a\r\n\r\n");
          const head = received.slice(0, received.indexOf("\r\n\r\n"));
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? -1);
          // Cut off, as it must be when the file changed under it.
          if (!head.startsWith("HTTP/1.1 200") || received.length - head.length - 4 < length) continue;
          const { body, fields } = readResponses(received)[0]!;
          whole += 1;
          const tag = fields.get("etag")!;
          // Compared by what they are made of: failing with megabytes of text helps nobody.
          expect(body.replaceAll(body[0] ?? "", "").length).toBe(0);
          const known = bodies.get(tag) ?? body.slice(0, 1) + body.length;
          expect(body.slice(0, 1) + body.length).toBe(known);
          bodies.set(tag, known);
        }
      };
      const rewrite = async (): Promise<void> => {
        while (!isOver()) {
          write(path, contentOf(++version));
          await Bun.sleep(1000 / WRITES_PER_SECOND);
        }
      };
      await Promise.all([rewrite(), ...Array.from({ length: READERS }, read)]);
      await server.stop();
      expect(whole).toBeGreaterThan(0);
      expect(bodies.size).toBeGreaterThan(1);
      expect(server.observer.faults).toEqual([]);
    },
    SECONDS * 1000 + TEST_MS,
  );
});
