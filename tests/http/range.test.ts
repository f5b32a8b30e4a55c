// Range fields (RFC 9110 14.1 and 14.2): what they select of a representation, and when they are ignored.

import { describe, expect, test } from "bun:test";
import { type ByteRange, contentRange, parseRange, unsatisfiedRange } from "../../src/http/range.ts";
import { processorMs } from "../support/processor-time.ts";

const MAX_RANGES = 16;
const SIZE = 1000;

/** "0+10 20+5" for ten bytes from 0 and five from 20, so that a table can be read. */
function spell(ranges: readonly ByteRange[] | string): string {
  return typeof ranges === "string" ? ranges : ranges.map(({ from, length }) => `${from}+${length}`).join(" ");
}

const single: [why: string, field: string, result: string][] = [
  ["the first 500 bytes", "bytes=0-499", "0+500"],
  ["the second 500 bytes", "bytes=500-999", "500+500"],
  ["the last 500 bytes", "bytes=-500", "500+500"],
  ["all from a position", "bytes=950-", "950+50"],
  ["all from the start", "bytes=0-", "0+1000"],
  ["the first byte", "bytes=0-0", "0+1"],
  ["the last byte by its suffix", "bytes=-1", "999+1"],
  ["the last byte by its position", "bytes=999-999", "999+1"],
  ["a last position beyond the end is the end", "bytes=990-5000", "990+10"],
  ["a suffix longer than all is all", "bytes=-5000", "0+1000"],
  ["the unit in capitals", "BYTES=0-9", "0+10"],
  ["leading zeros", "bytes=0000000000000000000010-00019", "10+10"],
  ["white space around the range", "bytes= \t0-9 \t", "0+10"],
  ["empty elements of the list", "bytes=,, 0-9 ,\t,", "0+10"],
  ["a last position past 2^53", "bytes=10-9007199254740993", "10+990"],
  ["a last position past 2^64", "bytes=10-99999999999999999999999", "10+990"],
  ["a suffix past 2^64", "bytes=-99999999999999999999999", "0+1000"],
  ["a last position past the numbers of JavaScript", `bytes=0-${"9".repeat(400)}`, "0+1000"],
  ["a range outside beside one inside", "bytes=5000-, 0-9", "0+10"],
  ["an empty suffix beside a range", "bytes=-0,0-9", "0+10"],
];

const several: [why: string, field: string, result: string][] = [
  ["two ranges", "bytes=0-9,20-29", "0+10 20+10"],
  ["two ranges in the order of the client", "bytes=20-29,0-9", "20+10 0+10"],
  ["a range and a suffix", "bytes=0-0,-1", "0+1 999+1"],
  ["overlapping ranges are one", "bytes=0-9,5-14", "0+15"],
  ["touching ranges are one", "bytes=0-9,10-19", "0+20"],
  ["a gap of one byte keeps ranges apart", "bytes=0-9,11-19", "0+10 11+9"],
  ["a range inside of another is gone", "bytes=0-99,10-19", "0+100"],
  ["the same range again is gone", "bytes=0-9,0-9,0-9", "0+10"],
  ["what joins two ranges makes them one", "bytes=0-9,20-29,5-24", "0+30"],
  ["the merged range stands where its first stood", "bytes=50-59,0-9,55-69", "50+20 0+10"],
  ["the merged range stands first when one of it did", "bytes=20-29,100-109,10-19", "10+20 100+10"],
  ["a suffix that overlaps", "bytes=900-949,-100", "900+100"],
  ["all the ranges that are allowed", `bytes=${ranges(16)}`, spell(expectedRanges(16))],
];

const ignored: [why: string, field: string][] = [
  ["another unit", "lines=0-9"],
  ["a unit that only begins like bytes", "bytesize=0-9"],
  ["no unit", "0-9"],
  ["no equals sign", "bytes 0-9"],
  ["white space before the equals sign", "bytes =0-9"],
  ["no range", "bytes="],
  ["only empty elements", "bytes=, ,"],
  ["only a dash", "bytes=-"],
  ["a number without a dash", "bytes=5"],
  ["white space inside", "bytes=0 -9"],
  ["two dashes", "bytes=0--9"],
  ["a negative suffix", "bytes=--9"],
  ["a sign", "bytes=+0-9"],
  ["hexadecimal", "bytes=0x0-0x9"],
  ["a fraction", "bytes=0.5-9"],
  ["an exponent", "bytes=1e2-2e2"],
  ["a word", "bytes=first-last"],
  ["the last before the first", "bytes=9-0"],
  ["the last before the first, past 2^53", "bytes=9007199254740993-9007199254740992"],
  ["the last before the first, behind the end", "bytes=5001-5000"],
  ["the last before the first, with zeros", "bytes=10-00000000009"],
  ["one bad range among good ones", "bytes=0-9,x,20-29"],
  ["a bad range behind an unsatisfiable one", "bytes=5000-,x"],
  ["a semicolon between ranges", "bytes=0-9;20-29"],
  ["a no-break space", "bytes=\xa00-9"],
  ["digits of another script", "bytes=٠-٩"],
  ["one range more than allowed", `bytes=${ranges(17)}`],
  ["one unsatisfiable range more than allowed", `bytes=${"5000-,".repeat(17)}`],
];

