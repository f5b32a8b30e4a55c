// What watching costs: `bun run tests/bench/observation.ts [ROUNDS] [SECONDS]`. Linux and wrk only.
//
// Servers with the same program and other flags take turns at /echo/abc with 64 connections; prints the user and system
// time for each request, as medians of the rounds, and each against its own baseline within a round.

import { closeSync, openSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSeconds } from "./process-cost.ts";
import { median, medianRatio } from "./statistics.ts";

const [rounds = "7", seconds = "3"] = process.argv.slice(2);
const PATH = "/echo/abc";
const WARM_SECONDS = 1;
const MICROSECONDS = 1e6;

/** Each against the one that it is built on. */
const CONTESTANTS: Readonly<Record<string, { readonly flags: readonly string[]; readonly baseline: string }>> = {
  quiet: { flags: ["--quiet"], baseline: "quiet" },
  "quiet, metrics": { flags: ["--quiet", "--metrics"], baseline: "quiet" },
  text: { flags: [], baseline: "quiet" },
  "text, metrics": { flags: ["--metrics"], baseline: "text" },
  json: { flags: ["--log-format", "json"], baseline: "quiet" },
  "json, file": { flags: ["--log-format", "json", "--log-file", "LOG"], baseline: "quiet" },
};

interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly costs: number[];
}

const folder = mkdtempSync(join(tmpdir(), "mini-http-observation-"));
const main = join(import.meta.dir, "../../src/main.ts");
const program = process.env["MINI_HTTP_BINARY"] ? [process.env["MINI_HTTP_BINARY"]] : [process.execPath, main];
const contestants: Contestant[] = [];
process.on("exit", () => {
  for (const { pid } of contestants) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true });
});
let port = 24_000 + (process.pid % 1000) * 8;
for (const name of Object.keys(CONTESTANTS)) contestants.push(await start(name, port++));

for (const each of contestants) await measure(each, WARM_SECONDS);
for (let round = 0; round < Number(rounds); round++) {
  const order = round % 2 === 0 ? contestants : contestants.toReversed();
  for (const each of order) each.costs.push(await measure(each, Number(seconds)));
}
for (const { name, costs } of contestants) {
  const { baseline } = CONTESTANTS[name]!;
  const ratio = medianRatio(costs, contestants.find((each) => each.name === baseline)!.costs);
  console.log(`${name.padEnd(16)} ${median(costs).toFixed(2)} µs a request, ${ratio.toFixed(3)} of ${baseline}`);
}
process.exit(0);

/** Its log goes to a pipe's like, which takes what comes. */
async function start(name: string, port: number): Promise<Contestant> {
  const flags = CONTESTANTS[name]!.flags.map((flag) => (flag === "LOG" ? join(folder, "log") : flag));
  const sink = openSync("/dev/null", "w");
  const { pid } = Bun.spawn([...program, "--port", String(port), ...flags], { stdio: ["ignore", "ignore", sink] });
  closeSync(sink);
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`http://localhost:${port}${PATH}`).catch(() => null);
    if (answer?.ok === true) return { name, pid, port, costs: [] };
    await Bun.sleep(50);
  }
  throw new Error(`${name} does not start; ${readFileSync("/proc/loadavg", "latin1")}`);
}

/** Microseconds of processor time for each request. */
async function measure({ pid, port }: Contestant, duration: number): Promise<number> {
  const before = cpuSeconds(pid);
  const wrk = Bun.spawn(["wrk", "-t1", "-c64", `-d${duration}s`, `http://127.0.0.1:${port}${PATH}`], {
    stdout: "pipe",
  });
  const requests = Number(/(\d+) requests in/.exec(await wrk.stdout.text())?.[1]);
  return (MICROSECONDS * (cpuSeconds(pid) - before)) / requests;
}
