import { describe, expect, test } from "bun:test";
import { RestartPause } from "../../src/process/restart-pause.ts";

/** The pauses behind workers that lived for so long, in milliseconds. */
const lives: [why: string, livedMs: number[], pausesMs: number[]][] = [
  ["doubles while workers die of their start", [5, 5, 5, 5], [100, 200, 400, 800]],
  ["grows to five seconds and no further", [5, 5, 5, 5, 5, 5, 5, 5], [100, 200, 400, 800, 1600, 3200, 5000, 5000]],
  ["begins anew behind one that lived for long", [5, 5, 5, 10_001, 5], [100, 200, 400, 100, 200]],
  ["goes on behind one that lived just not long enough", [5, 10_000, 5], [100, 200, 400]],
];
describe("RestartPause", () => {
  test.each(lives)("%s", (_why, livedMs, pausesMs) => {
    const pause = new RestartPause();
    const pauses = livedMs.map((lived) => {
      pause.ended(lived);
      return pause.next();
    });
    expect(pauses).toEqual(pausesMs);
  });
});
