import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { needs } from "../support/needs.ts";
import { application } from "../support/app.ts";
import { answerTo, withoutBody } from "../support/ask.ts";
import type { ReadResponse } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
const SMALL = "Hello, World! ".repeat(1000);
const LARGE = randomBytes(300_000).toString("hex");
const STORED = 784111777;
let plain: StartedServer;
let precompressed: StartedServer;

beforeAll(() => {
  const write = (name: string, content: string | Uint8Array, time = STORED): void => {
    writeFileSync(join(folder.path, name), content);
    utimesSync(join(folder.path, name), time, time);
  };
  write("small.txt", SMALL);
  write("large.txt", LARGE);
  write("data.bin", "unknown kind");
  write("more.bin", Buffer.alloc(1024 * 1024 + 1));
  write("photo.png", "not really");
  write("app.js", "plain script");
  write("app.js.br", brotliCompressSync("brotli script"), STORED);
  write("app.js.gz", gzipSync("gzip script"), STORED + 5);
  write("old.css", "plain style");
  write("old.css.br", brotliCompressSync("older than the file"), STORED - 1);
  write("exact.js", "plain script", STORED + 0.7);
  write("exact.js.br", brotliCompressSync("brotli script"), STORED);
  write("paper.pdf", "plain paper");
  write("paper.pdf.zst", zstdCompressSync("zstd paper"));
  write("world.data", Buffer.alloc(1024 * 1024 + 1));
  write("world.data.gz", gzipSync("gzip world"));
  write("gone.js", "plain script");
  write("gone.js.gz", gzipSync("gzip script"));
  symlinkSync(join(folder.path, "..", "nowhere"), join(folder.path, "gone.js.br"));
  write("letter.html", '<meta charset="iso-8859-1">\xe9');
  write("letter.html.br", brotliCompressSync("brotli letter"));
  write("disk.iso", "not really");
  write("setup.exe", "not really");
  write("all.tar", "not really");
  write("logo.svgz", gzipSync("<svg/>"));
  plain = startServer(application(folder.path));
  precompressed = startServer(application(folder.path, "--precompressed"));
});
afterAll(async () => {
  await plain.stop();
  await precompressed.stop();
  folder[Symbol.dispose]();
});

function get(server: StartedServer, name: string, fields: string, method = "GET"): Promise<ReadResponse> {
  return answerTo(server.port, withoutBody(method, `/files/${name}`, fields));
}

function decode({ body, fields }: ReadResponse): string {
  const bytes = Buffer.from(body, "latin1");
  switch (fields.get("content-encoding")) {
    case "gzip":
      return gunzipSync(bytes).toString();
    case "zstd":
      return zstdDecompressSync(bytes).toString();
    case "br":
      return brotliDecompressSync(bytes).toString();
    default:
      return body;
  }
}

