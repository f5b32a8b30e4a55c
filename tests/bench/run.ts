// mini-http beside the servers that people would pick instead: `bun run bench`. See README.md in this folder.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CASES } from "./cases.ts";
import { type Arena, type CaseResult, runCase } from "./contest.ts";
import { FileSet, SIZED_FILES } from "./file-set.ts";
import { describeMachine, loadAverage, versionOf } from "./machine.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { isPeerId, PEERS } from "./peers.ts";
import { renderReport } from "./report.ts";
import { writePapers } from "../papers/write-papers.ts";
import { putBetweenMarks } from "../support/marked-part.ts";
import { Workspace } from "./workspace.ts";

const ROOT = resolve(import.meta.dir, "../..");
const EXIT_MISTAKE = 2;
const PAUSE_MS = 300;

await main();

async function main(): Promise<void> {
  const options = readArguments();
  if (options === null) return console.log(HELP);
  if (process.platform !== "linux") return fail("the benchmark reads /proc and so runs on Linux only");
  if (Bun.which("wrk") === null) return fail("wrk is not installed (Debian: apt-get install wrk)");
  if (options.build || !existsSync(options.binary)) build();
  const report = await measure(options);
  console.log(report);
  if (options.output !== null) writeFileSync(options.output, report);
  if (options.readme) writeResults(report);
}

function readArguments(): Options | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function build(): void {
  const { exitCode } = Bun.spawnSync([join(ROOT, "build.sh")], { stdout: "inherit", stderr: "inherit" });
  if (exitCode !== 0) fail("build.sh failed");
}

async function measure(options: Options): Promise<string> {
  using workspace = new Workspace(options.folder);
  workspace.clearOnSignals();
  const date = new Date().toISOString().slice(0, 10);
  const loadBefore = loadAverage();
  const versions = findVersions(options);
  const files = writeFiles(workspace);
  const present = options.peers.filter((id) => PEERS[id].version(options.binary) !== null);
  const site = { workspace, folder: files.folder, binary: options.binary };
  const cases = await runCases({ options, site, files, present });
  return renderReport({
    date,
    machine: describeMachine(),
    versions,
    loadBefore,
    loadAfter: loadAverage(),
    command: options.command,
    rounds: options.rounds,
    cases,
  });
}

/** Progress goes to standard error: standard output is the report. */
async function runCases(arena: Arena): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const name of arena.options.cases) {
    const startedAt = performance.now();
    // So that the work of one case (files that wait to be written) does not slow down the next.
    await Bun.sleep(PAUSE_MS);
    process.stderr.write(`${CASES[name]?.title ?? name} … `);
    const result = await runCase(name, arena);
    const faults = result.peers.flatMap(({ id, fault }) => (fault === null ? [] : [` ${id}: ${fault}`]));
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s${faults.join(";")}\n`);
    results.push(result);
  }
  return results;
}

function writeFiles(workspace: Workspace): FileSet {
  const files = new FileSet(workspace.makeFolder("files"));
  files.writeSized(Object.keys(SIZED_FILES) as (keyof typeof SIZED_FILES)[]);
  files.writeSmall();
  files.writeText();
  return files;
}

/** One row per program: the logged servers are the same programs. */
function findVersions({ binary, peers }: Options): (readonly [string, string | null])[] {
  const programs = ["mini-http", "bun-serve", "nginx", "node", "caddy"].filter(isPeerId);
  const wanted = programs.filter((id) => peers.some((peer) => peer.startsWith(id)));
  const rows = wanted.map((id) => [PEERS[id].title, PEERS[id].version(binary)] as const);
  return [
    ...rows,
    ["wrk", versionOf(["wrk", "--version"], /^wrk (?:debian\/)?(\S+)/m)] as const,
    ["curl", versionOf(["curl", "--version"], /^curl (\S+)/m)] as const,
  ];
}

/** The table and the chart of the README are made from the results. */
function writeResults(report: string): void {
  const path = join(import.meta.dir, "RESULTS.md");
  writeFileSync(path, putBetweenMarks(readFileSync(path, "utf8"), "bench", report));
  writePapers();
}

function fail(sentence: string): never {
  console.error(`bench: ${sentence}`);
  process.exit(EXIT_MISTAKE);
}
