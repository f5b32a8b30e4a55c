// What a person and the metrics are told of files that went by themselves.

import { expect, test } from "bun:test";
import { EvictionReport } from "../../src/process/eviction-report.ts";
import { FakeTime } from "../support/fake-time.ts";

const MINUTE_MS = 60_000;

function create(): { readonly lines: string[]; readonly report: EvictionReport } {
  const lines: string[] = [];
  const news = {
    warning: (line: string) => void lines.push(line),
    fault: (error: unknown) => void lines.push(String(error)),
  };
  return { lines, report: new EvictionReport(news) };
}

test("the first are told within a second, the others once a minute, each reason with its own count", async () => {
  using time = new FakeTime();
  const { lines, report } = create();
  report.evicted(1, 10, "limit");
  report.evicted(1, 20, "limit");
  await time.pass(1000);
  expect(lines).toEqual(["Removed 2 files, 30 bytes (least recently read, --evict)."]);
  report.evicted(1, 5, "age");
  report.evicted(1, 7, "limit");
  await time.pass(MINUTE_MS - 1000);
  expect(lines).toHaveLength(1);
  await time.pass(1000);
  expect(lines.slice(1)).toEqual([
    "Removed 1 file, 5 bytes (too old, --expire).",
    "Removed 1 file, 7 bytes (least recently read, --evict).",
  ]);
  await time.pass(10 * MINUTE_MS);
  expect(lines).toHaveLength(3);
});

test("what was not told is told at the end, and nothing twice", async () => {
  using time = new FakeTime();
  const { lines, report } = create();
  report.evicted(3, 30, "limit");
  report.end();
  expect(lines).toEqual(["Removed 3 files, 30 bytes (least recently read, --evict)."]);
  report.end();
  await time.pass(2 * MINUTE_MS);
  expect(lines).toHaveLength(1);
});

test("a warning that comes with each upload is one line a minute", async () => {
  using time = new FakeTime();
  const { lines, report } = create();
  for (let i = 0; i < 100; i++) {
    report.warning("cannot");
    await time.pass(1000);
  }
  expect(lines).toEqual(["cannot", "cannot"]);
});

test("of several warnings, each is told once", async () => {
  using time = new FakeTime();
  const { lines, report } = create();
  for (const line of ["one", "other", "one", "third"]) report.warning(line);
  await time.pass(1000);
  expect(lines).toEqual(["one", "other", "third"]);
});

test("the metrics count at once", () => {
  const counted: [number, number][] = [];
  const { report } = create();
  report.evicted(1, 1, "age");
  report.meters = { evicted: (files, bytes) => void counted.push([files, bytes]) };
  report.evicted(2, 20, "limit");
  report.end();
  expect(counted).toEqual([[2, 20]]);
});