describe("the coding of a file", () => {
  const cases: [acceptEncoding: string | null, coding: string | undefined][] = [
    [null, undefined],
    ["", undefined],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["zstd", "zstd"],
    ["gzip, deflate, br, zstd", "gzip"],
    ["zstd;q=1.0, gzip;q=0.9", "zstd"],
    ["gzip;q=0.5, zstd;q=0.5", "gzip"],
    ["gzip;q=0, zstd;q=0", undefined],
    ["br", undefined],
    ["*", "gzip"],
    ["*;q=0.1, gzip;q=0", "zstd"],
    ["identity", undefined],
    ["identity;q=0.5, gzip;q=0.4", undefined],
    ["identity;q=0.5, gzip", "gzip"],
    ["identity;q=0", undefined],
    ["gzip;q=nonsense", undefined],
  ];
  test.each(cases)("Accept-Encoding: %p gives %p", async (value, coding) => {
    for (const [name, content] of [
      ["small.txt", SMALL],
      ["large.txt", LARGE],
    ] as const) {
      const fields = value === null ? "" : `Accept-Encoding: ${value}\r\n`;
      const response = await get(plain, name, fields);
      const isRefused = value === "identity;q=0";
      expect(response.status).toBe(isRefused ? 406 : 200);
      if (isRefused) continue;
      expect(response.fields.get("content-encoding")).toBe(coding);
      expect(response.fields.get("vary")).toBe("Accept-Encoding");
      expect(decode(response)).toBe(content);
    }
  });

  test("nothing is left for whoever refuses all that there is", async () => {
    const response = await get(plain, "small.txt", "Accept-Encoding: *;q=0\r\n");
    expect(response.status).toBe(406);
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
  });

  test.each(["identity;q=0", "*;q=0"])("%s leaves nothing of what has one form only", async (value) => {
    const refused = `Accept-Encoding: ${value}\r\n`;
    writeFileSync(join(folder.path, "photo.jpg"), "not really");
    expect((await get(plain, "photo.jpg", refused)).status).toBe(406);
    expect((await get(plain, "photo.jpg", refused + "Range: bytes=0-1\r\n")).status).toBe(406);
    expect((await get(plain, "photo.jpg", "Accept-Encoding: gzip\r\n")).status).toBe(200);
  });

  const lines: [name: string, there: string][] = [
    ["small.txt", "there are identity, gzip and zstd"],
    ["photo.png", "there is only identity"],
    ["disk.iso", "there is only identity"],
    ["logo.svgz", "there are identity and gzip"],
  ];
  test.each(lines)("the 406 of %s says that %s", async (name, there) => {
    const response = await get(plain, name, "Accept-Encoding: br, *;q=0\r\n");
    expect(response).toMatchObject({ status: 406, body: `No content coding is left that you accept; ${there}.\n` });
  });

  test.each(["gzip, identity;q=0", "gzip, *;q=0", "identity;q=0, zstd;q=0.5, gzip"])(
    "%s with a range, which is of identity, gets all of gzip",
    async (accepted) => {
      for (const name of ["small.txt", "small.txt?download"]) {
        const response = await get(plain, name, `Accept-Encoding: ${accepted}\r\nRange: bytes=0-4\r\n`);
        expect([response.status, response.fields.get("content-encoding")]).toEqual([200, "gzip"]);
        expect(decode(response)).toBe(SMALL);
      }
    },
  );

  test.each(["disk.iso", "setup.exe", "all.tar", "small.txt?download", "large.txt?download"])(
    "%s is downloaded as it is, with a length",
    async (name) => {
      const response = await get(plain, name, "Accept-Encoding: gzip, zstd\r\n");
      expect(response.fields.has("content-encoding")).toBe(false);
      expect(response.fields.get("content-length")).toBe(String(response.body.length));
      expect(response.fields.get("accept-ranges")).toBe("bytes");
      // A client that refuses identity gets a coding of the texts.
      expect(response.fields.get("vary")).toBe(name.includes("txt") ? "Accept-Encoding" : undefined);
    },
  );

  test.each(["small.txt", "large.txt", "logo.svgz"])(
    "%s?download varies: whoever refuses identity gets a coding",
    async (name) => {
      const saved = name + "?download";
      const answers = [
        await get(plain, saved, ""),
        await get(plain, saved, "Accept-Encoding: gzip\r\n"),
        await get(plain, saved, "Accept-Encoding: gzip, identity;q=0\r\n"),
      ];
      expect(answers.map(({ fields }) => fields.get("content-encoding") ?? "identity").at(-1)).toBe("gzip");
      expect(answers.map(({ fields }) => fields.get("vary"))).toEqual(answers.map(() => "Accept-Encoding"));
    },
  );

  test("each has a strong tag of its own, which stays the same", async () => {
    const tags = async (): Promise<(string | undefined)[]> =>
      Promise.all(
        ["identity", "gzip", "zstd"].map(async (coding) => {
          const response = await get(plain, "small.txt", `Accept-Encoding: ${coding}\r\n`);
          return response.fields.get("etag");
        }),
      );
    const first = await tags();
    expect(new Set(first).size).toBe(3);
    expect(first.every((tag) => tag?.startsWith('"'))).toBe(true);
    expect(await tags()).toEqual(first);
  });

  test.each([
    ["data.bin", "gzip"],
    ["more.bin", undefined],
    ["photo.png", undefined],
  ])("%s is sent as %p", async (name, coding) => {
    const response = await get(plain, name, "Accept-Encoding: gzip\r\n");
    expect(response.fields.get("content-encoding")).toBe(coding);
    expect(response.fields.has("vary")).toBe(coding !== undefined);
  });

  test("a range is of the identity form", async () => {
    const response = await get(plain, "small.txt", "Accept-Encoding: gzip\r\nRange: bytes=0-4\r\n");
    expect(response).toMatchObject({ status: 206, body: "Hello" });
    expect(response.fields.has("content-encoding")).toBe(false);
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
  });

  test.each(["small.txt", "data.bin"])("HEAD of %s tells the length of the coded form", async (name) => {
    const fields = "Accept-Encoding: gzip\r\nConnection: close\r\n";
    const [head, got] = [await get(plain, name, fields, "HEAD"), await get(plain, name, fields)];
    expect(head.fields.get("content-length")).toBe(String(got.body.length));
  });
});

