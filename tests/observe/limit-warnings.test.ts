// What the log says of the server's own limits: each at once, then once a minute with a number.

import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { LimitWarnings } from "../../src/observe/limit-warnings.ts";

const MINUTE_MS = 60_000;
const FULL = "the disk is full; make room on it";

let lines: string[];
let warnings: LimitWarnings;

beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
  warnings = new LimitWarnings((line) => lines.push(line));
});
afterEach(() => void jest.useRealTimers());

function meet(times: number, status = 507, limit = FULL): void {
  for (let i = 0; i < times; i++) warnings.met(status, limit);
}

describe("LimitWarnings", () => {
  test("says a limit at once, and the number of requests that met it once a minute", () => {
    meet(3);
    expect(lines).toEqual([`A request was answered 507: ${FULL}.`]);
    jest.advanceTimersByTime(MINUTE_MS);
    meet(1);
    jest.advanceTimersByTime(MINUTE_MS);
    expect(lines.slice(1)).toEqual([
      `2 more requests were answered 507: ${FULL}.`,
      `1 more request was answered 507: ${FULL}.`,
    ]);
  });

  test("says a limit at once again after a minute in which nobody met it", () => {
    meet(1);
    jest.advanceTimersByTime(MINUTE_MS);
    meet(1);
    expect(lines).toEqual([`A request was answered 507: ${FULL}.`, `A request was answered 507: ${FULL}.`]);
  });

  test("counts each limit by itself", () => {
    meet(2);
    meet(1, 403, "this user may not write there");
    expect(lines).toHaveLength(2);
    jest.advanceTimersByTime(MINUTE_MS);
    expect(lines.slice(2)).toEqual([`1 more request was answered 507: ${FULL}.`]);
  });

  test("says at its end what it counted, once", () => {
    meet(1000);
    warnings.end();
    warnings.end();
    jest.advanceTimersByTime(3 * MINUTE_MS);
    expect(lines).toEqual([`A request was answered 507: ${FULL}.`, `999 more requests were answered 507: ${FULL}.`]);
  });
});
