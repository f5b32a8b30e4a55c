import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { ask } from "../support/ask.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const PLAIN = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";
/** 1,023 letters, so that what follows is cut by the first KiB. */
const NEARLY = "x".repeat(1023);
/** Packets of 188 bytes, each behind a sync byte. */
const STREAM = Buffer.concat(
  Array.from({ length: 8 }, () => Buffer.concat([Buffer.from([0x47, 0x40]), Buffer.alloc(186, 0xff)])),
);

const files: [name: string, content: string | Buffer, type: string][] = [
  ["LICENSE", "MIT License\n", PLAIN],
  ["notes", "Gr\u00fc\u00dfe \u{1f600}\r\n\ttab\f", PLAIN],
  ["colours", "\x1b[31mred\x1b[0m\n", PLAIN],
  ["cut-character", NEARLY + "\u{1f600} and more", PLAIN],
  ["program", Buffer.from("\x7fELF\x02\x01\x01\0", "latin1"), BYTES],
  ["latin", Buffer.from("Gr\xfc\xdfe\n", "latin1"), BYTES],
  ["half-character", Buffer.from("abc\xe2\x82", "latin1"), BYTES],
  ["nul-late", NEARLY + "\0", BYTES],
  ["nul-behind", NEARLY + "x\0", PLAIN],
  ["bell", "ding\x07\n", BYTES],
  ["empty", "", BYTES],
  ["code.ts", "export const a = 1;\n", PLAIN],
  ["CODE.TS", "export const a = 1;\n", PLAIN],
  ["module.mts", "export {};\n", PLAIN],
  ["movie.ts", STREAM, "video/mp2t"],
  ["camera.mts", STREAM, "video/mp2t"],
  ["page.html", "<p>", "text/html; charset=utf-8"],
  ["other.xyz", "text all the same\n", BYTES],
  ["ends.", "text\n", BYTES],
];

describe("the type of a file", () => {
  test.each([
    ["that is small and asked for often", 0],
    ["that is large", 300_000],
  ])("%s is the same for every way to ask", async (_, padding) => {
    using folder = tempFolder();
    const server = startServer(application(folder.path));
    for (const [name, content] of files) {
      const bytes = Buffer.from(content);
      const isText = bytes.length > 0 && padding > 0;
      writeFileSync(join(folder.path, name), isText ? Buffer.concat([bytes, Buffer.alloc(padding, " ")]) : bytes);
    }
    // Behind a text that ends in the middle of a character more may come.
    const cases = files.filter(([name]) => padding === 0 || name !== "half-character");
    for (const [name, , type] of cases) {
      const types: (string | undefined)[] = [];
      for (const [method, fields] of [
        ["GET", ""],
        ["HEAD", ""],
        ["GET", "Range: bytes=0-0\r\n"],
        ["GET", ""],
        ["GET", ""],
      ] as const) {
        if (name === "empty" && fields !== "") continue;
        types.push((await ask(server.port, method, `/files/${name}`, fields)).fields.get("content-type"));
      }
      expect([name, ...new Set(types)]).toEqual([name, type]);
    }
    await server.stop();
  });

  test("is that of the file where a coded form of it is sent", async () => {
    using folder = tempFolder();
    for (const [name, content] of [
      ["LICENSE", "MIT\n"],
      ["code.ts", "export {};\n"],
      ["program", "\x7fELF\0"],
    ] as const) {
      writeFileSync(join(folder.path, name), Buffer.from(content, "latin1"));
      writeFileSync(join(folder.path, name + ".gz"), Bun.gzipSync(Buffer.from(content, "latin1")));
    }
    const server = startServer(application(folder.path, "--precompressed"));
    const types: (string | undefined)[] = [];
    for (const name of ["LICENSE", "code.ts", "program"]) {
      const { fields } = await ask(server.port, "GET", `/files/${name}`, "Accept-Encoding: gzip\r\n");
      expect(fields.get("content-encoding")).toBe("gzip");
      types.push(fields.get("content-type"));
    }
    await server.stop();
    expect(types).toEqual([PLAIN, PLAIN, BYTES]);
  });

  test("that opens as text opens as nothing else", async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "evil"), "<script>alert(1)</script>");
    const server = startServer(application(folder.path));
    const reply = await ask(server.port, "GET", "/files/evil");
    expect(reply.fields.get("content-type")).toBe(PLAIN);
    expect(reply.fields.get("x-content-type-options")).toBe("nosniff");
    await server.stop();
  });
});
