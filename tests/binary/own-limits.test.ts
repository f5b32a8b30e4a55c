// What the log says when the server itself is the reason that requests fail: the person who runs it reads of it even with
// `--quiet`, and not a thousand times.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const FULL = "the disk is full, or would have less than --min-free left; make room on it";
const OVER = "the folder holds what --quota or --max-files allows; raise it, or remove files";
const LONG = "the system limits the size of a file (ulimit -f, LimitFSIZE=, or the file system)";
const SHUT =
  "this user may not write there; mind permissions, read-only disks, and links that leave the folder (--follow-symlinks)";
const USED_UP = "all file descriptors are in use; raise ulimit -n (LimitNOFILE=)";

function put(name: string, bytes: number): string {
  return `PUT /files/${name} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
}

/** Without a length, so that nothing is refused by it. */
const LONG_BODY = `PUT /files/f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${"x".repeat(2000)}\r\n0\r\n\r\n`;

/** The warnings of a server until its end. */
async function warningsOf(program: RunningProgram): Promise<readonly string[]> {
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  return program.log.match(/\[WARNING\] .*/g) ?? [];
}

describe.skipIf(needs({ linux: true }).skip)(
  "requests that fail because of the server's own limits are a warning",
  () => {
    const cases: [why: string, flags: string[], before: string, status: number, limit: string][] = [
      ["--quota", ["--quota", "1K"], ":", 507, OVER],
      ["--max-files", ["--max-files", "1"], ":", 507, OVER],
      ["--min-free", ["--min-free", "900T"], ":", 507, FULL],
      ["a limit of the file's size", [], "ulimit -f 1", 413, LONG],
      ["no permission", ["--directory", "/sys/kernel"], ":", 403, SHUT],
    ];
    test.each(cases)("%s", async (_, flags, before, status, limit) => {
      using folder = tempFolder();
      writeFileSync(join(folder.path, "there"), "");
      const where = flags.includes("--directory") ? [] : [folder.path];
      await using program = await RunningProgram.start([...where, ...flags], { before });
      for (let i = 0; i < 3; i++) expect(await exchange(program.port, LONG_BODY)).toStartWith(`HTTP/1.1 ${status} `);
      expect(await warningsOf(program)).toEqual([
        `[WARNING] A request was answered ${status}: ${limit}.`,
        `[WARNING] 2 more requests were answered ${status}: ${limit}.`,
      ]);
    });

    test("no descriptor left", async () => {
      using folder = tempFolder();
      await using program = await RunningProgram.start([folder.path], { before: "ulimit -n 48" });
      const held: RawClient[] = [];
      let reply = "";
      while (!reply.includes("503")) {
        const client = await RawClient.connect(program.port);
        held.push(client);
        await client.send(
          `PUT /files/${held.length} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`,
        );
        await client.until(({ received }) => received.includes("\r\n\r\n"));
        reply = client.received;
      }
      for (const client of held) client.close();
      expect(await warningsOf(program)).toContain(`[WARNING] A request was answered 503: ${USED_UP}.`);
    });
  },
);

test("requests that fail because of their client are none", async () => {
  using folder = tempFolder();
  await using program = await RunningProgram.start([folder.path, "--max-body-size", "1K"]);
  for (const raw of [
    put("f", 2000),
    put("a/../b", 1),
    put("d/", 1),
    put("f", 1),
    put("f/below", 1),
    "GET /files/none HTTP/1.1\r\nHost: a\r\n\r\n",
    "DELETE /files/f HTTP/1.1\r\nHost: a\r\n\r\n",
    put("f", 1).replace("Host", "If-None-Match: *\r\nHost"),
  ]) {
    await exchange(program.port, raw);
  }
  expect(await warningsOf(program)).toEqual([]);
});
