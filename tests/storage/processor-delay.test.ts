// What the thread had to wait for a processor: lines of the kernel, and what this one says of this thread.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { delayIn, delayOfLoop, openDelay } from "../../src/storage/processor-delay.ts";
import { needs } from "../support/needs.ts";

const SCHEDSTAT = "/proc/thread-self/schedstat";

test.each([
  ["nanoseconds become milliseconds", "806146 1503570 3\n", 1.50357],
  ["a thread that never waited", "806146 0 1\n", 0],
  ["the largest numbers", `${2n ** 64n - 1n} ${2n ** 64n - 1n} ${2n ** 64n - 1n}\n`, Number(2n ** 64n - 1n) / 1e6],
  ["a kernel that does not count", "0 0 0\n", null],
  ["less than there should be", "806146\n", null],
  ["more", "806146 1503570 3 4\n", null],
  ["no numbers", "ran delayed slices\n", null],
  ["nothing", "", null],
])("%s", (_why, line, ms) => {
  expect(delayIn(line)).toBe(ms);
});

test.each(["/nowhere/schedstat", "/proc/thread-self/schedstat/more", "/"])("%s tells nothing", (path) => {
  expect(openDelay(path)()).toBeNull();
});

describe.skipIf(needs({ linux: true, paths: [SCHEDSTAT] }).skip)("on this system", () => {
  /** On this thread: at once is where it is read. */
  const asItIs = (): number | null => delayIn(readFileSync(SCHEDSTAT, "latin1"));

  test("it tells of the thread that asks, and what it tells does not fall", async () => {
    const read = delayOfLoop();
    for (let i = 0; i < 20; i++) {
      const [before, told, after] = [asItIs(), read(), asItIs()];
      if (before === null || after === null) expect(told).toBeNull();
      else expect([told! >= before, told! <= after]).toEqual([true, true]);
      // Others may have a processor meanwhile.
      await Bun.sleep(0);
    }
  });

  test("all who ask share one descriptor", () => {
    expect(delayOfLoop()).toBe(delayOfLoop());
  });
});
