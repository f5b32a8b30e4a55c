import { describe, expect, test } from "bun:test";
import * as server from "../../src/pages/formats.ts";
import * as page from "../../src/pages/scripts/formats.js";

describe("the server and the page write alike", () => {
  const contents = { files: 2, folders: 1, bytes: 1500, total: 1234, filter: "a" };
  const texts: [
    text: string,
    write: (formats: Pick<typeof page, keyof typeof server & keyof typeof page>) => string,
  ][] = [
    ["1.4 MB", ({ sizeText }) => sizeText(1_400_000)],
    ["9,007,199,254,740,991 bytes", ({ countOf }) => countOf(2 ** 53 - 1, "byte")],
    ["1,234", ({ groupedText }) => groupedText(1234)],
    ["2 files, 1 folder, 1.5 kB · 3 of 1,234 shown", ({ contentsText }) => contentsText(contents)],
    ["οδοσ", ({ foldName }) => foldName("ΟΔΟΣ")],
  ];
  test.each(texts)("%s", (text, write) => {
    expect([write(server), write(page)]).toEqual([text, text]);
  });
});

describe("durations", () => {
  const durations: [seconds: number, text: string][] = [
    [0, "1 s"],
    [0.2, "1 s"],
    [59, "59 s"],
    [59.5, "60 s"],
    [60, "1 min"],
    [61, "2 min"],
    [3600, "1 h 0 min"],
    [5000, "1 h 24 min"],
  ];
  test.each(durations)("%d seconds are %s", (seconds, text) => {
    expect(page.durationText(seconds)).toBe(text);
  });
});

describe("limits", () => {
  const limits: [limit: number, text: string, excess: string][] = [
    [1024, "1.02 kB", "1.03 kB"],
    [1, "1 B", "2 B"],
    [999, "999 B", "1 kB"],
    [1024 ** 3, "1.07 GB", "1.08 GB"],
    [2 ** 53 - 2, "9 PB", "9.01 PB"],
  ];
  test.each(limits)("of %d bytes read as %s, and a byte more as %s", (limit, text, excess) => {
    expect([page.limitText(limit), page.excessText(limit + 1)]).toEqual([text, excess]);
  });
});

test("a time is shown to the minute, in the zone of the reader", () => {
  expect(page.localTime(new Date(2026, 0, 2, 3, 4, 59))).toBe("2026-01-02 03:04");
});
