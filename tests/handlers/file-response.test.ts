import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { answerTo, withoutBody } from "../support/ask.ts";
import { exchange } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
const MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
let started: StartedServer;
let etag = "";
let gzipEtag = "";

beforeAll(async () => {
  const path = join(folder.path, "a.txt");
  writeFileSync(path, "0123456789");
  utimesSync(path, Date.parse(MODIFIED) / 1000, Date.parse(MODIFIED) / 1000);
  writeFileSync(join(folder.path, "page.html"), "<script>1</script>");
  writeFileSync(join(folder.path, "empty.txt"), "");
  writeFileSync(join(folder.path, "future.txt"), "x");
  utimesSync(join(folder.path, "future.txt"), 4_000_000_000, 4_000_000_000);
  started = startServer(application(folder.path));
  etag = (await get("/files/a.txt", "")).fields.get("etag")!;
  gzipEtag = (await get("/files/a.txt", "Accept-Encoding: gzip\r\n")).fields.get("etag")!;
});
afterAll(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});

function get(target: string, fields: string, method = "GET"): Promise<ReadResponse> {
  return answerTo(started.port, withoutBody(method, target, fields));
}

/** ETAG and GZIP stand for the file's tags. */
const fill = (fields: string): string => fields.replaceAll("ETAG", etag).replaceAll("GZIP", gzipEtag);

test("each coding has a strong tag of its own", () => {
  expect(etag).toMatch(/^"[0-9a-z-]+"$/);
  expect(gzipEtag).toMatch(/^"[0-9a-z-]+-gzip"$/);
});

