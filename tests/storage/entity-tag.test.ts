import { describe, expect, test } from "bun:test";
import type { BigIntStats } from "node:fs";
import { etagOf, isSettled, mayRepeat } from "../../src/storage/entity-tag.ts";

const SECOND_NS = 1_000_000_000n;
const CHANGED_MS = 1_700_000_000_000;

function stats(more: Partial<BigIntStats> = {}): BigIntStats {
  const ctimeNs = more.ctimeNs ?? BigInt(CHANGED_MS) * 1_000_000n + 5n;
  const known = { ino: 7n, size: 100n, mtimeNs: ctimeNs - 3n, ...more, ctimeNs, ctimeMs: ctimeNs / 1_000_000n };
  return known as BigIntStats;
}

const WHOLE_SECOND = BigInt(CHANGED_MS) * 1_000_000n;
const coarse = stats({ mtimeNs: WHOLE_SECOND, ctimeNs: WHOLE_SECOND });

describe("the entity tag of a file", () => {
  const { ino, size, mtimeNs, ctimeNs } = stats();
  test.each<[what: string, other: Partial<BigIntStats>]>([
    ["inode", { ino: ino + 1n }],
    ["length", { size: size + 1n }],
    ["time of modification, by a nanosecond,", { mtimeNs: mtimeNs + 1n }],
    ["time of change, by a nanosecond,", { mtimeNs, ctimeNs: ctimeNs + 1n }],
    ["time of modification, long before 1970,", { mtimeNs: -SECOND_NS * 100_000_000_000n }],
  ])("is another one when its %s is", (_what, other) =>
    expect(etagOf(stats(other), CHANGED_MS + 10_000)).not.toBe(etagOf(stats(), CHANGED_MS + 10_000)),
  );

  test("has only characters of RFC 9110 8.8.3", () => {
    for (const each of [stats(), coarse, stats({ mtimeNs: -1n, size: 1n << 62n })])
      expect(etagOf(each, CHANGED_MS)).toMatch(/^(W\/)?"[\x21\x23-\x7e]+"$/);
  });

  test.each([
    ["fine times, at once", stats(), 0, false],
    ["whole seconds, at once", coarse, 0, true],
    ["whole seconds, within two of them", coarse, 1999, true],
    ["whole seconds, after two", coarse, 2000, false],
    ["a change that lies ahead", coarse, -5000, true],
    ["a whole second by chance, of one time only", stats({ mtimeNs: WHOLE_SECOND }), 0, false],
  ])("is weak while the next version could have it: %s", (_why, file, age, isWeak) => {
    expect([mayRepeat(file, CHANGED_MS + age), etagOf(file, CHANGED_MS + age).startsWith("W/")]).toEqual([
      isWeak,
      isWeak,
    ]);
    expect(isSettled(file, CHANGED_MS + age)).toBe(age >= 2000);
  });
});
