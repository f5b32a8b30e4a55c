// What lists of large folders cost: how long another client waits meanwhile, how much memory is taken at the peak, and
// what is still done when those who asked have left.
//
//   bun run tests/bench/lists.ts [ENTRIES]
//
// The goals: others wait at most 50 ms, and the peak is at most 150 MiB over rest. The load is on the same machine: where
// it has two cores or other work, look at the calmest of some runs.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { cpuSeconds, residentBytes } from "./process-cost.ts";

const LARGE_ENTRIES = Number(process.argv[2] ?? 100_000);
const MEDIUM_ENTRIES = 10_000;
const CROWD = 200;
const LEAVE_MS = 50;
const AFTER_MS = 500;
const SAMPLE_MS = 10;
const MIB = 1024 * 1024;

const head = (target: string, fields = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`;

/** One request, whose answer is read to its end. */
async function ask(port: number, target: string, fields = ""): Promise<string> {
  const client = await RawClient.connect(port);
  await client.send(head(target, fields));
  const answer = await client.untilEnd(60_000);
  client.close();
  return answer;
}

/** So many who ask, wait for a moment, and reset the connection. */
async function askAndLeave(port: number, target: string): Promise<void> {
  const one = async (): Promise<void> => {
    const client = await RawClient.connect(port);
    await client.send(head(target));
    client.pause();
    await Bun.sleep(LEAVE_MS);
    client.reset();
  };
  await Promise.all(Array.from({ length: CROWD }, one));
}

/** So many who ask and do not read. */
async function askAndStall(port: number, target: string): Promise<void> {
  const clients = await Promise.all(Array.from({ length: CROWD }, () => RawClient.connect(port)));
  for (const client of clients) {
    await client.send(head(target));
    client.pause();
  }
  await Bun.sleep(3000);
  for (const client of clients) client.reset();
}

/** Another client, in a process of its own so that the load does not hold it up: its longest wait in milliseconds. */
const PROBE = `
let begun = 0, longest = 0;
const socket = await Bun.connect({ hostname: "127.0.0.1", port: Number(process.argv.at(-1)), socket: {
  data() { longest = Math.max(longest, performance.now() - begun); setTimeout(go, 1); },
} });
function go() { begun = performance.now(); socket.write("GET /echo/a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"); }
go();
for await (const _ of process.stdin) { console.log(longest.toFixed(1)); longest = 0; }
process.exit();
`;

using folder = tempFolder();
for (const [name, count] of [
  ["large", LARGE_ENTRIES],
  ["medium", MEDIUM_ENTRIES],
] as const) {
  mkdirSync(join(folder.path, name));
  for (let i = 0; i < count; i++) writeFileSync(join(folder.path, name, `photo number ${i} of the holiday.jpg`), "");
}
await using server = await RunningProgram.start(["--directory", folder.path]);
const { port, pid } = server;
const probe = Bun.spawn([process.execPath, "-e", PROBE, String(port)], { stdin: "pipe", stdout: "pipe" });
const words = probe.stdout.getReader();
const rest = residentBytes(pid);

async function longestWait(): Promise<string> {
  probe.stdin.write("?");
  await probe.stdin.flush();
  return new TextDecoder().decode((await words.read()).value).trim();
}

async function row(name: string, load: () => Promise<unknown>): Promise<void> {
  let peak = 0;
  const sampler = setInterval(() => (peak = Math.max(peak, residentBytes(pid))), SAMPLE_MS);
  await longestWait();
  const [cpu, begun] = [cpuSeconds(pid), performance.now()];
  await load();
  const [took, used] = [performance.now() - begun, cpuSeconds(pid) - cpu];
  await Bun.sleep(AFTER_MS);
  const after = cpuSeconds(pid) - cpu - used;
  clearInterval(sampler);
  const figures = [
    took.toFixed(0),
    await longestWait(),
    ((peak - rest) / MIB).toFixed(0),
    used.toFixed(2),
    after.toFixed(2),
  ];
  console.log(`| ${[name, ...figures].join(" | ")} |`);
}

console.log(
  "| case | ms | others wait ms | peak over rest MiB | CPU s | CPU s after |\n| --- | ---: | ---: | ---: | ---: | ---: |",
);
// What the machine itself does to the other client.
await row("nothing", () => Bun.sleep(2000));
await row("page", () => ask(port, "/files/large/"));
await row("page, gzip", () => ask(port, "/files/large/", "Accept-Encoding: gzip\r\n"));
await row("page by size", () => ask(port, "/files/large/?sort=size"));
await row("page, filtered", () => ask(port, "/files/large/?filter=99"));
await row("JSON", () => ask(port, "/files/large/?json"));
let tag = "";
await row("text", async () => (tag = /ETag: (.*)\r/.exec(await ask(port, "/files/large/?simple"))?.[1] ?? ""));
await row("304", () => ask(port, "/files/large/?simple", `If-None-Match: ${tag}\r\n`));
await row(`${CROWD} of ${MEDIUM_ENTRIES}, reset after ${LEAVE_MS} ms`, () => askAndLeave(port, "/files/medium/"));
await row(`${CROWD} of ${LARGE_ENTRIES}, reset after ${LEAVE_MS} ms`, () => askAndLeave(port, "/files/large/"));
await row(`${CROWD} of ${MEDIUM_ENTRIES} that do not read`, () => askAndStall(port, "/files/medium/"));
probe.kill();
