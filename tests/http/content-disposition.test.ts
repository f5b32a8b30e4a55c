// Content-Disposition: names that leave (RFC 6266) and names that come in forms (RFC 7578 4.2).

import { describe, expect, test } from "bun:test";
import { attachment, type FormDisposition, parseFormDisposition } from "../../src/http/content-disposition.ts";
import { BAD_DISPOSITION, BAD_FILENAME } from "../../src/http/form-refusal.ts";
import { processorMs } from "../support/processor-time.ts";

const attached: [why: string, name: string, fallback: string, extended: string][] = [
  ["a plain name", "report.pdf", "report.pdf", "report.pdf"],
  ["a space", "my report.pdf", "my report.pdf", "my%20report.pdf"],
  ["an umlaut", "Übersicht.txt", "_bersicht.txt", "%C3%9Cbersicht.txt"],
  ["a script without a Latin letter", "資料.zip", "__.zip", "%E8%B3%87%E6%96%99.zip"],
  ["a character outside of the basic plane", "🎉.gif", "_.gif", "%F0%9F%8E%89.gif"],
  ["a euro sign", "10 €.txt", "10 _.txt", "10%20%E2%82%AC.txt"],
  ["a quote", 'a"b.txt', "a_b.txt", "a%22b.txt"],
  ["a backslash", "a\\b.txt", "a_b.txt", "a%5Cb.txt"],
  ["a percent sign, which some browsers decode", "100%41.txt", "100_41.txt", "100%2541.txt"],
  ["a line end", "a\r\nSet-Cookie: b", "a__Set-Cookie: b", "a%0D%0ASet-Cookie%3A%20b"],
  ["a NUL", "a\0b", "a_b", "a%00b"],
  ["a tab and a DEL", "a\tb\x7f", "a_b_", "a%09b%7F"],
  ["a slash", "a/b", "a_b", "a%2Fb"],
  ["a semicolon and an equals sign", "a;filename=b", "a;filename=b", "a%3Bfilename%3Db"],
  ["what encodeURIComponent leaves", "it's (1)*!~.txt", "it's (1)*!~.txt", "it%27s%20%281%29%2A!~.txt"],
  ["a line separator of Unicode", "a\u2028b", "a_b", "a%E2%80%A8b"],
  ["half a surrogate pair", "a\ud800b", "a_b", "a%EF%BF%BDb"],
  ["nothing", "", "", ""],
];

