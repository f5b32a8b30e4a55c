// The answer by what something is, how it is coded and which version it is, without files or sockets.

import { describe, expect, test } from "bun:test";
import { type HttpResponse, type ResponseBody } from "../../src/http/message.ts";
import {
  fieldLinesOf,
  preconditionResponse,
  type RangedContent,
  type Representation,
  representationResponse,
} from "../../src/handlers/representation.ts";
import { isSource } from "../../src/http/response-head.ts";
import { bytesSource, readWhole } from "../../src/http/sources.ts";
import { requestOf } from "../support/request.ts";

const REPRESENTATION: Representation = {
  type: "text/x",
  coding: "identity",
  validators: { etag: '"v"', modified: Date.UTC(2020, 0, 1) },
  cacheControl: "no-cache",
  vary: "Accept",
  hasRanges: true,
  otherLines: "X-Other: 1\r\n",
};
const IDENTITY = 'ETag: "v"\r\nCache-Control: no-cache\r\nVary: Accept\r\n';
const DESCRIPTION = "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT\r\nAccept-Ranges: bytes\r\nX-Other: 1\r\n";
const LINES = `Content-Type: text/x\r\n${IDENTITY}${DESCRIPTION}`;

class Content implements RangedContent {
  readonly size = 10;
  closed = 0;
  readonly bytes?: Uint8Array;
  readonly #text = Buffer.from("0123456789");

  constructor(isInMemory: boolean) {
    if (isInMemory) this.bytes = this.#text;
  }

  range(from: number, length: number): ReturnType<typeof bytesSource> {
    return bytesSource(this.#text.subarray(from, from + length));
  }

  close(): void {
    this.closed += 1;
  }
}

async function textOf(body: ResponseBody): Promise<string> {
  return isSource(body) ? Buffer.from(await readWhole(body)).toString() : Buffer.from(body ?? "").toString();
}

/** Status, field lines, content, and how often the content was closed. */
async function outcome(fields: Record<string, string>, isInMemory = false, method = "GET"): Promise<unknown[]> {
  const content = new Content(isInMemory);
  const { status, fieldLines, body } = representationResponse(
    requestOf(method, "/", fields),
    REPRESENTATION,
    content,
    5,
  );
  return [status, fieldLines, await textOf(body), content.closed];
}

describe("representationResponse", () => {
  const OUTCOMES: [why: string, fields: Record<string, string>, status: number, lines: string, text: string][] = [
    ["no range", {}, 200, LINES, "0123456789"],
    ["one range", { range: "bytes=2-4" }, 206, LINES + "Content-Range: bytes 2-4/10\r\n", "234"],
    [
      "a range of the version",
      { range: "bytes=-1", "if-range": '"v"' },
      206,
      LINES + "Content-Range: bytes 9-9/10\r\n",
      "9",
    ],
    ["a range of another version", { range: "bytes=2-4", "if-range": '"w"' }, 200, LINES, "0123456789"],
    ["more ranges than allowed", { range: "bytes=0-0,2-2,4-4,6-6,8-8,9-9" }, 200, LINES, "0123456789"],
    [
      "a range behind the end",
      { range: "bytes=10-" },
      416,
      `Content-Type: text/plain\r\n${IDENTITY}Content-Range: bytes */10\r\n`,
      "The file does not have these bytes.\n",
    ],
  ];
  for (const isInMemory of [true, false])
    test.each(OUTCOMES)(`with %s, ${isInMemory ? "in memory" : "as a source"}`, async (_why, fields, ...expected) => {
      expect(await outcome(fields, isInMemory)).toEqual([...expected, 1]);
    });

  test("only GET has ranges", async () => {
    expect((await outcome({ range: "bytes=2-4" }, false, "HEAD"))[0]).toBe(200);
  });

  test("several ranges are parts of their own type, in one body", async () => {
    const [status, lines, text, closed] = await outcome({ range: "bytes=0-1,8-9" });
    expect([status, closed]).toEqual([206, 1]);
    expect(lines).toStartWith("Content-Type: multipart/byteranges; boundary=");
    expect(text).toContain("Content-Type: text/x\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--");
  });

  const answer = (representation: Partial<Representation>, body: ResponseBody | RangedContent): HttpResponse =>
    representationResponse(
      requestOf("GET", "/", { range: "bytes=1-1" }),
      { ...REPRESENTATION, ...representation },
      body,
      5,
    );

  test("a coded form, one without ranges and one without validators are whole", () => {
    for (const part of [{ coding: "gzip" }, { hasRanges: false }, { validators: null }])
      expect(answer(part, new Content(true)).status).toBe(200);
    expect(answer({ coding: "gzip" }, "x").fieldLines).toContain("Content-Encoding: gzip\r\n");
  });

  test("says nothing of what it does not know", () => {
    const bare = { validators: null, cacheControl: null, vary: null, hasRanges: false, otherLines: "" };
    expect(answer(bare, "x").fieldLines).toBe("Content-Type: text/x\r\n");
    expect(fieldLinesOf({ ...REPRESENTATION, ...bare })).toBe("Content-Type: text/x\r\n");
  });
});

describe("preconditionResponse", () => {
  const VERDICTS: [fields: Record<string, string>, status: number | null][] = [
    [{}, null],
    [{ range: "bytes=0-0" }, null],
    [{ "if-none-match": '"w"' }, null],
    [{ "if-none-match": '"v"' }, 304],
    [{ "if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT" }, 304],
    [{ "if-match": '"w"' }, 412],
    [{ "if-unmodified-since": "Tue, 31 Dec 2019 00:00:00 GMT" }, 412],
  ];
  test.each(VERDICTS)("%j gives %p", (fields, status) => {
    expect(preconditionResponse(requestOf("GET", "/", fields), REPRESENTATION, "thing")?.status ?? null).toBe(status);
  });

  test("304 carries what the 200 would, less what describes the content", () => {
    const request = requestOf("GET", "/", { "if-none-match": "*" });
    expect(preconditionResponse(request, REPRESENTATION, "thing")?.fieldLines).toBe(IDENTITY);
  });

  test("412 names what it is about", () => {
    const request = requestOf("GET", "/", { "if-match": '"w"' });
    expect(preconditionResponse(request, REPRESENTATION, "thing")?.body).toContain("The thing is not");
  });

  test("without validators no condition counts", () => {
    const request = requestOf("GET", "/", { "if-match": '"w"' });
    expect(preconditionResponse(request, { ...REPRESENTATION, validators: null }, "thing")).toBeNull();
  });
});
