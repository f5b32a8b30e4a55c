import { describe, expect, test } from "bun:test";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { BODY_TOO_SLOW, BUFFERS_FULL, HEAD_TOO_SLOW } from "../../src/http/refusal.ts";
import { Deadlines, type Verdict } from "../../src/net/deadlines.ts";
import { HandClock } from "../support/hand-clock.ts";

const SECOND = 1000;

/** What a connection waits for, in whole ticks of the clock. */
class Wait {
  readonly clock = new HandClock();
  readonly deadlines = new Deadlines(DEFAULT_LIMITS, this.clock);
  readonly begun = this.clock.now;

  /** Milliseconds from the beginning. */
  get due(): number {
    return this.deadlines.due - this.begun;
  }
}

describe("a deadline and its verdict", () => {
  const cases: [what: string, wait: (it: Wait) => void, due: number, memorySince: number, verdict: Verdict][] = [
    ["a new connection", () => {}, 60 * SECOND, Infinity, "idle"],
    ["the next request", ({ deadlines }) => deadlines.awaitRequest(), 60 * SECOND, Infinity, "idle"],
    ["a head", ({ deadlines }) => deadlines.awaitHead(), 10 * SECOND, Infinity, HEAD_TOO_SLOW],
    ["a body", ({ deadlines }) => deadlines.awaitBody(), 30 * SECOND, Infinity, BODY_TOO_SLOW],
    [
      "a body that waits for memory",
      ({ deadlines }) => deadlines.awaitUs(1_000_000),
      30 * SECOND,
      1_000_000,
      BUFFERS_FULL,
    ],
    ["a handler", ({ deadlines }) => deadlines.awaitUs(Infinity), Infinity, Infinity, "fine"],
    ["a reader", ({ deadlines }) => deadlines.awaitReader(0), 60 * SECOND, Infinity, "suspect"],
    ["the peer's end", ({ deadlines }) => deadlines.awaitEnd(), 2 * SECOND, Infinity, "over"],
  ];
  test.each(cases)("of %s", (_what, wait, due, memorySince, verdict) => {
    const it = new Wait();
    wait(it);
    expect(it.due).toBe(due);
    it.clock.pass(due === Infinity ? 1_000_000 : due);
    expect(it.deadlines.judge(memorySince)).toEqual(verdict);
  });

  test("of a head runs from its beginning, however it drips, and anew for the next one", () => {
    const it = new Wait();
    it.deadlines.awaitHead();
    it.clock.pass(9 * SECOND);
    it.deadlines.awaitHead();
    expect(it.due).toBe(10 * SECOND);
    it.deadlines.endHead();
    it.deadlines.awaitHead();
    expect(it.due).toBe(19 * SECOND);
  });

  test("of the next request begins anew with every turn", () => {
    const it = new Wait();
    it.clock.pass(30 * SECOND);
    it.deadlines.awaitRequest();
    expect(it.due).toBe(90 * SECOND);
  });

  test("of the peer's end moves with what it sends, up to a total", () => {
    const it = new Wait();
    it.deadlines.awaitEnd();
    for (let i = 0; i < 28; i++) {
      it.clock.pass(SECOND);
      it.deadlines.lingerOn();
      expect(it.due).toBe((i + 3) * SECOND);
    }
    it.clock.pass(SECOND);
    it.deadlines.lingerOn();
    expect(it.due).toBe(30 * SECOND);
  });

  test("of a body counts only the time in which the peer is waited for", () => {
    const it = new Wait();
    it.deadlines.awaitBody();
    it.clock.pass(20 * SECOND);
    it.deadlines.awaitUs(Infinity);
    it.clock.pass(100 * SECOND);
    it.deadlines.awaitBody();
    expect(it.due).toBe(130 * SECOND);
    it.clock.pass(9 * SECOND);
    expect(it.deadlines.judge(Infinity)).toBe("fine");
    it.clock.pass(SECOND);
    expect(it.deadlines.judge(Infinity)).toBe(BODY_TOO_SLOW);
  });

  test("of a reader is over when the kernel was asked twice for nothing", () => {
    const it = new Wait();
    it.deadlines.awaitReader(0);
    const verdicts: Verdict[] = [];
    for (let i = 0; i < 3; i++) {
      it.clock.pass(60 * SECOND);
      verdicts.push(it.deadlines.judge(Infinity));
      it.deadlines.awaitReader(0);
    }
    expect(verdicts).toEqual(["suspect", "suspect", "slow reader"]);
  });
});