const formParts: [why: string, value: string, disposition: FormDisposition][] = [
  ["a field", 'form-data; name="text"', { name: "text", filename: undefined }],
  ["a file", 'form-data; name="file"; filename="a.txt"', { name: "file", filename: "a.txt" }],
  ["parameters in the other order", 'form-data; filename="a.txt"; name="file"', { name: "file", filename: "a.txt" }],
  ["names without quotes", "form-data; name=file; filename=a.txt", { name: "file", filename: "a.txt" }],
  ["names in capitals", 'Form-Data; NAME="file"; FileName="a.txt"', { name: "file", filename: "a.txt" }],
  ["no white space", 'form-data;name="file";filename="a.txt"', { name: "file", filename: "a.txt" }],
  ["much white space and a last semicolon", 'form-data ;\t name="file" ; ', { name: "file", filename: undefined }],
  ["a parameter that we do not know", 'form-data; name="a"; size=3', { name: "a", filename: undefined }],
  ["an empty name", 'form-data; name=""', { name: "", filename: undefined }],
  ["a file input without a file", 'form-data; name="file"; filename=""', { name: "file", filename: "" }],
  ["a semicolon in quotes", 'form-data; name="a;b"; filename="c; d=e"', { name: "a;b", filename: "c; d=e" }],
  ["a quote as browsers send it", 'form-data; name="a%22b"; filename="c%22d"', { name: 'a"b', filename: 'c"d' }],
  ["line ends as browsers send them", 'form-data; name="a%0D%0Ab"', { name: "a\r\nb", filename: undefined }],
  [
    "other percent signs stay",
    'form-data; name="a"; filename="100%25%0d.txt"',
    { name: "a", filename: "100%25%0d.txt" },
  ],
  ["a quote behind a backslash", 'form-data; name="a\\"b"', { name: 'a"b', filename: undefined }],
  ["two backslashes are one", 'form-data; name="a"; filename="b\\\\c"', { name: "a", filename: "b\\c" }],
  [
    "a backslash before anything else stays",
    'form-data; name="a"; filename="dir\\b"',
    { name: "a", filename: "dir\\b" },
  ],
  ["folders", 'form-data; name="a"; filename="b/c/d.txt"', { name: "a", filename: "b/c/d.txt" }],
  ["other scripts", 'form-data; name="é"; filename="資料.zip"', { name: "é", filename: "資料.zip" }],
  ["an extended name alone", "form-data; name=a; filename*=UTF-8''%e8%B3%87.zip", { name: "a", filename: "資.zip" }],
  ["an extended name with a language", "form-data; name=a; filename*=utf-8'en'b", { name: "a", filename: "b" }],
  [
    "an extended name beside the plain one",
    `form-data; name=a; filename="b"; filename*=UTF-8''c`,
    { name: "a", filename: "c" },
  ],
  [
    "a malformed extended name beside the plain one",
    "form-data; name=a; filename=b; filename*=c",
    { name: "a", filename: "b" },
  ],
  [
    "what .NET sends: an encoded word beside the extended name",
    `form-data; name=a; filename="=?utf-8?B?w6QvYi50eHQ=?="; filename*=utf-8''%C3%A4b.txt`,
    { name: "a", filename: "äb.txt" },
  ],
  ["an encoded word alone", 'form-data; name=a; filename="=?UTF-8?B?w6Q=?="', { name: "a", filename: "ä" }],
  [
    "an encoded word in Q",
    'form-data; name=a; filename="=?utf-8?q?a_=C3=A4=2Etxt?="',
    { name: "a", filename: "a ä.txt" },
  ],
  [
    "encoded words that cut a character",
    'form-data; name=a; filename="=?utf-8?B?YcM=?= =?utf-8?B?pA==?="',
    { name: "a", filename: "aä" },
  ],
  [
    "what only looks like an encoded word",
    'form-data; name=a; filename="=?x?=.txt"',
    { name: "a", filename: "=?x?=.txt" },
  ],
  [
    "pieces beside an extended name",
    "form-data; name=a; filename*0=b; filename*=utf-8''bc",
    { name: "a", filename: "bc" },
  ],
  [
    "an empty extended name beside a plain one",
    "form-data; name=a; filename=b; filename*=utf-8''",
    { name: "a", filename: "b" },
  ],
  [
    "a path of the client's machine",
    'form-data; name=a; filename="C:\\dir\\sub dir\\a.txt"',
    { name: "a", filename: "a.txt" },
  ],
  ["one with slashes", 'form-data; name=a; filename="c:/dir/a.txt"', { name: "a", filename: "a.txt" }],
  ["one of its network", 'form-data; name=a; filename="\\\\nas\\share\\a.txt"', { name: "a", filename: "a.txt" }],
  ["a letter and a colon that are a name", 'form-data; name=a; filename="c:a.txt"', { name: "a", filename: "c:a.txt" }],
  [
    "an extended name in which %2522 is no quote",
    "form-data; name=a; filename*=UTF-8''%2522",
    { name: "a", filename: "%22" },
  ],
];

const refused: [why: string, value: string][] = [
  ["nothing", ""],
  ["another type", 'attachment; name="a"'],
  ["a type that only begins like it", 'form-database; name="a"'],
  ["no name", 'form-data; filename="a.txt"'],
  ["no parameter", "form-data"],
  ["a name without a value", "form-data; name="],
  ["a name without an equals sign", "form-data; name"],
  ["a name twice", 'form-data; name="a"; name="b"'],
  ["a filename twice", 'form-data; name="a"; filename="b"; FILENAME="c"'],
  ["a quote without its end", 'form-data; name="a'],
  ["a quote whose end is escaped", 'form-data; name="a\\"'],
  ["text behind a quote", 'form-data; name="a"b'],
  ["no semicolon between parameters", 'form-data; name="a" filename="b"'],
  ["a comma for a semicolon", 'form-data, name="a"'],
  ["white space around the equals sign", 'form-data; name = "a"'],
  ["a name of another script without quotes", "form-data; name=é"],
];

