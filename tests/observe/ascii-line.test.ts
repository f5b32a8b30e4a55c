import { describe, expect, test } from "bun:test";
import { AsciiLine } from "../../src/observe/ascii-line.ts";

function lineOf(write: (line: AsciiLine) => void): string {
  const line = new AsciiLine();
  write(line);
  return line.toString();
}

test("pieces stand in their order", () => {
  const text = lineOf((line) => {
    line.text(`{"a":`);
    line.whole(12);
    line.text("");
    line.text(`,"b":`);
    line.milliseconds(3.5, 3);
    line.text("}");
    line.end();
  });
  expect(text).toBe(`{"a":12,"b":3.500}\n`);
});

test.each([0, 1, 9, 10, 99, 100, 65_535, 999_999_999, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
  "the whole number %d has its decimal digits",
  (value) => {
    expect(lineOf((line) => line.whole(value))).toBe(String(value));
  },
);

describe("milliseconds have their microseconds", () => {
  const cases: [ms: number, text: string][] = [
    [0, "0.000"],
    [0.0004, "0.000"],
    [0.0005, "0.001"],
    [0.0123456, "0.012"],
    [0.9996, "1.000"],
    [1.05, "1.050"],
    [60_000, "60000.000"],
    [86_400_000.001, "86400000.001"],
    [2 ** 32 + 0.5, "4294967296.500"],
    [-1, "0.000"],
    [Number.NaN, "0.000"],
  ];
  test.each(cases)("%d: %p", (ms, text) => {
    expect(lineOf((line) => line.milliseconds(ms, 3))).toBe(text);
  });
});

describe("milliseconds may have one digit after the point", () => {
  const cases: [ms: number, text: string][] = [
    [0, "0.0"],
    [0.04, "0.0"],
    [0.05, "0.1"],
    [0.96, "1.0"],
    [12.34, "12.3"],
    [60_000, "60000.0"],
    [-1, "0.0"],
    [Number.NaN, "0.0"],
  ];
  test.each(cases)("%d: %p", (ms, text) => {
    expect(lineOf((line) => line.milliseconds(ms, 1))).toBe(text);
  });
});

describe("a line grows", () => {
  const writers: [what: string, write: (line: AsciiLine) => void, written: string][] = [
    ["a text", (line) => line.text("0123456789"), "0123456789"],
    ["a whole number", (line) => line.whole(1_234_567), "1234567"],
    ["a time", (line) => line.milliseconds(1234.567, 3), "1234.567"],
    ["its end", (line) => line.end(), "\n"],
  ];
  const fullness = Array.from({ length: 12 }, (_, i) => 4085 + i);
  test.each(writers)("by %s, wherever its memory ends", (_, write, written) => {
    for (const full of fullness) {
      const text = lineOf((line) => {
        line.text("x".repeat(full));
        write(line);
      });
      expect(text).toBe("x".repeat(full) + written);
    }
  });

  test("to many times its size, and the next begins empty", () => {
    const line = new AsciiLine();
    line.text("y".repeat(300_000));
    line.text("z");
    expect(line.toString()).toBe("y".repeat(300_000) + "z");
    line.clear();
    line.text("short");
    expect(line.toString()).toBe("short");
    expect(line.length).toBe(5);
  });
});

test.each([
  ["longer ones", "0123456789abc", "0123456..."],
  ["no others", "0123456789", "0123456789"],
  ["not the empty one", "", ""],
])("a line is cut to ten bytes: %s", (_, text, cut) => {
  const written = lineOf((line) => {
    line.text(text);
    line.shorten(10);
    line.end();
  });
  expect(written).toBe(cut + "\n");
});

test("a copy stays what it was when the next line is made", () => {
  const line = new AsciiLine();
  const kept = Buffer.alloc(8, ".");
  line.text("first");
  line.copyTo(kept, 2);
  line.clear();
  line.text("other");
  expect(kept.toString("latin1")).toBe("..first.");
});