describe("--precompressed", () => {
  const cases: [name: string, acceptEncoding: string, coding: string | undefined, content: string][] = [
    ["app.js", "gzip, deflate, br, zstd", "br", "brotli script"],
    ["app.js", "gzip", "gzip", "gzip script"],
    ["app.js", "gzip;q=0.9, br;q=0.8", "gzip", "gzip script"],
    ["app.js", "zstd, gzip;q=0.5", "zstd", "plain script"],
    ["app.js", "identity", undefined, "plain script"],
    ["old.css", "br", undefined, "plain style"],
    ["old.css", "br, gzip", "gzip", "plain style"],
    ["small.txt", "br, gzip", "gzip", SMALL],
    ["app.js.gz", "gzip", undefined, gzipSync("gzip script").toString("latin1")],
    ["exact.js", "br, gzip", "br", "brotli script"],
    ["paper.pdf", "gzip, zstd", "zstd", "zstd paper"],
    ["paper.pdf", "gzip", undefined, "plain paper"],
    ["world.data", "gzip", "gzip", "gzip world"],
    ["gone.js", "br, gzip;q=0.9", "gzip", "gzip script"],
    ["gone.js", "br", undefined, "plain script"],
    ["app.js?download", "br, gzip", undefined, "plain script"],
    ["app.js?download", "br, identity;q=0", "br", "brotli script"],
  ];
  test.each(cases)("%s for %p is %p", async (name, accepted, coding, content) => {
    const response = await get(precompressed, name, `Accept-Encoding: ${accepted}\r\n`);
    expect(response.fields.get("content-encoding")).toBe(coding);
    expect(decode(response)).toBe(content);
  });

  test("keeps the type of the file, and says that it varies", async () => {
    const response = await get(precompressed, "app.js", "Accept-Encoding: br\r\n");
    expect(response.fields.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
    const tag = response.fields.get("etag")!;
    expect(tag).toEndWith('-br"');
    expect((await get(precompressed, "app.js", `Accept-Encoding: br\r\nIf-None-Match: ${tag}\r\n`)).status).toBe(304);
    expect((await get(precompressed, "app.js", `If-None-Match: ${tag}\r\n`)).status).toBe(200);
  });

  // Root may read everything.
  test.skipIf(needs({ ordinaryUser: true }).skip)("a form that may not be read does not hide the file", async () => {
    writeFileSync(join(folder.path, "shut.js"), "plain script");
    writeFileSync(join(folder.path, "shut.js.br"), brotliCompressSync("brotli script"));
    chmodSync(join(folder.path, "shut.js.br"), 0);
    const response = await get(precompressed, "shut.js", "Accept-Encoding: br\r\n");
    expect(response).toMatchObject({ status: 200, body: "plain script" });
  });

  test("a form has the charset of its file", async () => {
    const response = await get(precompressed, "letter.html", "Accept-Encoding: br\r\n");
    expect(decode(response)).toBe("brotli letter");
    expect(response.fields.get("content-type")).toBe("text/html");
  });

  test("a form that comes later is said to vary, also by a file that is in memory", async () => {
    writeFileSync(join(folder.path, "later.pdf"), "plain");
    utimesSync(join(folder.path, "later.pdf"), STORED, STORED);
    const vary = async (): Promise<string | undefined> =>
      (await get(precompressed, "later.pdf", "")).fields.get("vary");
    expect(await vary()).toBeUndefined();
    writeFileSync(join(folder.path, "later.pdf.br"), brotliCompressSync("brotli"));
    expect(await vary()).toBe("Accept-Encoding");
  });

  test("is ignored for a range and without the flag", async () => {
    const ranged = await get(precompressed, "app.js", "Accept-Encoding: br\r\nRange: bytes=0-4\r\n");
    expect(ranged).toMatchObject({ status: 206, body: "plain" });
    expect(decode(await get(plain, "app.js", "Accept-Encoding: br, gzip\r\n"))).toBe("plain script");
  });
});

describe("a file whose format is a coding of another (.svgz)", () => {
  const IMAGE = "image/svg+xml";
  const BYTES = "application/gzip";
  const cases: [accepted: string | null, type: string, coding: string | undefined][] = [
    [null, IMAGE, "gzip"],
    ["gzip, deflate, br", IMAGE, "gzip"],
    ["*", IMAGE, "gzip"],
    ["gzip, identity;q=0", IMAGE, "gzip"],
    ["", BYTES, undefined],
    ["identity", BYTES, undefined],
    ["br, zstd", BYTES, undefined],
    ["gzip;q=0", BYTES, undefined],
  ];
  test.each(cases)("for %p is %s", async (accepted, type, coding) => {
    const fields = accepted === null ? "" : `Accept-Encoding: ${accepted}\r\n`;
    // Twice: the second comes from memory.
    for (let i = 0; i < 2; i++) {
      const response = await get(plain, "logo.svgz", fields);
      expect(response.fields.get("content-type")).toBe(type);
      expect(response.fields.get("content-encoding")).toBe(coding);
      expect(response.fields.get("vary")).toBe("Accept-Encoding");
      expect(gunzipSync(Buffer.from(response.body, "latin1")).toString()).toBe("<svg/>");
      expect(response.fields.get("content-security-policy")).toBe(type === IMAGE ? "sandbox" : undefined);
    }
  });

  test("is its own bytes to whoever saves it or asks for a part", async () => {
    const saved = await get(plain, "logo.svgz?download", "Accept-Encoding: gzip\r\n");
    expect([saved.fields.get("content-type"), saved.fields.has("content-encoding")]).toEqual([BYTES, false]);
    const part = await get(plain, "logo.svgz", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\n");
    expect(part).toMatchObject({ status: 206, body: "\x1f\x8b" });
    expect([part.fields.get("content-type"), part.fields.has("content-encoding")]).toEqual([BYTES, false]);
  });
});

test.each(["letter.html", "utf8.html", "sheet.css", "large.html"])(
  "the charset of %s is not said twice",
  async (name) => {
    const content: Record<string, string> = {
      "utf8.html": "<p>",
      "sheet.css": '@charset "iso-8859-1";',
      "large.html": "<meta charset=koi8-r>" + " ".repeat(1024 * 1024),
    };
    if (content[name] !== undefined) writeFileSync(join(folder.path, name), content[name]);
    const essence = name.endsWith(".css") ? "text/css" : "text/html";
    for (const method of ["HEAD", "GET", "GET"]) {
      const response = await get(plain, name, "Connection: close\r\n", method);
      expect(response.fields.get("content-type")).toBe(name === "utf8.html" ? essence + "; charset=utf-8" : essence);
    }
  },
);
