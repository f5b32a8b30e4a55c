// What was measured, as Markdown that is also readable in a terminal.

import { type Case, CASES, type Goal } from "./cases.ts";
import { DISTURBING_SHARE, type CaseResult, type PeerResult } from "./contest.ts";
import { MEASURES, type Measure, showNumber } from "./measures.ts";
import { PEERS, type PeerId } from "./peers.ts";
import { median, medianRatio } from "./statistics.ts";
import { markdownTable } from "../support/markdown-table.ts";

/** A whole run. */
export interface Report {
  readonly date: string;
  readonly machine: string;
  /** Null for a server that is not on the machine. */
  readonly versions: readonly (readonly [name: string, version: string | null])[];
  readonly loadBefore: string;
  readonly loadAfter: string;
  readonly command: string;
  readonly rounds: number;
  readonly cases: readonly CaseResult[];
}

/** The whole report. */
export function renderReport(report: Report): string {
  const parts = [
    renderHead(report),
    "## The goals",
    renderGoals(report.cases),
    renderFaults(report),
    "## All servers, all numbers",
    renderLoads(report.cases),
    renderAbsolutes(report.cases),
    renderNotes(report.cases),
  ];
  return parts.filter((part) => part !== "").join("\n\n") + "\n";
}

function renderHead({ date, machine, versions, loadBefore, loadAfter, command, rounds }: Report): string {
  const found = versions.flatMap(([name, version]) => (version === null ? [] : [`${name} ${version}`]));
  return [
    `\`${command}\` on ${date}: ${machine}; ${found.join(", ")}. Load average ${loadBefore} before, ${loadAfter} after.`,
    `Medians of ${rounds} rounds in which the servers took turns; a ratio is the median of the ratios of the rounds.`,
    "The clients ran on the same machine.",
  ].join("\n");
}

// ── Goals ──

function renderGoals(results: readonly CaseResult[]): string {
  const rows = results.flatMap((result) => {
    const { title, goals, peers } = caseOf(result);
    return goals.map((goal) => {
      const over = goal.over === null ? "absolute" : PEERS[goal.over].title;
      return [title, MEASURES[goal.measure].title, over, showGoal(goal), ...judge(goal, peers[0], result)];
    });
  });
  return markdownTable(["case", "measure", "over", "goal", "measured", "reached"], rows);
}

function showGoal({ measure, over, target }: Goal): string {
  const sign = MEASURES[measure].better === "more" ? "≥" : "≤";
  return `${sign} ${over === null ? MEASURES[measure].show(target) : target}`;
}

function judge(goal: Goal, subject: PeerId, result: CaseResult): [measured: string, reached: string] {
  const value = goalValue(goal, subject, result);
  if (Number.isNaN(value)) return ["–", "not measured"];
  const isReached = MEASURES[goal.measure].better === "more" ? value >= goal.target : value <= goal.target;
  return [goal.over === null ? MEASURES[goal.measure].show(value) : value.toFixed(2), isReached ? "yes" : "**no**"];
}

/** The ratio, or the subject's own median; NaN when either side has no number. */
export function goalValue({ measure, over }: Goal, subject: PeerId, result: CaseResult): number {
  const ours = samplesOf(result, subject, measure);
  return over === null ? median(ours) : medianRatio(ours, samplesOf(result, over, measure));
}

function samplesOf({ peers }: CaseResult, id: PeerId, measure: Measure): number[] {
  const peer = peers.find((each) => each.id === id);
  return peer === undefined ? [] : valuesOf(peer, measure);
}

function valuesOf({ fault, samples }: PeerResult, measure: Measure): number[] {
  return fault === null ? samples.flatMap((sample) => sample[measure] ?? []) : [];
}

// ── What went wrong ──

function renderFaults({ versions, cases }: Report): string {
  const missing = versions.flatMap(([name, version]) => (version === null ? [name] : []));
  const lines = missing.length === 0 ? [] : [`- Missing on this machine: ${missing.join(", ")}.`];
  for (const result of cases) {
    const { title } = caseOf(result);
    if (result.skipped !== null) lines.push(`- ${title}: skipped, ${result.skipped}.`);
    for (const peer of result.peers) {
      const server = `${title}: ${PEERS[peer.id].title}`;
      const others = median(valuesOf(peer, "others"));
      if (peer.fault !== null) lines.push(`- ${server} failed, ${peer.fault}.`);
      if (others > DISTURBING_SHARE)
        lines.push(`- ${server} was disturbed; others used ${MEASURES.others.show(others)} of a core.`);
    }
  }
  return lines.join("\n");
}

// ── All numbers ──

function renderLoads(results: readonly CaseResult[]): string {
  const measures: readonly Measure[] = ["p50", "p99", "cpu", "memory", "server", "client", "others"];
  const headings = measures.map((measure) => MEASURES[measure].title);
  const rows = results.flatMap((result) => {
    const { title, load, peers } = caseOf(result);
    if (load.kind === "idle" || load.kind === "start") return [];
    return result.peers.map((peer) => {
      const rates = valuesOf(peer, "rate");
      const ratio = medianRatio(samplesOf(result, peers[0], "rate"), rates);
      return [
        title,
        PEERS[peer.id].title,
        MEASURES.rate.show(median(rates)),
        showSpread(rates),
        showNumber(ratio),
        ...measures.map((measure) => showMedian(valuesOf(peer, measure), measure)),
        peer.bodyBytes === null ? "" : peer.bodyBytes.toLocaleString("en-US"),
      ];
    });
  });
  const ours = "mini-http over it";
  return rows.length === 0
    ? ""
    : markdownTable(["case", "server", "requests/s", "spread", ours, ...headings, "body"], rows);
}

function renderAbsolutes(results: readonly CaseResult[]): string {
  const measures: readonly Measure[] = ["idle", "perConnection", "start"];
  const rows = results.flatMap((result) =>
    result.peers.flatMap((peer) =>
      measures.flatMap((measure) => {
        const values = valuesOf(peer, measure);
        if (values.length === 0) return [];
        return [[MEASURES[measure].title, PEERS[peer.id].title, showMedian(values, measure), showSpread(values)]];
      }),
    ),
  );
  return rows.length === 0 ? "" : markdownTable(["measure", "server", "median", "spread"], rows);
}

function renderNotes(results: readonly CaseResult[]): string {
  const notes = results.flatMap((result) => {
    const { title, note } = caseOf(result);
    return result.client === "" ? [] : [`- ${title}: ${note} Client: \`${result.client}\`.`];
  });
  const columns =
    "- spread: how far the rounds lie apart, as a share of the median. server busy: of one core. client busy: of the " +
    "client's threads; where it is near 100 % and the server's is not, the client set the pace and the ratio is " +
    "nearer to 1 than the servers are; CPU per request tells them apart. others busy: programs that have no part in this, of one core; a sample with more than " +
    "10 % is taken again, at most three times, and the calmest counts. memory: resident, of the server's processes together.";
  return [...notes, columns].join("\n");
}

function showMedian(values: readonly number[], measure: Measure): string {
  return values.length === 0 ? "–" : MEASURES[measure].show(median(values));
}

function showSpread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  return `${Math.round(((Math.max(...values) - Math.min(...values)) / Math.abs(median(values))) * 100)} %`;
}

function caseOf({ name }: CaseResult): Case {
  const found = CASES[name];
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found;
}
