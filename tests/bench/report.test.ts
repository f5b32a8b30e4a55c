// The parts of the benchmark that only think: what they get wrong no run would show.

import { describe, expect, test } from "bun:test";
import type { CaseResult } from "./contest.ts";
import { readOptions } from "./options.ts";
import { goalValue, putBetweenMarks, renderReport, table } from "./report.ts";
import { median, medianRatio, quantile } from "./statistics.ts";
import { judgeLength } from "./verification.ts";
import { parseWrkOutput, type Visit, wrkScript } from "./wrk.ts";

describe("statistics", () => {
  test.each<[string, number[], number]>([
    ["an odd number of samples has one in the middle", [3, 1, 2], 2],
    ["an even number has two, and their mean counts", [4, 1, 3, 2], 2.5],
    ["one is its own median", [7], 7],
    ["none have no median", [], Number.NaN],
  ])("%s", (_, samples, expected) => expect(median(samples)).toBe(expected));

  test("the median ratio pairs the rounds", () => {
    // The ratio of the medians would be 2 / 2.
    expect(medianRatio([1, 2, 4], [0.5, 4, 2])).toBe(2);
  });

  test("a side without samples has no ratio", () => expect(medianRatio([1], [])).toBeNaN());

  test("a quantile of few samples is one of them", () => expect(quantile([5, 1, 9], 0.99)).toBe(9));
});

describe("wrk", () => {
  const result = (numbers: string): string => `Running 2s test\n  64 connections\nbench-result ${numbers}\n`;
  const ECHO: Visit = { paths: ["/echo/abc"], order: "random", headers: {}, pipelined: 1 };

  test("a run without errors gives its numbers", () => {
    expect(parseWrkOutput(result("2000000 300000 45000000 210 900 0 0 0 0 0"))).toEqual({
      seconds: 2,
      requests: 300_000,
      bytes: 45_000_000,
      p50: 210,
      p99: 900,
      faults: [],
    });
  });

  test("each kind of error is named with its count", () => {
    const parsed = parseWrkOutput(result("2000000 300000 45000000 210 900 1 2 3 4 5"));
    expect(parsed?.faults.join(", ")).toBe(
      "1 × connect error, 2 × read error, 3 × write error, 4 × status 400 or over, 5 × timeout error",
    );
  });

  test.each([
    ["nothing of ours", "unable to connect to 127.0.0.1:1 Connection refused\n"],
    ["too few numbers", result("2000000 300000")],
    ["no numbers", result("a b c d e f g h i j")],
  ])("an output with %s is none", (_, output) => expect(parseWrkOutput(output)).toBeNull());

  test("one path alone needs no function", () => {
    expect(wrkScript(ECHO)).toContain('wrk.path = "/echo/abc"');
    expect(wrkScript(ECHO)).not.toContain("function request");
  });

  test("pipelining repeats the whole request", () => {
    expect(wrkScript({ ...ECHO, pipelined: 16 })).toContain('string.rep(wrk.format("GET", path), 16)');
  });

  test("headers and paths are quoted", () => {
    const script = wrkScript({ ...ECHO, paths: ["/a", "/b"], order: "once each", headers: { Accept: 'a"b' } });
    expect(script).toContain('wrk.headers["Accept"] = "a\\"b"');
    expect(script).toContain('local paths = {"/a","/b"}');
    expect(script).toContain("requests[turn % #requests + 1]");
  });

  test("answers that are too short or too long are no answers", () => {
    expect(judgeLength(10, 1500, 3)).toBeNull();
    expect(judgeLength(16, 1500, 100)).toContain("94 bytes");
    expect(judgeLength(1, 150 * 16, 3)).not.toBeNull();
  });
});

describe("the report", () => {
  const echo = (ours: number[], theirs: number[], fault: string | null): CaseResult => ({
    name: "echo",
    client: "wrk",
    skipped: null,
    peers: [
      { id: "mini-http", bodyBytes: 3, fault: null, samples: ours.map((rate) => ({ rate })) },
      { id: "nginx", bodyBytes: 3, fault, samples: theirs.map((rate) => ({ rate })) },
    ],
  });
  const render = (...cases: CaseResult[]): string =>
    renderReport({
      date: "2026-11-24",
      machine: "a machine",
      versions: [
        ["nginx", "1.22.1"],
        ["Caddy", null],
      ],
      loadBefore: "0",
      loadAfter: "1",
      command: "bun run bench",
      rounds: 3,
      cases,
    });
  const rowOf = (report: string, over: string): string =>
    report.split("\n").find((line) => line.includes(`requests/s `) && line.includes(` ${over} `)) ?? "";

  test("a goal is reached at its very number", () => {
    expect(rowOf(render(echo([100], [100], null)), "nginx")).toMatch(/≥ 1 +\| 1\.00 +\| yes/);
    expect(rowOf(render(echo([99], [100], null)), "nginx")).toMatch(/≥ 1 +\| 0\.99 +\| \*\*no\*\*/);
  });

  test("a number that only looks like the goal does not reach it", () => {
    expect(rowOf(render(echo([99.9], [100], null)), "nginx")).toContain("**no**");
  });

  test("a fault voids the number and is named", () => {
    const report = render(echo([100], [100], "wrk saw 1 × read error"));
    expect(rowOf(report, "nginx")).toContain("not measured");
    expect(report).toContain("nginx failed, wrk saw 1 × read error.");
  });

  test("a server that is not there is named", () => expect(render()).toContain("Missing on this machine: Caddy."));

  test("a goal over nothing is the value itself", () => {
    const goal = { measure: "rate", over: null, target: 1 } as const;
    expect(goalValue(goal, "mini-http", echo([3, 5, 4], [], null))).toBe(4);
  });

  test("a table's columns stand below each other", () => {
    expect(table(["a", "server"], [["12345", "x"]])).toBe("| a     | server |\n| ----- | ------ |\n| 12345 | x      |");
  });

  test("only what stands between the marks changes", () => {
    const readme = "one\n<!-- bench:begin -->\nold\n<!-- bench:end -->\ntwo\n";
    const changed = "one\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\ntwo\n";
    expect(putBetweenMarks(readme, "new\n")).toBe(changed);
    expect(putBetweenMarks(changed, "new\n")).toBe(changed);
    expect(() => putBetweenMarks("no marks", "new")).toThrow("bench:begin");
  });
});

describe("the command line", () => {
  test("the shown command leaves out where things lie", () => {
    const options = readOptions(["--only", "echo", "--output", "x.md", "--rounds", "3"]);
    expect(options?.command).toBe("bun run bench --rounds 3 --only echo");
  });

  test.each([
    ["an unknown case", ["--only", "nothing"], "nothing"],
    ["an unknown server", ["--peers", "iis"], "iis"],
    ["no rounds", ["--rounds", "0"], "--rounds"],
  ])("%s is a mistake", (_, args, named) => expect(() => readOptions(args)).toThrow(named));
});
