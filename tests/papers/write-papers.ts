// Writes what programs know into the papers: flags, figures, chart. `bun run papers`; tests/papers/papers.test.ts fails
// until it was run.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { drawChart } from "../bench/chart.ts";
import { readFigures, summaryTable } from "../bench/summary.ts";
import { putBetweenMarks } from "../support/marked-part.ts";
import { accessTable, flagTable, limitTable } from "./flag-table.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** What the files should hold by now, by their paths in the project. */
export function freshPapers(): ReadonlyMap<string, string> {
  const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
  const figures = readFigures(read("tests/bench/RESULTS.md"));
  const withFlags = putBetweenMarks(read("README.md"), "flags", flagTable());
  const withLimits = putBetweenMarks(read("src/README.md"), "limits", limitTable());
  return new Map([
    ["README.md", putBetweenMarks(withFlags, "figures", summaryTable(figures))],
    ["src/README.md", putBetweenMarks(withLimits, "access", accessTable())],
    [".github/images/speed.svg", drawChart(figures)],
  ]);
}

/** Writes them. */
export function writePapers(): void {
  for (const [path, text] of freshPapers()) writeFileSync(join(ROOT, path), text);
}

if (import.meta.main) writePapers();