const unsatisfiable: [why: string, field: string][] = [
  ["a first position at the end", "bytes=1000-"],
  ["a first position behind the end", "bytes=5000-6000"],
  ["an empty suffix", "bytes=-0"],
  ["an empty suffix with many zeros", "bytes=-0000"],
  ["a first position past 2^53", "bytes=9007199254740993-"],
  ["the same position past 2^53 twice", "bytes=9007199254740993-9007199254740993"],
  ["a first position past the numbers of JavaScript", `bytes=${"9".repeat(400)}-`],
  ["several ranges, all outside", "bytes=1000-,2000-2001,-0"],
];

const empty: [why: string, field: string][] = [
  ["a first position", "bytes=0-"],
  ["a range", "bytes=0-0"],
  ["a range far outside", "bytes=99-100"],
  ["an empty suffix", "bytes=-0"],
  ["a suffix", "bytes=-5"],
  ["a suffix beside a range", "bytes=0-9,-5"],
];

function ranges(count: number): string {
  return Array.from({ length: count }, (_, i) => `${i * 20}-${i * 20 + 9}`).join(",");
}

function expectedRanges(count: number): ByteRange[] {
  return Array.from({ length: count }, (_, i) => ({ from: i * 20, length: 10 }));
}

describe("parseRange", () => {
  test.each(single)("selects %s", (_why, field, result) => {
    expect(spell(parseRange(field, SIZE, MAX_RANGES))).toBe(result);
  });

  test.each(several)("of several: %s", (_why, field, result) => {
    expect(spell(parseRange(field, SIZE, MAX_RANGES))).toBe(result);
  });

  test.each(ignored)("ignores %s", (_why, field) => {
    expect(parseRange(field, SIZE, MAX_RANGES)).toBe("ignore");
  });

  test.each(unsatisfiable)("finds nothing for %s", (_why, field) => {
    expect(parseRange(field, SIZE, MAX_RANGES)).toBe("unsatisfiable");
  });

  test.each(empty)("ignores of no bytes: %s", (_why, field) => {
    expect(parseRange(field, 0, MAX_RANGES)).toBe("ignore");
  });

  test("a size past 2^32 loses nothing", () => {
    const size = 2 ** 40 + 3;
    expect(spell(parseRange(`bytes=${2 ** 40}-`, size, MAX_RANGES))).toBe(`${2 ** 40}+3`);
    expect(spell(parseRange("bytes=-4", size, MAX_RANGES))).toBe(`${2 ** 40 - 1}+4`);
  });

  test("merged ranges cover the same bytes as a map of them, and never touch", () => {
    const size = 40;
    let state = 4221;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    for (let round = 0; round < 2000; round++) {
      const covered = new Set<number>();
      const specs = Array.from({ length: 1 + random(6) }, () => {
        const first = random(size);
        const last = first + random(size - first);
        for (let i = first; i <= last; i++) covered.add(i);
        return `${first}-${last}`;
      });
      const result = parseRange(`bytes=${specs.join()}`, size, MAX_RANGES);
      if (typeof result === "string") throw new Error(`${specs.join()} is ${result}`);
      const found = result.flatMap(({ from, length }) => Array.from({ length }, (_, i) => from + i));
      expect(found.toSorted((a, b) => a - b)).toEqual([...covered].toSorted((a, b) => a - b));
      for (const { from, length } of result) expect(covered.has(from - 1) || covered.has(from + length)).toBeFalse();
    }
  });

  const hostile: [why: string, field: string][] = [
    ["commas", `bytes=${",".repeat(30_000)}`],
    ["white space", `bytes=0-9${" ".repeat(30_000)}x`],
    ["digits", `bytes=${"1".repeat(30_000)}`],
    ["zeros", `bytes=${"0".repeat(15_000)}-${"0".repeat(15_000)}x`],
    ["ranges that all overlap", `bytes=${"0-,".repeat(10_000)}`],
  ];
  test.each(hostile)("30 KB of %s take linear time", (_why, field) => {
    const cost = processorMs(() => {
      for (let i = 0; i < 10; i++) parseRange(field, SIZE, 100_000);
    });
    // Quadratic work would take minutes; linear takes a few milliseconds.
    expect(cost).toBeLessThan(1000);
  });
});

test("contentRange names the first and the last byte", () => {
  expect(contentRange({ from: 0, length: 500 }, 1234)).toBe("bytes 0-499/1234");
  expect(contentRange({ from: 1233, length: 1 }, 1234)).toBe("bytes 1233-1233/1234");
});

test("unsatisfiedRange names only the size", () => {
  expect(unsatisfiedRange(1234)).toBe("bytes */1234");
  expect(unsatisfiedRange(0)).toBe("bytes */0");
});
