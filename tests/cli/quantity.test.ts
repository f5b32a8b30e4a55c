import { describe, expect, test } from "bun:test";
import {
  formatDuration,
  formatSize,
  LONGEST_MS,
  readCount,
  readDuration,
  readSize,
  Unreadable,
} from "../../src/cli/quantity.ts";

describe("sizes", () => {
  const cases: [text: string, bytes: number | null][] = [
    ["0", 0],
    ["4096", 4096],
    ["8K", 8192],
    ["8k", 8192],
    ["8KiB", 8192],
    ["1.5M", 1.5 * 1024 ** 2],
    ["2G", 2 * 1024 ** 3],
    ["1T", 1024 ** 4],
    ["1.0001K", null], // no whole number of bytes
    ["8KB", null], // 1000 or 1024: ask
    ["8 K", null],
    ["K", null],
    ["-1", null],
    ["1e3", null],
    ["0x10", null],
    ["", null],
    ["9007199254740993", null], // past the exact integers
    ["99999999T", null],
  ];
  test.each(cases)("%p: %p", (text, bytes) => {
    const read = readSize(text);
    if (bytes === null) expect(read).toBeInstanceOf(Unreadable);
    else expect(read).toBe(bytes);
  });
});

describe("durations", () => {
  const cases: [text: string, ms: number | null][] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["10S", 10_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["3", 3000],
    ["1.5", 1500],
    ["0", 0],
    ["576h", LONGEST_MS],
    ["577h", null],
    ["0.5ms", null],
    ["1w", null],
    ["ten", null],
    ["", null],
  ];
  test.each(cases)("%p: %p", (text, ms) => {
    const read = readDuration(text);
    if (ms === null) expect(read).toBeInstanceOf(Unreadable);
    else expect(read).toBe(ms);
  });

  test("the longest one fits a timer", () => {
    expect(LONGEST_MS).toBeLessThan(2 ** 31);
  });
});

test("counts are whole numbers within inclusive bounds", () => {
  expect(readCount("1", 1, 3)).toBe(1);
  expect(readCount("3", 1, 3)).toBe(3);
  for (const text of ["0", "4", "1.0", "+2", "", "two"]) expect(readCount(text, 1, 3)).toBeInstanceOf(Unreadable);
});

test("formats are the shortest exact ones and read back", () => {
  const sizes: [bytes: number, text: string][] = [
    [0, "0"],
    [256, "256"],
    [1500, "1500"],
    [1024, "1K"],
    [32 * 1024, "32K"],
    [1024 ** 3, "1G"],
    [1536 * 1024, "1536K"],
  ];
  for (const [bytes, text] of sizes) {
    expect(formatSize(bytes)).toBe(text);
    expect(readSize(text)).toBe(bytes);
  }
  const durations: [ms: number, text: string][] = [
    [0, "0s"],
    [1, "1ms"],
    [1500, "1500ms"],
    [9000, "9s"],
    [60_000, "60s"],
    [120_000, "2m"],
    [3_600_000, "1h"],
  ];
  for (const [ms, text] of durations) {
    expect(formatDuration(ms)).toBe(text);
    expect(readDuration(text)).toBe(ms);
  }
});
