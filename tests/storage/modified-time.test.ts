import { expect, test } from "bun:test";
import type { BigIntStats } from "node:fs";
import { modifiedOf } from "../../src/storage/modified-time.ts";

const NOW = 1_000_000;
const cases: [why: string, mtimeMs: bigint, ctimeMs: bigint, modified: number][] = [
  ["a time of its own", 5000n, 7000n, 5000],
  ["this very moment", 1_000_000n, 1_000_000n, NOW],
  ["the future: its change counts", 4_000_000n, 900_000n, 900_000],
  ["the far future", 8_640_000_000_001_000n, 900_000n, 900_000],
  ["the future by all clocks: now", 4_000_000n, 4_000_000n, NOW],
  ["before the epoch", -5000n, 900_000n, -5000],
];
test.each(cases)("a file with %s", (_why, mtimeMs, ctimeMs, modified) => {
  expect(modifiedOf({ mtimeMs, ctimeMs } as BigIntStats, NOW)).toBe(modified);
});
