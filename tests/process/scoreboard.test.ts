import { describe, expect, test } from "bun:test";
import { Scoreboard, ScoreboardPage } from "../../src/process/scoreboard.ts";
import { needs } from "../support/needs.ts";

describe.skipIf(needs({ linux: true }).skip)("the groups of all workers", () => {
  test("those of a dead worker end, and not those that its successor has begun meanwhile", () => {
    const page = new ScoreboardPage();
    const dead = new Scoreboard(page.descriptor, 0);
    dead.add(1);
    const left = page.clear(0).ownGroups;
    // The next worker of this number is there before the groups of the dead one are whole.
    const successor = new Scoreboard(page.descriptor, 0);
    successor.add(1);
    page.clear(0).endGroups(left);
    expect([successor.total, successor.ownGroups]).toEqual([1, 1]);
    successor.add(-1);
    expect([successor.total, successor.ownGroups]).toEqual([0, 0]);
  });

  test("whoever reads for long sees that one has begun, even if it has ended, by whichever worker", () => {
    const page = new ScoreboardPage();
    const [one, other] = [new Scoreboard(page.descriptor, 0), new Scoreboard(page.descriptor, 1)];
    const before = one.begun;
    other.add(1);
    other.add(-1);
    expect(one.total).toBe(0);
    expect(one.begun).not.toBe(before);
  });
});
