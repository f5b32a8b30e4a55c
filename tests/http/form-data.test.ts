// Multipart bodies: ranges going out, and forms coming in, whole, cut anywhere, hostile, and as clients send them.

import { describe, expect, test } from "bun:test";
import {
  BAD_DELIMITER,
  BAD_DISPOSITION,
  BAD_FILENAME,
  BAD_PART_HEAD,
  BAD_PART_TEXT,
  ENCODED_PART,
  INCOMPLETE_FORM,
  NESTED_FORM,
  OUTSIDE_PARTS,
  PART_HEAD_TOO_LARGE,
  STRAY_DELIMITER,
  TOO_MANY_PARTS,
} from "../../src/http/form-refusal.ts";
import { byterangesType, frameByteranges } from "../../src/http/byteranges.ts";
import { FormDataParser } from "../../src/http/form-data.ts";
import { boundaryOf, isFormData } from "../../src/http/form-type.ts";
import type { Refusal } from "../../src/http/refusal.ts";
import { processorMs } from "../support/processor-time.ts";

interface Part {
  name: string;
  filename: string | undefined;
  contentType: string;
  /** One char per byte. */
  content: string;
}

const MAX_PARTS = 5;

/** The bytes of a text with one char per byte. */
function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Text as UTF-8, one char per byte. */
function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** The parts of a form that arrives in these chunks, or the refusal. Also checks that the events are in order. */
function parse(boundary: string, chunks: readonly Uint8Array[], maxParts = MAX_PARTS): Part[] | Refusal {
  const parser = new FormDataParser(boundary, maxParts);
  const parts: Part[] = [];
  let open: Part | null = null;
  for (const chunk of chunks) {
    parser.feed(chunk);
    for (let event = parser.next(); event !== null; event = parser.next()) {
      switch (event.kind) {
        case "part-begin": {
          expect(open).toBeNull();
          const { kind: _, ...head } = event;
          open = { ...head, content: "" };
          break;
        }
        case "part-data":
          expect(event.bytes.length).toBeGreaterThan(0);
          open!.content += Buffer.from(event.bytes).toString("latin1");
          break;
        case "part-end":
          parts.push(open!);
          open = null;
          break;
        case "refused":
          expect(parser.next()).toBeNull();
          expect(parser.finish()).toBe(event.refusal);
          return event.refusal;
      }
    }
  }
  const refusal = parser.finish();
  if (refusal === null) expect(open).toBeNull();
  return refusal ?? parts;
}

