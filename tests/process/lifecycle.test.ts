import { describe, expect, test } from "bun:test";
import { Lifecycle } from "../../src/process/lifecycle.ts";

const ways: [why: string, steps: ("leave" | "close")[], isDraining: boolean, isClosing: boolean][] = [
  ["serves at first", [], false, false],
  ["told to stop, drains and keeps its connections", ["leave"], true, false],
  ["told to stop twice, does the same", ["leave", "leave"], true, false],
  ["closes them behind the delay", ["leave", "close"], true, true],
  ["closes them without a word before", ["close"], true, true],
  ["goes on closing when it is told to stop meanwhile", ["leave", "close", "leave"], true, true],
];
describe("a process", () => {
  test.each(ways)("%s", (_why, steps, isDraining, isClosing) => {
    const lifecycle = new Lifecycle();
    for (const step of steps) lifecycle[step]();
    expect([lifecycle.isDraining, lifecycle.isClosing]).toEqual([isDraining, isClosing]);
  });
});
