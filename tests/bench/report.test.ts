// The parts of the benchmark that only think: what they get wrong no run would show.

import { describe, expect, test } from "bun:test";
import type { CaseResult } from "./contest.ts";
import { readOptions } from "./options.ts";
import { CASES } from "./cases.ts";
import { drawChart } from "./chart.ts";
import { goalValue, renderReport } from "./report.ts";
import { median, medianRatio, quantile } from "./statistics.ts";
import { readFigures, SHOWN_CASES, summaryTable } from "./summary.ts";
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
});

describe("what the README shows", () => {
  const row = (title: string, server: string, rate: string, ratio: string): string =>
    `| ${title} | ${server} | ${rate} | 3 % | ${ratio} | 1 ms |`;
  const head =
    "| case | server | requests/s | spread | mini-http over it | p50 |\n| --- | --- | --- | --- | --- | --- |";
  const all = SHOWN_CASES.flatMap((name) => {
    const { title } = CASES[name]!;
    return [row(title, "mini-http", "2,000", "1.00"), row(title, "nginx", "1,000", "2.00")];
  });
  const results = [head, ...all].join("\n");

  test("comes from the report's table, with a dash for who did not take part", () => {
    const [, , first, ...others] = summaryTable(readFigures(results)).split("\n");
    expect(first).toMatch(/^\| `\/echo\/abc`, 64 connections +\| 2,000 +\| 1,000 +\| – +\| – +\|$/);
    expect(others).toHaveLength(SHOWN_CASES.length - 1);
  });

  test("can be read from every report that has all cases", () => {
    const samples = [{ rate: 4000, p50: 10 }, { rate: 2000 }];
    const report = render(
      ...SHOWN_CASES.map((name): CaseResult => {
        const peers = [...CASES[name]!.peers].map((id) => ({ id, bodyBytes: 3, fault: null, samples }));
        return { name, client: "wrk", skipped: null, peers };
      }),
    );
    const figures = readFigures(report);
    expect(figures.map(({ servers }) => servers[0])).toEqual(
      SHOWN_CASES.map(() => ({ title: "mini-http", rate: "3,000", share: 1 })),
    );
    expect(figures.at(-1)?.servers.map((server) => server?.title)).toEqual([
      "mini-http",
      "nginx",
      undefined,
      "Bun.serve",
    ]);
  });

  test("a report without one of the cases shows nothing", () => {
    expect(() => readFigures([head, ...all.slice(2)].join("\n"))).toThrow("`/echo/abc`, 64 connections");
    expect(() => readFigures("no report")).toThrow("no table");
  });

  test("is drawn to scale, the same figures to the same bytes", () => {
    const chart = drawChart(readFigures(results));
    expect(drawChart(readFigures(results))).toBe(chart);
    const widths = [...chart.matchAll(/<rect class="bar( ours)?" .* width="([\d.]+)"/g)];
    expect(widths).toHaveLength(2 * SHOWN_CASES.length);
    const [ours, theirs] = widths.map(([, , width]) => Number(width));
    expect(ours! / theirs!).toBeCloseTo(2, 1);
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
    ["a part of the figures for the README", ["--readme", "--only", "echo"], "--readme"],
  ])("%s is a mistake", (_, args, named) => expect(() => readOptions(args)).toThrow(named));
});