const unreadable: [why: string, value: string][] = [
  ["a name in pieces", "form-data; name=a; filename*0=b; filename*1=c"],
  ["an encoded name in pieces", "form-data; name=a; filename*0*=utf-8''b; filename*1*=c"],
  ["a name in pieces beside a plain one", "form-data; name=a; filename=b; filename*0=b"],
  ["an encoded word among other text", 'form-data; name=a; filename="=?utf-8?B?w6Q=?=.txt"'],
  ["an encoded word that is not base64", 'form-data; name=a; filename="=?utf-8?B?w6Q=x?="'],
  ["an encoded word with half an escape", 'form-data; name=a; filename="=?utf-8?Q?a=C?="'],
  ["an encoded word that is not UTF-8", 'form-data; name=a; filename="=?utf-8?Q?=E4?="'],
  ["an encoded word in a charset that nobody knows", 'form-data; name=a; filename="=?x-none?Q?a?="'],
  ["encoded words in two charsets", 'form-data; name=a; filename="=?utf-8?Q?a?= =?us-ascii?Q?b?="'],
  ["an extended name in another charset", "form-data; name=a; filename*=ISO-8859-1''%E9"],
  ["an extended name without its quotes", "form-data; name=a; filename*=b"],
  ["an extended name that is not UTF-8", "form-data; name=a; filename*=UTF-8''%E9"],
  ["an extended name with half an escape", "form-data; name=a; filename*=UTF-8''%E"],
];

describe("attachment", () => {
  test.each(attached)("%s", (_why, name, fallback, extended) => {
    expect(attachment(name)).toBe(`attachment; filename="${fallback}"; filename*=UTF-8''${extended}`);
  });

  test("no UTF-16 unit breaks out of its place, and the name can be read back", () => {
    for (let unit = 0; unit < 0x10000; unit++) {
      const name = `a${String.fromCharCode(unit)}b`;
      const value = attachment(name);
      const parts = /^attachment; filename="([ !#-[\]-~]{3})"; filename\*=UTF-8''([!#$&+.^_`|~0-9A-Za-z%-]+)$/.exec(
        value,
      );
      if (parts === null) throw new Error(`unit ${unit} gives ${value}`);
      if (name.isWellFormed()) expect(decodeURIComponent(parts[2]!)).toBe(name);
    }
  });
});

describe("parseFormDisposition", () => {
  test.each(formParts)("reads %s", (_why, value, disposition) => {
    expect(parseFormDisposition(value)).toEqual(disposition);
  });

  test.each(refused)("refuses %s", (_why, value) => {
    expect(parseFormDisposition(value)).toBe(BAD_DISPOSITION);
  });

  test.each(unreadable)("does not guess at %s", (_why, value) => {
    expect(parseFormDisposition(value)).toBe(BAD_FILENAME);
  });

  const hostile: [why: string, value: string][] = [
    ["semicolons", `form-data${";".repeat(30_000)}x`],
    ["white space", `form-data;${" ".repeat(30_000)}=`],
    ["backslashes", `form-data; name="${"\\".repeat(30_001)}"`],
    ["one token", `form-data; ${"x".repeat(30_000)}`],
    ["percent signs", `form-data; name=a; filename*=UTF-8''${"%".repeat(30_000)}`],
    ["encoded words", `form-data; name=a; filename="${"=?utf-8?B?".repeat(3000)}"`],
    ["escapes", `form-data; name=a; filename*=UTF-8''${"%41".repeat(10_000)}%`],
  ];
  test.each(hostile)("30 KB of %s take linear time", (_why, value) => {
    const cost = processorMs(() => {
      for (let i = 0; i < 10; i++) parseFormDisposition(value);
    });
    expect(cost).toBeLessThan(300);
  });
});
