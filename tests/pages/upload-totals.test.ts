import { describe, expect, test } from "bun:test";
import { outcomeLine, progressLine, SpeedMeter, totalsOf } from "../../src/pages/scripts/upload-totals.js";

type Counted = Parameters<typeof outcomeLine>[0] extends Iterable<infer Each> ? Each : never;

const upload = (state: Counted["state"], size = 100, loaded = 0): Counted => ({ state, size, loaded });

describe("totals", () => {
  test("count what was sent, what is on its way and what waits, and nothing that was given up", () => {
    const uploads = [
      upload("done", 10),
      upload("sending", 100, 40),
      upload("waiting", 1000),
      upload("cancelled", 10_000, 5000),
      upload("taken", 10_000),
      upload("failed", 10_000, 9000),
    ];
    expect(totalsOf(uploads)).toEqual({ done: 1, active: 2, loaded: 50, bytes: 1110 });
  });

  test("of nothing are nothing", () => {
    expect(totalsOf([])).toEqual({ done: 0, active: 0, loaded: 0, bytes: 0 });
  });
});

describe("the line of progress", () => {
  const totals = { done: 1, active: 2, loaded: 500, bytes: 2500 };
  test("says nothing of a speed that is not known", () => {
    expect(progressLine(totals, 0)).toBe("1\u00a0of\u00a03\u00a0files · 500\u00a0B\u00a0of\u00a02.5\u00a0kB");
  });

  test("breaks at its dots only", () => {
    expect(progressLine(totals, 1000).split(" ")).toEqual([
      "1\u00a0of\u00a03\u00a0files",
      "·",
      "500\u00a0B\u00a0of\u00a02.5\u00a0kB",
      "·",
      "1.0\u00a0kB/s",
      "·",
      "2\u00a0s\u00a0left",
    ]);
  });
});

describe("the outcome", () => {
  const outcomes: [why: string, states: Counted["state"][], line: string][] = [
    ["nothing", [], ""],
    ["nothing that has an end yet", ["waiting", "sending"], ""],
    ["one that arrived", ["done"], "1 file uploaded."],
    ["one of each", ["done", "taken", "failed"], "1 file uploaded, 1 name already taken, 1 file not uploaded."],
    [
      "two ways to fail and to give up",
      ["failed", "refused", "cancelled", "skipped"],
      "2 files not uploaded, 2 files left out.",
    ],
  ];
  test.each(outcomes)("of %s", (_why, states, line) => {
    expect(
      outcomeLine(
        states.map((state) => upload(state)),
        "uploaded",
      ),
    ).toBe(line);
  });

  test("of a drop box is in its words", () => {
    expect(outcomeLine([upload("done"), upload("failed")], "sent")).toBe("1 file sent, 1 file not sent.");
  });
});

describe("the speed", () => {
  test("is not known in the first half second, and then that of the last five", () => {
    const meter = new SpeedMeter();
    expect(meter.measure(0, 0)).toBe(0);
    expect(meter.measure(499, 1e6)).toBe(0);
    expect(meter.measure(1000, 2000)).toBe(2000);
    for (let at = 2000; at <= 10_000; at += 1000) meter.measure(at, 2000);
    expect(meter.measure(11_000, 2000)).toBe(0);
  });

  test("begins anew after a pause", () => {
    const meter = new SpeedMeter();
    meter.measure(0, 0);
    meter.measure(1000, 1000);
    meter.reset();
    expect(meter.measure(100_000, 1000)).toBe(0);
    expect(meter.measure(101_000, 4000)).toBe(3000);
  });
});
