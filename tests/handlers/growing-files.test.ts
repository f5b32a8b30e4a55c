// Files that change while they are downloaded, over a real connection: a log comes whole, and nothing that is whole under a
// strong entity tag is a mixture.

import { describe, expect, test } from "bun:test";
import { appendFileSync, closeSync, openSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { answerTo, withLength } from "../support/ask.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { startServer, type StartedServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** More than a kernel takes for a client that does not read. */
const LARGE = 32 * 1024 * 1024;
const LINE = "a line of the log\n";

interface House extends AsyncDisposable {
  readonly server: StartedServer;
  readonly path: string;
}

/** A server over a folder with one file, `a.log`. */
function house(content: string | Buffer): House {
  const folder = tempFolder();
  const path = join(folder.path, "a.log");
  writeFileSync(path, content);
  const server = startServer(application(folder.path));
  return {
    server,
    path,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      folder[Symbol.dispose]();
      expect(server.observer.faults).toEqual([]);
    },
  };
}

const get = (fields = ""): string => `GET /files/a.log HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

/** Asks, reads nothing for a while, and gives what came when the file was changed meanwhile. */
async function receiveWhile(port: number, request: string, change: () => void): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.send(request);
  await client.until(({ received }) => received.includes("\r\n\r\n"));
  client.pause();
  change();
  client.resume();
  client.end();
  await client.untilEnd(30_000);
  client.close();
  return client;
}

function headOf({ received }: RawClient): string {
  return received.slice(0, received.indexOf("\r\n\r\n"));
}

function bodyOf({ received }: RawClient): string {
  return received.slice(received.indexOf("\r\n\r\n") + 4);
}

function rewrite(path: string, position: number, bytes: string): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, bytes, position);
  closeSync(descriptor);
}

describe("a log that gets a line all the time", () => {
  test.each([
    ["whole", "", "200"],
    ["in a part", "Range: bytes=1000000-\r\n", "206"],
  ])("comes %s, to the length that it had, under a weak tag", async (_what, fields, status) => {
    await using made = house(LINE.repeat(300_000));
    const writing = setInterval(() => appendFileSync(made.path, LINE), 1);
    try {
      for (let i = 0; i < 20; i++) {
        const received = await exchange(made.server.port, get(fields));
        const head = received.slice(0, received.indexOf("\r\n\r\n"));
        const body = received.slice(head.length + 4);
        expect(head).toStartWith(`HTTP/1.1 ${status} `);
        expect(head).toMatch(/\r\nETag: W\/"/i);
        expect(body.length).toBe(Number(/content-length: (\d+)/i.exec(head)?.[1]));
        expect(body.replaceAll(LINE, "").length).toBeLessThan(LINE.length);
      }
    } finally {
      clearInterval(writing);
    }
  });

  test("comes whole to a client that takes its time, compressed too", async () => {
    await using made = house(LINE.repeat(LARGE / LINE.length));
    for (const fields of ["", "Accept-Encoding: gzip\r\n"]) {
      const before = Bun.file(made.path).size;
      const client = await receiveWhile(made.server.port, get(fields), () => appendFileSync(made.path, LINE));
      const [response] = readResponses(client.received);
      const body = Buffer.from(response!.body, "latin1");
      expect(response!.fields.get("etag")).toStartWith('W/"');
      expect(fields === "" ? body.length : Bun.gunzipSync(body).length).toBe(before);
    }
  });

  test.each([
    ["whatever there is", "If-Match: *\r\n"],
    ["a part of another version", 'Range: bytes=5-\r\nIf-Range: "another"\r\n'],
    ["a part of what only a weak tag names", 'Range: bytes=5-\r\nIf-Range: W/"some"\r\n'],
    ["a part of an older one", "Range: bytes=5-\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"],
    ["If-Range of no range", 'If-Range: "another"\r\n'],
  ])("comes whole to a client that asks for %s: none of its versions is named", async (_what, fields) => {
    await using made = house(LINE.repeat(LARGE / LINE.length));
    const before = Bun.file(made.path).size;
    const client = await receiveWhile(made.server.port, get(fields), () => appendFileSync(made.path, LINE));
    expect(headOf(client)).toStartWith("HTTP/1.1 200 ");
    expect(headOf(client)).toMatch(/\r\nETag: W\/"/i);
    expect(bodyOf(client).length).toBe(before);
  });

  test("is cut when what was sent of it is written anew", async () => {
    await using made = house(Buffer.alloc(LARGE, "a"));
    const client = await receiveWhile(made.server.port, get(), () => {
      rewrite(made.path, 1000, "b");
      appendFileSync(made.path, "a");
    });
    expect(headOf(client)).toContain('ETag: W/"');
    expect(bodyOf(client).length).toBeLessThan(LARGE);
    expect(made.server.observer.refusals).toEqual(["CONTENT_CHANGED"]);
  });

  test.each([
    ["If-Range", "206", (tag: string) => `Range: bytes=0-\r\nIf-Range: ${tag}\r\n`],
    ["If-Match", "200", (tag: string) => `If-Match: ${tag}\r\n`],
  ])("is one version and no other to a client that names it in %s", async (_field, status, fields) => {
    await using made = house(Buffer.alloc(LARGE, "a"));
    const { port } = made.server;
    const weak = (await answerTo(port, get("Range: bytes=0-0\r\n"))).fields.get("etag") ?? "none";
    const strong = weak.slice(2);
    const client = await receiveWhile(port, get(fields(strong)), () => appendFileSync(made.path, "a"));
    expect(headOf(client)).toStartWith(`HTTP/1.1 ${status} `);
    expect(headOf(client)).toContain(`ETag: ${strong}`);
    expect(bodyOf(client).length).toBeLessThan(LARGE);
  });
});

describe("a file at rest has a strong tag, and is cut", () => {
  const changes: readonly [how: string, change: (path: string) => void][] = [
    [
      "pages ahead of the reader are rewritten, and it grows",
      (path) => (rewrite(path, LARGE - 10, "b"), appendFileSync(path, "a")),
    ],
    [
      "pages behind the reader are rewritten, and it grows",
      (path) => (rewrite(path, 10, "b"), appendFileSync(path, "a")),
    ],
    ["it only grows", (path) => appendFileSync(path, "a")],
  ];
  test.each(changes)("when %s", async (_how, change) => {
    await using made = house(Buffer.alloc(LARGE, "a"));
    utimesSync(made.path, 1_700_000_000, 1_700_000_000);
    const client = await receiveWhile(made.server.port, get(), () => change(made.path));
    expect(headOf(client)).toContain('ETag: "');
    expect(bodyOf(client).length).toBeLessThan(LARGE);
    expect(made.server.observer.refusals).toEqual(["CONTENT_CHANGED"]);
  });
});

test("an upload is at rest once it is stored: PUT, GET, HEAD and a part tell one strong tag", async () => {
  await using made = house("");
  const { port } = made.server;
  const put = await answerTo(port, withLength("PUT", "/files/a.log", "", "x".repeat(3 * 1024 * 1024)));
  const tag = put.fields.get("etag")!;
  expect(tag).toStartWith('"');
  for (const request of [get(), get().replace("GET", "HEAD"), get("Range: bytes=9-\r\n")])
    expect((await answerTo(port, request)).fields.get("etag")).toBe(tag);
});
