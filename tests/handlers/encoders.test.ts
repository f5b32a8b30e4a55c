import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { CodedSource } from "../../src/handlers/compression.ts";
import type { ByteSource } from "../../src/http/byte-source.ts";
import { needs } from "../support/needs.ts";
import { application } from "../support/app.ts";
import { answerTo, withoutBody } from "../support/ask.ts";
import { RunningProgram } from "../support/program.ts";
import type { ReadResponse } from "../support/response-reader.ts";
import { peakResidentMiB, StalledCrowd } from "../support/stalled-crowd.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
const TEXT = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join("");
let started: StartedServer;

beforeAll(() => {
  writeFileSync(join(folder.path, "large.txt"), TEXT);
  utimesSync(join(folder.path, "large.txt"), 784111777, 784111777);
  mkdirSync(join(folder.path, "many"));
  for (let i = 0; i < 1000; i++) writeFileSync(join(folder.path, "many", `${i}`.padStart(200, "long name ")), "");
  started = startServer(application(folder.path));
});
afterAll(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});

function get(target: string, fields: string, method = "GET"): Promise<ReadResponse> {
  return answerTo(started.port, withoutBody(method, target, fields));
}

/** A source that is never read. */
const idle = (): ByteSource => ({ length: 1, read: () => null, close: () => {} });

describe("while all encoders are in use", () => {
  const FILE = "/files/large.txt";
  let held: CodedSource[] = [];
  beforeEach(() => {
    held = [];
    while (CodedSource.canBegin) held.push(new CodedSource(idle(), "gzip"));
    expect(held.length).toBeLessThanOrEqual(32);
  });
  afterEach(() => {
    for (const source of held) source.close();
  });

  test.each(["gzip", "zstd", "gzip, zstd;q=0.5"])(
    "a client that accepts %s gets the identity form",
    async (accepted) => {
      const reply = await get(FILE, `Accept-Encoding: ${accepted}\r\n`);
      expect(reply.status).toBe(200);
      expect(reply.body).toBe(TEXT);
      expect(reply.fields.has("content-encoding")).toBe(false);
      expect(reply.fields.get("vary")).toBe("Accept-Encoding");
      expect(reply.fields.get("etag")).toBe((await get(FILE, "")).fields.get("etag")!);
    },
  );

  test("a client that does not accept the identity form gets 503 and Retry-After", async () => {
    for (const target of [FILE, "/files/many/?json"]) {
      const reply = await get(target, "Accept-Encoding: gzip, identity;q=0\r\n");
      expect(reply.status).toBe(503);
      expect(reply.fields.get("retry-after")).toBe("1");
    }
  });

  test("a large list goes out as it is", async () => {
    const reply = await get("/files/many/?json", "Accept-Encoding: gzip\r\n");
    expect(reply.fields.has("content-encoding")).toBe(false);
    expect(JSON.parse(reply.body)).toHaveLength(1000);
  });

  test("validators and preconditions are those of the form that is sent", async () => {
    const identity = (await get(FILE, "")).fields.get("etag")!;
    for (const source of held.splice(0)) source.close();
    const gzip = (await get(FILE, "Accept-Encoding: gzip\r\n")).fields.get("etag")!;
    expect(gzip).not.toBe(identity);
    while (CodedSource.canBegin) held.push(new CodedSource(idle(), "gzip"));
    const ask = (field: string): Promise<ReadResponse> => get(FILE, `Accept-Encoding: gzip\r\n${field}\r\n`);
    // The coded form is the one selected: that it did not change, needs no encoder to say.
    expect((await ask(`If-None-Match: ${gzip}`)).fields.get("etag")).toBe(gzip);
    expect((await ask(`If-None-Match: ${gzip}`)).status).toBe(304);
    expect((await ask(`If-None-Match: ${identity}`)).status).toBe(304);
    expect((await ask(`If-Match: ${gzip}`)).status).toBe(412);
  });

  test("small files are compressed as ever", async () => {
    writeFileSync(join(folder.path, "small.txt"), TEXT.slice(0, 10_000));
    const reply = await get("/files/small.txt", "Accept-Encoding: gzip\r\n");
    expect(gunzipSync(Buffer.from(reply.body, "latin1")).toString()).toBe(TEXT.slice(0, 10_000));
  });
});

test("every ending of a download gives its encoder back", async () => {
  for (let i = 0; i < 40; i++) {
    const fields = `Accept-Encoding: ${i % 2 === 0 ? "gzip" : "zstd"}\r\n`;
    const reply = await get("/files/large.txt", fields, i % 4 === 3 ? "HEAD" : "GET");
    expect(reply.fields.has("content-encoding")).toBe(true);
  }
});

test("a zstd frame tells the size of what it holds", async () => {
  const { body } = await get("/files/large.txt", "Accept-Encoding: zstd\r\n");
  const frame = Buffer.from(body, "latin1");
  expect(zstdDecompressSync(frame).toString()).toBe(TEXT);
  // Frame_Header_Descriptor: the upper two bits are the size of the size (RFC 8878 3.1.1.1.1).
  expect(frame[4]! >> 6).toBe(2);
  expect(frame.readUInt32LE(6)).toBe(TEXT.length);
});

describe.skipIf(needs({ linux: true }).skip)("eighty compressed downloads that nobody reads", () => {
  test.each(["zstd", "gzip"])("%s: stay within 256 MiB, and others are served", async (coding) => {
    using large = tempFolder();
    const lines = Array.from({ length: 10_000 }, () => crypto.randomUUID() + " is a line of text\n").join("");
    writeFileSync(join(large.path, "large.txt"), lines.repeat(100));
    await using program = await RunningProgram.start(["--directory", large.path]);
    const opening = `GET /files/large.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${coding}\r\n\r\n`;
    const clients = await StalledCrowd.gather(program.port, 80, { opening, flood: Buffer.alloc(0) });
    for (let i = 0; i < 30; i++) {
      await Bun.sleep(100);
      expect((await fetch(program.url("/-/health"))).status).toBe(200);
    }
    expect(peakResidentMiB(program.pid)).toBeLessThan(256);
    clients.close();
  });
});
