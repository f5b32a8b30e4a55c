import { describe, expect, test } from "bun:test";
import { JsonText, type Printable, printJson, SentBytes } from "../../src/testing/json-text.ts";

const values: [why: string, value: Printable, text: string][] = [
  ["names in order", { b: 1, a: null }, '{\n  "a": null,\n  "b": 1\n}'],
  ["nothing", { a: {}, b: [] }, '{\n  "a": {},\n  "b": []\n}'],
  ["what lies in each other", [{ a: [true] }], '[\n  {\n    "a": [\n      true\n    ]\n  }\n]'],
  ["ASCII only", "ä\u007f🐷", '"\\u00e4\\u007f\\ud83d\\udc37"'],
  ["quotes and controls", 'a"\\\n\0', '"a\\"\\\\\\n\\u0000"'],
  ["text that is there already", { a: new JsonText("[1]") }, '{\n  "a": [1]\n}'],
  ["bytes that are text", new SentBytes(Buffer.from("ä")), '"\\u00e4"'],
  ["bytes that are none", new SentBytes(Buffer.from([0xff])), '"data:application/octet-stream;base64,/w=="'],
  ["a type with quotes", new SentBytes(Buffer.from([0xff]), 'a/b; c="d"'), '"data:a/b; c=\\"d\\";base64,/w=="'],
  ["bytes that are none, alone", new SentBytes(Buffer.from([0xff]), null), '"/w=="'],
  ["no bytes", new SentBytes(Buffer.from("")), '""'],
];

describe("printJson", () => {
  test.each(values)("%s", (_why, value, text) => {
    expect([...printJson(value)].join("")).toBe(text);
  });

  test.each([
    ["characters that lie across pieces", "🐷ä€".repeat(40_000)],
    ["one long line", "x".repeat(200_000)],
  ])("gives %s whole, and no piece that is long", (_why, text) => {
    const pieces = [...printJson(new SentBytes(Buffer.from(text)))];
    expect(JSON.parse(pieces.join(""))).toBe(text);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(320 * 1024);
  });

  test("gives long bytes as one run of base64", () => {
    const bytes = Buffer.alloc(200_001, 0xff);
    const url = JSON.parse([...printJson(new SentBytes(bytes))].join("")) as string;
    expect(Buffer.from(url.slice(url.indexOf(",") + 1), "base64").equals(bytes)).toBe(true);
    expect(url.slice(0, -2)).not.toContain("=");
  });
});
