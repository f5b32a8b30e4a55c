// What a crowd costs: `bun run tests/bench/crowd.ts idle 10000`, `… slow 5000` or `… readers 1000`. Linux only (it
// reads /proc).
//
// idle: opens N connections that each made one request, and prints the server's memory per connection and its CPU.
// slow: N connections send one byte of a head each second; prints the latency of another client meanwhile, and when
// the slow ones were gone.
// readers: N connections each ask for a file of 1 GiB and take a piece of it a second; prints the server's memory and
// the latency of another client meanwhile.

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Socket } from "bun";

const [mode = "idle", count = "10000"] = process.argv.slice(2);
const total = Number(count);
const HEAD_TIMEOUT_SECONDS = 10;
const CLOCK_TICKS_PER_SECOND = 100;

if (mode === "probe") {
  await runProbe(`http://127.0.0.1:${count}/echo/a`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), "mini-http-crowd-"));
writeFileSync(join(folder, "large"), "");
truncateSync(join(folder, "large"), 1024 ** 3);
process.on("exit", () => rmSync(folder, { recursive: true }));

const main = join(import.meta.dir, "../../src/main.ts");
const program = Bun.spawn(
  [process.execPath, main, "--port", "0", "--max-connections", "15000", "--directory", folder],
  { stdout: "ignore", stderr: "pipe", env: { ...process.env } },
);
const port = await readPort(program.stderr);
console.log(`server ${program.pid} on port ${port}, mode ${mode}, ${total} connections`);

let open = 0;
let closed = 0;
let received = 0;
const sockets: Socket<undefined>[] = [];
const before = memoryBytes();
const cpuBefore = cpuSeconds();
for (let i = 0; i < total; i += 500) await Promise.all(Array.from({ length: Math.min(500, total - i) }, connect));
console.log(`${open} open after ${(performance.now() / 1000).toFixed(1)} s`);

if (mode === "idle") await measureIdle();
else if (mode === "readers") await measureReaders();
else await measureSlow();
program.kill("SIGKILL");
process.exit(0);

async function measureIdle(): Promise<void> {
  const request = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const socket of sockets) socket.write(request);
  await Bun.sleep(3000);
  const perConnection = (memoryBytes() - before) / total;
  console.log(
    `memory: ${mib(before)} MiB before, ${mib(memoryBytes())} MiB now, ${perConnection.toFixed(0)} bytes per connection`,
  );
  const cpu = cpuSeconds();
  await Bun.sleep(5000);
  console.log(`CPU while all idle: ${(((cpuSeconds() - cpu) / 5) * 100).toFixed(1)} %`);
  await printLatency("latency of another client");
}

async function measureSlow(): Promise<void> {
  const startedAt = performance.now();
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write("G");
  }, 1000);
  await printLatency("latency of another client meanwhile");
  while (closed < total && performance.now() - startedAt < 60_000) await Bun.sleep(50);
  clearInterval(drip);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${closed} of ${total} gone after ${seconds.toFixed(1)} s (head timeout ${HEAD_TIMEOUT_SECONDS} s)`);
  console.log(`server CPU in all: ${(cpuSeconds() - cpuBefore).toFixed(2)} s, memory ${mib(memoryBytes())} MiB`);
}

async function measureReaders(): Promise<void> {
  const request = "GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const socket of sockets) socket.write(request);
  let peak = 0;
  const watch = setInterval(() => void (peak = Math.max(peak, memoryBytes())), 50);
  const pace = setInterval(() => sockets.forEach((socket) => socket.resume()), 1000);
  await printLatency("latency of another client meanwhile");
  await Bun.sleep(10_000);
  clearInterval(watch);
  clearInterval(pace);
  const above = mib(peak - before);
  console.log(`memory: ${mib(before)} MiB idle, at most ${mib(peak)} MiB with ${total} readers: ${above} MiB above`);
  console.log(`${mib(received)} MiB were read by ${total - closed} readers that are still there`);
}

async function connect(): Promise<void> {
  const socket = await Bun.connect<undefined>({
    hostname: "127.0.0.1",
    port,
    socket: { data: takePiece, close: () => void (closed += 1), error: () => {} },
  });
  sockets.push(socket);
  open += 1;
}

/** A slow reader takes what one event gives it, and the next when it is told to. */
function takePiece(socket: Socket<undefined>, bytes: Buffer): void {
  received += bytes.length;
  if (mode === "readers") socket.pause();
}

/** From a process of its own: this one is busy with the crowd. */
async function printLatency(label: string): Promise<void> {
  const probe = Bun.spawn([process.execPath, import.meta.path, "probe", String(port)], { stdout: "pipe" });
  console.log(`${label}: ${(await new Response(probe.stdout).text()).trim()}`);
}

async function runProbe(url: string): Promise<void> {
  const samples: number[] = [];
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    await (await fetch(url)).text();
    samples.push(performance.now() - start);
    await Bun.sleep(20);
  }
  samples.sort((a, b) => a - b);
  console.log(`median ${samples[100]!.toFixed(2)} ms, p99 ${samples[197]!.toFixed(2)} ms`);
}

async function readPort(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  // The log must have a reader, or its lines would be dropped and the measurement be of something else.
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return Number(/http:\/\/localhost:(\d+)/.exec(Buffer.from(value ?? []).toString())?.[1]);
}

function memoryBytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, "latin1"))![1]) * 1024;
}

function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${program.pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