describe("preconditions", () => {
  const cases: [fields: string, status: number][] = [
    ["If-None-Match: ETAG\r\n", 304],
    ["If-None-Match: W/ETAG\r\n", 304],
    ['If-None-Match: "x", ETAG\r\n', 304],
    ["If-None-Match: *\r\n", 304],
    ['If-None-Match: "x"\r\n', 200],
    ["If-None-Match: GZIP\r\n", 200],
    ["If-None-Match: GZIP\r\nAccept-Encoding: gzip\r\n", 304],
    [`If-Modified-Since: ${MODIFIED}\r\n`, 304],
    [`If-Modified-Since: ${EARLIER}\r\n`, 200],
    ["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304],
    ["If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304],
    ["If-Modified-Since: nonsense\r\n", 200],
    [`If-None-Match: "x"\r\nIf-Modified-Since: ${MODIFIED}\r\n`, 200],
    ["If-Match: ETAG\r\n", 200],
    ["If-Match: W/ETAG\r\n", 412],
    ['If-Match: "x"\r\n', 412],
    ["If-Match: *\r\n", 200],
    [`If-Unmodified-Since: ${MODIFIED}\r\n`, 200],
    [`If-Unmodified-Since: ${EARLIER}\r\n`, 412],
    ['If-Match: "x"\r\nIf-None-Match: ETAG\r\n', 412],
  ];
  test.each(cases)("%j gives %d", async (fields, status) => {
    expect((await get("/files/a.txt", fill(fields))).status).toBe(status);
  });

  test("304 carries the fields that the 200 would", async () => {
    const { fields } = await get("/files/a.txt", fill("If-None-Match: ETAG\r\n"));
    expect(fields.get("etag")).toBe(etag);
    expect(fields.get("cache-control")).toBe("no-cache");
    expect(fields.get("vary")).toBe("Accept-Encoding");
    expect(fields.has("date")).toBe(true);
  });
});

describe("ranges", () => {
  const single: [range: string, content: string, contentRange: string][] = [
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=4-", "456789", "bytes 4-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
    ["BYTES=0-0", "0", "bytes 0-0/10"],
    ["bytes=0-3,2-5", "012345", "bytes 0-5/10"],
  ];
  test.each(single)("%s gives %s", async (range, content, contentRange) => {
    const response = await get("/files/a.txt", `Range: ${range}\r\nAccept-Encoding: gzip\r\n`);
    expect(response).toMatchObject({ status: 206, body: content });
    expect(response.fields.get("content-range")).toBe(contentRange);
    expect(response.fields.get("etag")).toBe(etag);
    expect(response.fields.get("content-encoding")).toBeUndefined();
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
  });

  test("several come as multipart/byteranges with an exact length", async () => {
    const response = await get("/files/a.txt", "Range: bytes=0-1,5-6,-1\r\n");
    expect(response.status).toBe(206);
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(response.fields.get("content-type")!)![1]!;
    const parts = response.body.split("--" + boundary).slice(1, -1);
    expect(parts.map((part) => part.split("\r\n\r\n")[1])).toEqual(["01\r\n", "56\r\n", "9\r\n"]);
    expect(parts[1]).toContain("Content-Range: bytes 5-6/10\r\n");
    expect(response.body.endsWith("--" + boundary + "--\r\n")).toBe(true);
    // zsync reads away one line before the first boundary.
    expect(response.body.startsWith("\r\n--" + boundary + "\r\n")).toBe(true);
  });

  test("two hundred come at once, small and large, however little of them fits into one write", async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    writeFileSync(join(folder.path, "big.bin"), bytes);
    const specs = Array.from({ length: 200 }, (_, i) => {
      const from = i * 15_000;
      return [from, from + (i % 50 === 7 ? 14_998 : i % 60 === 3 ? 0 : i)] as const;
    });
    const large = [specs[0]![0], 600_000];
    for (const ranges of [specs, [large, ...specs.slice(50)], [[3_000_000, 3_000_001], large]]) {
      const field = ranges.map(([from, to]) => `${from}-${to}`).join(", ");
      const response = await get("/files/big.bin", `Range: bytes=${field}\r\n`);
      expect(response.status).toBe(206);
      const boundary = response.fields.get("content-type")!.split("boundary=")[1]!;
      const expected = ranges.map(([from, to]) => {
        const head = `Content-Type: application/octet-stream\r\nContent-Range: bytes ${from}-${to}/${bytes.length}`;
        return `\r\n--${boundary}\r\n${head}\r\n\r\n${bytes.latin1Slice(from, to! + 1)}`;
      });
      // Compared by a digest: failing with megabytes helps nobody.
      expect(Bun.hash(response.body)).toBe(Bun.hash(expected.join("") + `\r\n--${boundary}--\r\n`));
    }
  });

  test.each(["bytes=10-", "bytes=99-100", "bytes=-0"])("%s is 416", async (range) => {
    const response = await get("/files/a.txt", `Range: ${range}\r\n`);
    expect(response.status).toBe(416);
    expect(response.fields.get("content-range")).toBe("bytes */10");
  });

  test.each(["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-9, -3"])("%s of an empty file is ignored", async (range) => {
    for (const target of ["/files/empty.txt", "/files/empty.txt?download"]) {
      const response = await get(target, `Range: ${range}\r\n`);
      expect(response).toMatchObject({ status: 200, body: "" });
      expect(response.fields.get("content-length")).toBe("0");
    }
  });

  const ignored = [
    "lines=0-1",
    "bytes=3-1",
    "bytes=a-b",
    "bytes=",
    "bytes=0-1;",
    "bytes=" + "0-0,".repeat(200) + "1-1",
  ];
  test.each(ignored)("%s is ignored", async (range) => {
    expect(await get("/files/a.txt", `Range: ${range}\r\n`)).toMatchObject({ status: 200, body: "0123456789" });
  });

  const conditional: [ifRange: string, status: number][] = [
    ["ETAG", 206],
    ["W/ETAG", 200],
    ['"x"', 200],
    [MODIFIED, 206],
    [EARLIER, 200],
  ];
  test.each(conditional)("If-Range: %s gives %d", async (ifRange, status) => {
    expect((await get("/files/a.txt", fill(`Range: bytes=0-1\r\nIf-Range: ${ifRange}\r\n`))).status).toBe(status);
  });

  test("a failed precondition comes before the range", async () => {
    expect((await get("/files/a.txt", fill("Range: bytes=99-\r\nIf-None-Match: ETAG\r\n"))).status).toBe(304);
  });

  test("HEAD has none", async () => {
    expect((await get("/files/a.txt", "Range: bytes=0-1\r\n", "HEAD")).status).toBe(200);
  });
});

describe("fields", () => {
  test("Last-Modified is the file's, but never later than Date", async () => {
    expect((await get("/files/a.txt", "")).fields.get("last-modified")).toBe(MODIFIED);
    const { fields } = await get("/files/future.txt", "");
    expect(Date.parse(fields.get("last-modified")!)).toBeLessThanOrEqual(Date.parse(fields.get("date")!) + 1000);
  });

  const dated: [fields: string, status: number][] = [
    ["If-Unmodified-Since: SENT\r\n", 200],
    ["If-Modified-Since: SENT\r\n", 304],
    ["Range: bytes=0-0\r\nIf-Unmodified-Since: SENT\r\n", 206],
    ["Range: bytes=0-0\r\nIf-Range: SENT\r\n", 206],
  ];
  test.each(dated)("%j holds for what was sent of a file from the future", async (fields, status) => {
    // Its time of change, which no program can set, has to be past: the second of an If-Range must be over.
    await Bun.sleep(Math.max(0, statSync(join(folder.path, "future.txt")).ctimeMs + 1100 - Date.now()));
    for (const target of ["/files/future.txt", "/files/a.txt"]) {
      const sent = (await get(target, "")).fields.get("last-modified")!;
      expect((await get(target, fields.replaceAll("SENT", sent))).status).toBe(status);
    }
  });

  test("a write may follow what was sent of a file from the future, and not what was sent before its change", async () => {
    const path = join(folder.path, "soon.txt");
    writeFileSync(path, "x");
    utimesSync(path, 4_000_000_000, 4_000_000_000);
    const put = async (date: string): Promise<number> => {
      const fields = `If-Unmodified-Since: ${date}\r\nContent-Length: 0\r\n`;
      return (await get("/files/soon.txt", fields, "PUT")).status;
    };
    expect(await put(EARLIER)).toBe(412);
    expect(await put((await get("/files/soon.txt", "")).fields.get("last-modified")!)).toBe(204);
  });

  test("?download names the file", async () => {
    const { fields } = await get("/files/a.txt?download", "");
    expect(fields.get("content-disposition")).toContain('attachment; filename="a.txt"');
  });

  test("active content is sandboxed while uploads are on, and not with --read-only", async () => {
    expect((await get("/files/page.html", "")).fields.get("content-security-policy")).toBe("sandbox");
    expect((await get("/files/a.txt", "")).fields.get("content-security-policy")).toBeUndefined();
    const readOnly = startServer(application(folder.path, "--read-only", "--cache", "60"));
    const raw = "GET /files/page.html HTTP/1.1\r\nHost: a\r\n\r\n";
    const { fields } = readResponses(await exchange(readOnly.port, raw))[0]!;
    expect(fields.get("content-security-policy")).toBeUndefined();
    expect(fields.get("cache-control")).toBe("max-age=60");
    await readOnly.stop();
  });

  test("an empty file is an empty 200", async () => {
    const response = await get("/files/empty.txt", "");
    expect(response).toMatchObject({ status: 200, body: "" });
    expect(response.fields.get("content-length")).toBe("0");
  });
});
