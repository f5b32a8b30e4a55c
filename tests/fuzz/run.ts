// `bun run fuzz [--seconds N] [--seed S] [--only heads|bodies|connections] [--least N]`: prints the seed, what was run
// and how fast. Stops at the first finding with exit code 1; its input goes into tests/fuzz/corpus/ to run forever after.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fuzzConnection, startFuzzServer } from "./connections.ts";
import { type Finding, fuzzChunked, fuzzHead } from "./parsers.ts";
import { Random } from "./random.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    only: { type: "string" },
    least: { type: "string", default: "0" },
  },
});
const KINDS = ["heads", "bodies", "connections"].filter((kind) => values.only === undefined || kind === values.only);
const BATCH = 1000;
const CLIENTS = 32;
const MIB = 1024 * 1024;
const random = new Random(Number(values.seed));
const millisecondsEach = (Number(values.seconds) * 1000) / KINDS.length;
console.log(`seed ${values.seed}`);
for (const kind of KINDS) {
  if (kind === "connections") await runConnections();
  else runParser(kind, kind === "heads" ? fuzzHead : fuzzChunked);
}
process.exit(0);

function runParser(kind: string, fuzz: typeof fuzzHead): void {
  const start = performance.now();
  let executions = 0;
  while (performance.now() - start < millisecondsEach || executions < Number(values.least)) {
    for (let i = 0; i < BATCH; i++) {
      const { raw, finding } = fuzz(random);
      report(kind, raw, finding);
    }
    executions += BATCH;
  }
  summarise(kind, executions, start);
}

async function runConnections(): Promise<void> {
  const { port, server, observer, stop } = startFuzzServer();
  const start = performance.now();
  let executions = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - start < millisecondsEach || executions < Number(values.least)) {
      executions += 1;
      const { raw, finding } = await fuzzConnection(random, port);
      report("connections", raw, finding);
      // What is kept for the tests of the log would grow for ever here.
      observer.exchanges.length = 0;
      observer.records.length = 0;
      observer.refusals.length = 0;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  for (let i = 0; i < 100 && server.connectionCount > 0; i++) await Bun.sleep(50);
  if (server.connectionCount > 0) report("connections", "", `${server.connectionCount} connections stayed open`);
  if (observer.faults.length > 0) report("connections", "", `the server failed: ${String(observer.faults[0])}`);
  summarise("connections", executions, start);
  await stop();
}

function summarise(kind: string, executions: number, start: number): void {
  const rate = Math.round((executions / (performance.now() - start)) * 1000);
  const memory = Math.round(process.memoryUsage().rss / MIB);
  console.log(`${kind}: ${executions} executions, ${rate} a second, no finding, ${memory} MiB resident`);
}

function report(kind: string, raw: string, finding: Finding): void {
  if (finding === null) return;
  console.error(`${kind}: ${finding}\ninput: ${JSON.stringify(raw)}`);
  const file = join(import.meta.dir, "corpus", `${kind}-${Bun.hash(raw).toString(36)}.json`);
  writeFileSync(file, JSON.stringify([raw]) + "\n");
  console.error(`kept as ${file}`);
  process.exit(1);
}