/** Feeds the body whole, cut once at every byte boundary, and byte by byte; the outcome must be the same. */
function parseCut(boundary: string, body: string): Part[] | Refusal {
  const bytes = latin1(body);
  const whole = parse(boundary, [bytes]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(parse(boundary, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
  }
  expect(
    parse(
      boundary,
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
    ),
  ).toEqual(whole);
  return whole;
}

const FIELD = 'Content-Disposition: form-data; name="a"\r\n';

function form(content: string): string {
  return `--b\r\n${FIELD}\r\n${content}\r\n--b--\r\n`;
}

function field(content: string, name = "a"): Part {
  return { name, filename: undefined, contentType: "text/plain", content };
}

const accepted: [why: string, body: string, parts: Part[]][] = [
  ["one field", form("hello"), [field("hello")]],
  ["an empty field", form(""), [field("")]],
  ["a form without a part", "--b--\r\n", []],
  ["a form without a last line end", form("x").slice(0, -2), [field("x")]],
  [
    "two fields",
    `--b\r\n${FIELD}\r\n1\r\n--b\r\nContent-Disposition: form-data; name="c"\r\n\r\n2\r\n--b--`,
    [field("1"), field("2", "c")],
  ],
  ["two parts of one name", `--b\r\n${FIELD}\r\n1\r\n--b\r\n${FIELD}\r\n2\r\n--b--`, [field("1"), field("2")]],
  [
    "a file with its type",
    '--b\r\nContent-Disposition: form-data; name="f"; filename="x/y.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\0\xff\r\n--b--\r\n',
    [{ name: "f", filename: "x/y.png", contentType: "image/png", content: "\x89PNG\r\n\x1a\n\0\xff" }],
  ],
  [
    "a file name in UTF-8",
    utf8('--b\r\nContent-Disposition: form-data; name="é"; filename="資料.zip"\r\n\r\nü\r\n--b--\r\n'),
    [{ name: "é", filename: "資料.zip", contentType: "text/plain", content: utf8("ü") }],
  ],
  [
    "field names in any case and in any order, unknown ones ignored, even twice",
    '--b\r\nX-A: 1\r\ncontent-TYPE:text/css \t\r\nx-a: 2\r\ncontent-disposition:  form-data; name="a"\r\n\r\n1\r\n--b--',
    [{ ...field("1"), contentType: "text/css" }],
  ],
  ["an encoding that is none", `--b\r\n${FIELD}Content-Transfer-Encoding: Binary\r\n\r\n1\r\n--b--`, [field("1")]],
  ["a preamble", `This is a form.\r\n\r\n--b\r\n${FIELD}\r\n1\r\n--b--`, [field("1")]],
  ["a preamble of one line end", `\r\n--b\r\n${FIELD}\r\n1\r\n--b--`, [field("1")]],
  ["a preamble with something like the boundary", `--a\r\n-b\r\n--b\r\n${FIELD}\r\n1\r\n--b--`, [field("1")]],
  ["an epilogue", `${form("1")}and more\r\n--a\r\nthat is nothing\r\n`, [field("1")]],
  ["an end behind the closing boundary", "--b--", []],
  ["an end behind its padding", "--b-- \t", []],
  ["a folded head", `--b\r\nContent-Disposition:\r\n form-data;\r\n\tname="a"\r\n\r\n1\r\n--b--`, [field("1")]],
  [
    "a file that is a multipart type itself",
    '--b\r\nContent-Disposition: form-data; name="f"; filename="a.mht"\r\nContent-Type: multipart/related\r\n\r\n1\r\n--b--',
    [{ name: "f", filename: "a.mht", contentType: "multipart/related", content: "1" }],
  ],
  [
    "white space behind the boundary",
    `--b \t\r\n${FIELD}\r\n1\r\n--b\t\r\n${FIELD}\r\n2\r\n--b-- \r\n`,
    [field("1"), field("2")],
  ],
  ["content that ends in a line end", form("x\r\n"), [field("x\r\n")]],
  ["content of line ends", form("\r\n\r\n"), [field("\r\n\r\n")]],
  ["content of CRs", form("\r\r\r"), [field("\r\r\r")]],
  ["content of LFs", form("\n\n--b\n"), [field("\n\n--b\n")]],
  ["content with dashes", form("--"), [field("--")]],
  ["content that looks like a delimiter but for its last byte", form("\r\n--c"), [field("\r\n--c")]],
  [
    "content that is nearly a delimiter, again and again",
    form("\r\n-\r\n--\r\r\n--\r\n"),
    [field("\r\n-\r\n--\r\r\n--\r\n")],
  ],
  ["content with the boundary but no line end before it", form("x--b--"), [field("x--b--")]],
  ["content with a CR before the delimiter", form("x\r"), [field("x\r")]],
  ["the delimiter right behind the head", `--b\r\n${FIELD}\r\n--b--\r\n`, [field("")]],
  ["content that begins nearly like the delimiter", form("--c"), [field("--c")]],
];

const refused: [why: string, body: string, refusal: Refusal][] = [
  ["nothing", "", INCOMPLETE_FORM],
  ["only a preamble", "hello", INCOMPLETE_FORM],
  ["only the boundary", "--b", INCOMPLETE_FORM],
  ["an end in the head", `--b\r\n${FIELD}`, INCOMPLETE_FORM],
  ["an end in the content", `--b\r\n${FIELD}\r\nhello`, INCOMPLETE_FORM],
  ["an end before the last dash", form("x").slice(0, -3), INCOMPLETE_FORM],
  ["an end behind a delimiter that is not the last", `--b\r\n${FIELD}\r\n1\r\n--b\r\n`, INCOMPLETE_FORM],
  ["another boundary", form("x").replaceAll("--b", "--c"), INCOMPLETE_FORM],
  ["bare LF for line ends", form("x").replaceAll("\r\n", "\n"), BAD_DELIMITER],
  ["text behind the boundary", `--bc\r\n${FIELD}\r\n1\r\n--bc--`, BAD_DELIMITER],
  ["one dash behind the boundary", `--b-\r\n${FIELD}\r\n1\r\n--b--`, BAD_DELIMITER],
  ["text behind white space behind the boundary", `--b x\r\n${FIELD}\r\n1\r\n--b--`, BAD_DELIMITER],
  ["dashes behind white space behind the boundary", `--b\r\n${FIELD}\r\n1\r\n--b --`, BAD_DELIMITER],
  ["a bare CR behind the boundary", `--b\r${FIELD}\r\n1\r\n--b--`, BAD_DELIMITER],
  ["no head", "--b\r\n\r\nx\r\n--b--", BAD_DISPOSITION],
  ["no Content-Disposition", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", BAD_DISPOSITION],
  [
    "another Content-Disposition",
    '--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--b--',
    BAD_DISPOSITION,
  ],
  ["no name", '--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n--b--', BAD_DISPOSITION],
  ["two Content-Dispositions", `--b\r\n${FIELD}${FIELD}\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["two Content-Types", `--b\r\n${FIELD}Content-Type: a/b\r\ncontent-type: a/b\r\n\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a line without a colon", `--b\r\n${FIELD}hello\r\n\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a line without a name", `--b\r\n${FIELD}: x\r\n\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a space before the colon", `--b\r\n${FIELD}X : x\r\n\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a head that begins folded", `--b\r\n ${FIELD}\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a folded line with what cannot go on there", `--b\r\n${FIELD} x: y\r\n\r\nx\r\n--b--`, BAD_DISPOSITION],
  ["a byte order mark before the first boundary", `\xef\xbb\xbf${form("1")}`, STRAY_DELIMITER],
  ["a bare LF before the first boundary", `\n--b\r\n${FIELD}\r\n1\r\n--b\r\n${FIELD}\r\n2\r\n--b--`, STRAY_DELIMITER],
  ["a space before the first boundary", ` ${form("1")}`, STRAY_DELIMITER],
  ["a dash before the first boundary", `-${form("1")}`, STRAY_DELIMITER],
  ["a preamble with the boundary inside of a line", `x--b\r\n--b\r\n${FIELD}\r\n1\r\n--b--`, STRAY_DELIMITER],
  ["a preamble that ends in a bare CR", `x\r${form("1")}`, STRAY_DELIMITER],
  ["text behind the closing boundary", `--b\r\n${FIELD}\r\n1\r\n--b--foo\r\n`, BAD_DELIMITER],
  ["text behind its padding", `--b\r\n${FIELD}\r\n1\r\n--b-- foo`, BAD_DELIMITER],
  ["a third dash behind the closing boundary", `--b\r\n${FIELD}\r\n1\r\n--b---`, BAD_DELIMITER],
  ["a bare LF behind the closing boundary", `--b\r\n${FIELD}\r\n1\r\n--b--\n`, BAD_DELIMITER],
  ["an end between CR and LF", `--b\r\n${FIELD}\r\n1\r\n--b--\r`, INCOMPLETE_FORM],
  ["a part behind the end", `${form("1")}--b\r\n${FIELD}\r\n2\r\n--b--`, STRAY_DELIMITER],
  ["a second end", `${form("1")}--b--\r\n`, STRAY_DELIMITER],
  [
    "a form inside of the form",
    '--b\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: Multipart/Mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--c--\r\n--b--',
    NESTED_FORM,
  ],
  [
    "a file name in pieces",
    '--b\r\nContent-Disposition: form-data; name="f"; filename*0="a"\r\n\r\n1\r\n--b--',
    BAD_FILENAME,
  ],
  ["a bare LF in the head", `--b\r\nX: y\n${FIELD}\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a bare CR in the head", `--b\r\nX: y\r${FIELD}\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a NUL in the head", `--b\r\nX: \0\r\n${FIELD}\r\nx\r\n--b--`, BAD_PART_HEAD],
  ["a name that is not UTF-8", '--b\r\nContent-Disposition: form-data; name="\xe9"\r\n\r\nx\r\n--b--', BAD_PART_TEXT],
  [
    "a file name cut inside of a character",
    '--b\r\nContent-Disposition: form-data; name="a"; filename="\xe8\xb3"\r\n\r\nx\r\n--b--',
    BAD_PART_TEXT,
  ],
  [
    "a file name with an overlong slash",
    '--b\r\nContent-Disposition: form-data; name="a"; filename="\xc0\xaf"\r\n\r\nx\r\n--b--',
    BAD_PART_TEXT,
  ],
  ["base64", `--b\r\n${FIELD}Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--`, ENCODED_PART],
  ["one part more than allowed", `--b\r\n${FIELD}\r\n1\r\n`.repeat(MAX_PARTS + 1) + "--b--", TOO_MANY_PARTS],
];

const KIB = 1024;
const EMPTY_LINE = "\r\n";
const FULL_HEAD = `${FIELD}X: ${"x".repeat(8 * KIB - FIELD.length - "X: ".length - 2 * EMPTY_LINE.length)}\r\n\r\n`;

const limits: [why: string, body: string, outcome: Refusal | number][] = [
  ["a head of 8 KiB", `--b\r\n${FULL_HEAD}1\r\n--b--`, 1],
  ["two heads of 8 KiB", `--b\r\n${FULL_HEAD}1\r\n--b\r\n${FULL_HEAD}2\r\n--b--`, 2],
  ["a head of 8 KiB and a byte", `--b\r\nX${FULL_HEAD}1\r\n--b--`, PART_HEAD_TOO_LARGE],
  ["a head that never ends", `--b\r\n${"x".repeat(9 * KIB)}`, PART_HEAD_TOO_LARGE],
  ["a head of many lines", `--b\r\n${"X: y\r\n".repeat(2000)}`, PART_HEAD_TOO_LARGE],
  ["a preamble of 8 KiB", `${"x".repeat(8 * KIB)}\r\n${form("1")}`, 1],
  ["a preamble of 8 KiB and a byte", `${"x".repeat(8 * KIB + 1)}\r\n${form("1")}`, OUTSIDE_PARTS],
  ["a preamble of line ends", "\r\n".repeat(5000), OUTSIDE_PARTS],
  ["an epilogue of 8 KiB", `--b--\r\n${"x".repeat(8 * KIB)}`, 0],
  ["an epilogue of 8 KiB and a byte", `--b--\r\n${"x".repeat(8 * KIB + 1)}`, OUTSIDE_PARTS],
  ["a preamble and an epilogue of 8 KiB", `${"x".repeat(8 * KIB)}\r\n--b--\r\n${"x".repeat(8 * KIB)}`, 0],
  ["a boundary at the end of 8 KiB behind the end", `--b--\r\n${"x".repeat(8 * KIB - 3)}--bx`, STRAY_DELIMITER],
  ["a boundary past 8 KiB behind the end", `--b--\r\n${"x".repeat(8 * KIB - 2)}--bx`, OUTSIDE_PARTS],
  ["all the parts that are allowed", `--b\r\n${FIELD}\r\n1\r\n`.repeat(MAX_PARTS) + "--b--", MAX_PARTS],
];

describe("FormDataParser", () => {
  test.each(accepted)("takes %s", (_why, body, parts) => {
    expect(parseCut("b", body)).toEqual(parts);
  });

  test.each(refused)("refuses %s", (_why, body, refusal) => {
    expect(parseCut("b", body)).toEqual(refusal);
  });

  test.each(limits)("limits: %s", (_why, body, outcome) => {
    const bytes = latin1(body);
    const chunks = (size: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    for (const size of [bytes.length, 1, 7, 1000, 8192]) {
      const result = parse("b", chunks(size));
      expect(Array.isArray(result) ? result.length : result).toEqual(outcome);
    }
  });

  test("a boundary of 70 chars with everything that may stand in one", () => {
    const boundary = "'()+_,-./:=? 0a".padEnd(70, "Z");
    const body = form("x\r\n--'()+_,-./:=? 0aZZZ").replaceAll("--b", `--${boundary}`);
    expect(parseCut(boundary, body)).toEqual([field("x\r\n--'()+_,-./:=? 0aZZZ")]);
  });

  test("what fetch sends of a FormData comes back", async () => {
    const data = new FormData();
    data.append("text", "first\nsecond");
    data.append('na"me', "");
    data.append("file", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'ä "b".bin', { type: "application/x-b" }));
    const response = new Response(data);
    const boundary = boundaryOf(response.headers.get("content-type")!)!;
    const parts = parse(boundary, [await response.bytes()]);
    expect(parts).toEqual([
      {
        name: "text",
        filename: undefined,
        contentType: "text/plain",
        content: expect.stringMatching(/^first\r?\nsecond$/),
      },
      { name: 'na"me', filename: undefined, contentType: "text/plain", content: "" },
      { name: "file", filename: 'ä "b".bin', contentType: "application/x-b", content: "\0\r\n--\xff" },
    ]);
  });

  test("data is given as views of the chunk, not as copies", () => {
    const parser = new FormDataParser("b", 1);
    const chunk = latin1(`--b\r\n${FIELD}\r\none\r\ntwo\r\nthree\r\n--b--`);
    parser.feed(chunk);
    const views: Uint8Array[] = [];
    for (let event = parser.next(); event !== null; event = parser.next()) {
      if (event.kind === "part-data") views.push(event.bytes);
    }
    expect(views.map((view) => Buffer.from(view).toString())).toEqual(["one\r\ntwo\r\nthree"]);
    expect(views[0]!.buffer).toBe(chunk.buffer);
  });

  test("random forms come back whole, however they are cut", () => {
    let state = 4221;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    const pieces = ["\r", "\n", "-", "--", "\r\n", "\r\n--", "\r\n--bou", "\r\n--boundar", "bound", "x", "\0"];
    for (let round = 0; round < 1000; round++) {
      const contents = Array.from({ length: random(MAX_PARTS + 1) }, () =>
        Array.from({ length: random(12) }, () => pieces[random(pieces.length)]!).join(""),
      );
      // A content that holds the delimiter, or ends the head's line with it, is none that a client may send.
      const isLegal = contents.every((content) => !`\r\n${content}\r\n`.includes("\r\n--boundary"));
      if (!isLegal) continue;
      const body = latin1(
        contents.map((content) => `--boundary\r\n${FIELD}\r\n${content}\r\n`).join("") + "--boundary--\r\n",
      );
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < body.length;) {
        const length = 1 + random(40);
        chunks.push(body.subarray(at, at + length));
        at += length;
      }
      expect(parse("boundary", chunks)).toEqual(contents.map((content) => field(content)));
    }
  });

  const hostile: [why: string, piece: string][] = [
    ["CRs", "\r"],
    ["line ends", "\r\n"],
    ["delimiters that lack a byte", `\r\n--${"b".repeat(69)}`],
    ["other bytes", "x"],
  ];
  test.each(hostile)("8 MiB of %s take linear time", (_why, piece) => {
    const boundary = "b".repeat(70);
    const parser = new FormDataParser(boundary, 1);
    parser.feed(latin1(`--${boundary}\r\n${FIELD}\r\n`));
    while (parser.next() !== null);
    const chunk = latin1(piece.repeat(Math.ceil((64 * KIB) / piece.length)));
    const cost = processorMs(() => {
      for (let i = 0; i < 128; i++) {
        parser.feed(chunk);
        while (parser.next() !== null);
      }
    });
    // About 100 ms at worst; quadratic work would take minutes.
    expect(cost).toBeLessThan(2000);
  });
});

const boundaries: [why: string, contentType: string, boundary: string | null][] = [
  ["a token", "multipart/form-data; boundary=abc", "abc"],
  [
    "a browser's",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "----WebKitFormBoundary7MA4YWxkTrZu0gW",
  ],
  ["quoted", 'multipart/form-data; boundary="a b:c"', "a b:c"],
  ["capitals", "Multipart/Form-Data; BOUNDARY=aBc", "aBc"],
  ["without white space, behind another parameter", "multipart/form-data;charset=utf-8;boundary=abc", "abc"],
  ["70 chars", `multipart/form-data; boundary=${"x".repeat(70)}`, "x".repeat(70)],
  ["71 chars", `multipart/form-data; boundary=${"x".repeat(71)}`, null],
  ["none", "multipart/form-data", null],
  ["an empty one", "multipart/form-data; boundary=", null],
  ["an empty one in quotes", 'multipart/form-data; boundary=""', null],
  ["a space at its end", 'multipart/form-data; boundary="abc "', null],
  ["a char that no boundary has", 'multipart/form-data; boundary="a@b"', null],
  ["a token with a char that no boundary has", "multipart/form-data; boundary=a!b", null],
  ["a backslash", 'multipart/form-data; boundary="a\\b"', null],
  ["a line end", 'multipart/form-data; boundary="a\r\nb"', null],
  ["unquoted where quotes are needed", "multipart/form-data; boundary=a:b", null],
  ["two", "multipart/form-data; boundary=a; boundary=b", null],
  ["a quote without its end", 'multipart/form-data; boundary="abc', null],
  ["text behind it", "multipart/form-data; boundary=abc def", null],
  ["another multipart type", "multipart/mixed; boundary=abc", null],
  ["a type that only begins like it", "multipart/form-data-x; boundary=abc", null],
  ["no multipart type", "text/plain; boundary=abc", null],
  ["nothing", "", null],
];

describe("boundaryOf", () => {
  test.each(boundaries)("%s", (_why, contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });
});

test("isFormData looks at the type alone", () => {
  expect(isFormData("Multipart/Form-Data")).toBeTrue();
  expect(isFormData("multipart/form-data ;boundary")).toBeTrue();
  expect(isFormData("multipart/form-datax")).toBeFalse();
  expect(isFormData("multipart/mixed; boundary=x")).toBeFalse();
});

describe("frameByteranges", () => {
  const content = "0123456789abcdefghij";
  const frame = frameByteranges(
    "B",
    "text/plain",
    [
      { from: 2, length: 3 },
      { from: 18, length: 2 },
    ],
    content.length,
  );

  test("frames each range with its type and place, and closes", () => {
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
    const body =
      text(frame.heads[0]!) + content.slice(2, 5) + text(frame.heads[1]!) + content.slice(18) + text(frame.closing);
    expect(body).toBe(
      "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 2-4/20\r\n\r\n234" +
        "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 18-19/20\r\n\r\nij" +
        "\r\n--B--\r\n",
    );
    expect(frame.length).toBe(body.length);
  });

  test("a length past 2^32 is exact", () => {
    const size = 2 ** 41;
    const large = frameByteranges(
      "B",
      "a/b",
      [
        { from: 0, length: 2 ** 40 },
        { from: size - 1, length: 1 },
      ],
      size,
    );
    const framing = [...large.heads, large.closing].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(large.length).toBe(framing + 2 ** 40 + 1);
  });

  test("byterangesType names the boundary", () => {
    expect(byterangesType("B")).toBe("multipart/byteranges; boundary=B");
  });
});
