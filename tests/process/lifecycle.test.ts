import { describe, expect, test } from "bun:test";
import { Lifecycle, type Stage } from "../../src/process/lifecycle.ts";

type Step = "leave" | "close";

const ways: [why: string, steps: Step[], stage: Stage, isDraining: boolean, isClosing: boolean][] = [
  ["at first", [], "serving", false, false],
  ["told to stop", ["leave"], "leaving", true, false],
  ["told to stop twice", ["leave", "leave"], "leaving", true, false],
  ["closing behind the delay", ["leave", "close"], "closing", true, true],
  ["closing without a word before", ["close"], "closing", true, true],
  ["told to stop while it closes", ["leave", "close", "leave"], "closing", true, true],
];
describe("Lifecycle", () => {
  test.each(ways)("%s", (_why, steps, stage, isDraining, isClosing) => {
    const lifecycle = new Lifecycle();
    for (const step of steps) lifecycle[step]();
    const { stage: reached, isDraining: drains, isClosing: closes } = lifecycle;
    expect([reached, drains, closes]).toEqual([stage, isDraining, isClosing]);
  });
});
