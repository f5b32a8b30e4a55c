// wrk, the load generator: its script, its start and what it says at the end.

import { writeFileSync } from "node:fs";
import type { Workspace } from "./workspace.ts";

/** What wrk asks for. */
export interface Visit {
  readonly paths: readonly string[];
  /** "once each" runs through the paths; more requests than paths are a fault. */
  readonly order: "random" | "once each";
  readonly headers: Readonly<Record<string, string>>;
  /** Requests that are sent at once, before the first answer. */
  readonly pipelined: number;
}

/** How hard it asks. */
export interface Pressure {
  readonly connections: number;
  readonly threads: number;
  readonly seconds: number;
  /** How long one answer may take. */
  readonly patienceSeconds: number;
}

/** What it counted. Times are microseconds. */
export interface WrkResult {
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly p50: number;
  readonly p99: number;
  /** In words; empty when all went well. */
  readonly faults: readonly string[];
}

/** Of the line that our script prints when wrk is done. */
const MARK = "bench-result";
const FAULT_NAMES = ["connect", "read", "write", "status", "timeout"] as const;

/** The Lua script for a visit. */
export function wrkScript(visit: Visit): string {
  const headers = Object.entries(visit.headers).map(([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`);
  return [...headers, ...requestScript(visit), ...DONE_SCRIPT].join("\n") + "\n";
}

/** A visit of one path needs no function for each request: wrk then sends the same bytes without asking Lua. */
function requestScript({ paths, order, pipelined }: Visit): string[] {
  const [first] = paths;
  if (paths.length === 1 && pipelined === 1) return [`wrk.path = ${quote(first ?? "/")}`];
  const index = order === "random" ? "math.random(#requests)" : "turn % #requests + 1";
  return [
    `local paths = {${paths.map(quote).join(",")}}`,
    "local requests = {}",
    "local turn = -1",
    "function init()",
    "  math.randomseed(4221)",
    `  for i, path in ipairs(paths) do requests[i] = string.rep(wrk.format("GET", path), ${pipelined}) end`,
    "end",
    "function request()",
    "  turn = turn + 1",
    `  return requests[${index}]`,
    "end",
  ];
}

const DONE_SCRIPT = [
  "function done(summary, latency)",
  "  local e = summary.errors",
  `  print(string.format("${MARK} %d %d %d %d %d %d %d %d %d %d", summary.duration, summary.requests, summary.bytes,`,
  "    latency:percentile(50), latency:percentile(99), e.connect, e.read, e.write, e.status, e.timeout))",
  "end",
];

/** What the script printed; null when wrk ended without it. */
export function parseWrkOutput(output: string): WrkResult | null {
  const line = output.split("\n").find((each) => each.startsWith(MARK + " "));
  if (line === undefined) return null;
  const numbers = line.split(" ").slice(1).map(Number);
  const [micros = 0, requests = 0, bytes = 0, p50 = 0, p99 = 0, ...counts] = numbers;
  if (numbers.length !== 5 + FAULT_NAMES.length || numbers.some((each) => !Number.isFinite(each))) return null;
  const faults = FAULT_NAMES.flatMap((name, index) => {
    const count = counts[index] ?? 0;
    return count === 0 ? [] : [`${count} × ${name === "status" ? "status 400 or over" : `${name} error`}`];
  });
  return { seconds: micros / 1e6, requests, bytes, p50, p99, faults };
}

/** A visit that is ready to start, with its script on disk. */
export class Wrk {
  readonly #script: string;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace, name: string, visit: Visit) {
    this.#workspace = workspace;
    this.#script = workspace.path(`${name}.lua`);
    writeFileSync(this.#script, wrkScript(visit));
  }

  /** Runs it; `cpuSeconds` is what wrk itself used. */
  async run(port: number, pressure: Pressure): Promise<WrkResult & { readonly cpuSeconds: number }> {
    const command = [...wrkCommand(pressure), "-s", this.#script, `http://127.0.0.1:${port}/`];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    this.#workspace.adopt(child.pid);
    const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    this.#workspace.kill(child.pid);
    const result = parseWrkOutput(output);
    if (result === null) throw new Error(`wrk failed: ${(complaint || output).trim().slice(0, 200)}`);
    const cpuMicros = Number(child.resourceUsage()?.cpuTime.total ?? 0);
    return { ...result, cpuSeconds: cpuMicros / 1e6 };
  }
}

/** The part of the command that people want to see. */
export function wrkCommand({ connections, threads, seconds, patienceSeconds }: Pressure): string[] {
  return ["wrk", `-t${threads}`, `-c${connections}`, `-d${seconds}s`, "--timeout", `${patienceSeconds}s`];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
