// A server in a case: what it takes to get one sample of it, for each kind of load.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Load } from "./cases.ts";
import { Curl } from "./curl.ts";
import { IdleCrowd } from "./idle-crowd.ts";
import { clientThreads } from "./machine.ts";
import type { Sample } from "./measures.ts";
import { PEERS, type PeerId } from "./peers.ts";
import { RoundMeter } from "./round-meter.ts";
import { firstAnswer, prepare, ServerProcess, type Site } from "./server-process.ts";
import { quantile } from "./statistics.ts";
import { UploadClient } from "./upload-client.ts";
import { judgeLength, verifyAnswer } from "./verification.ts";
import { type Pressure, type Visit, Wrk } from "./wrk.ts";

/** A server that has shown that it can do the case. */
export interface Contestant {
  readonly id: PeerId;
  /** Length of the body that it sends, where the case has one. */
  readonly bodyBytes: number | null;
  readonly measure: () => Promise<Sample>;
  readonly stop: () => void;
}

const MIB = 1024 * 1024;
const WARM_UP_SECONDS = 1;
/** A round of downloads has a number, not a time: curl cannot be stopped by the clock. */
const DOWNLOADS_PER_SECOND = 15;
const WARM_UP_DOWNLOADS = 5;
/** What is under way when a round ends is done with before the next server is measured. */
const SETTLE_MS = 200;
/** A server may give memory back, or take more for what it has just seen. */
const IDLE_MS = 3000;

// ── wrk ──

/** Starts a server, looks at one answer and warms it up. */
export async function openVisited(id: PeerId, site: Site, visit: Visit, pressure: Pressure): Promise<Contestant> {
  const server = await ServerProcess.start(id, site);
  try {
    const bodyBytes = await verifyAnswer(server, visit, site.folder);
    const wrk = new Wrk(site.workspace, id, visit);
    const measure = (): Promise<Sample> => measureVisit(server, wrk, visit, pressure, bodyBytes);
    await wrk.run(server.port, { ...pressure, seconds: WARM_UP_SECONDS });
    await Bun.sleep(SETTLE_MS);
    return { id, bodyBytes: visit.paths.length === 1 ? bodyBytes : null, measure, stop: () => server.stop() };
  } catch (error) {
    server.stop();
    throw error;
  }
}

async function measureVisit(
  server: ServerProcess,
  wrk: Wrk,
  visit: Visit,
  pressure: Pressure,
  bodyBytes: number,
): Promise<Sample> {
  const meter = new RoundMeter(server);
  const result = await wrk.run(server.port, pressure);
  await Bun.sleep(SETTLE_MS);
  const { cpu, others } = meter.stop(result.cpuSeconds);
  if (result.faults.length > 0) throw new Error(`wrk saw ${result.faults.join(", ")}`);
  // A round ends in the middle of large answers; what they brought until then counts.
  const isLarge = visit.paths.length === 1 && bodyBytes >= MIB;
  const requests = isLarge ? result.bytes / bodyBytes : result.requests;
  if (requests === 0) throw new Error("no request was answered");
  if (visit.order === "once each" && requests + pressure.connections > visit.paths.length) {
    throw new Error("the files were too few for one round");
  }
  if (visit.paths.length === 1 && !isLarge) {
    const doubt = judgeLength(result.requests, result.bytes, bodyBytes);
    if (doubt !== null) throw new Error(doubt);
  }
  return {
    rate: requests / result.seconds,
    // wrk adds what it thinks a request had to wait (coordinated omission), and is wrong when they come in batches.
    ...(visit.pipelined === 1 ? { p50: result.p50, p99: result.p99 } : {}),
    cpu: (cpu / requests) * 1e6,
    memory: server.residentBytes(),
    server: cpu / result.seconds,
    client: result.cpuSeconds / result.seconds / pressure.threads,
    others,
  };
}

/** Threads and times for a load of wrk. */
export function pressureOf(load: Extract<Load, { kind: "wrk" }>, seconds: number): Pressure {
  const { connections, patienceSeconds, visit } = load;
  // Only one thread can go through the files in turn.
  const threads = visit.order === "once each" ? 1 : clientThreads();
  return { connections, threads, seconds, patienceSeconds };
}

// ── Downloads ──

/** Starts a server and looks at one answer. */
export async function openDownloaded(id: PeerId, site: Site, path: string, seconds: number): Promise<Contestant> {
  const server = await ServerProcess.start(id, site);
  try {
    const visit = { paths: [path], order: "random", headers: {}, pipelined: 1 } as const;
    const bodyBytes = await verifyAnswer(server, visit, site.folder);
    const curl = new Curl(site.workspace, path, bodyBytes);
    const measure = (): Promise<Sample> => measureDownloads(server, curl, seconds * DOWNLOADS_PER_SECOND);
    await curl.run(server.port, WARM_UP_DOWNLOADS);
    return { id, bodyBytes, measure, stop: () => server.stop() };
  } catch (error) {
    server.stop();
    throw error;
  }
}

async function measureDownloads(server: ServerProcess, curl: Curl, count: number): Promise<Sample> {
  const meter = new RoundMeter(server);
  const { times, seconds, cpuSeconds } = await curl.run(server.port, count);
  const { cpu, others } = meter.stop(cpuSeconds);
  return {
    rate: count / seconds,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpu: (cpu / count) * 1e6,
    memory: server.residentBytes(),
    server: cpu / seconds,
    client: cpuSeconds / seconds,
    others,
  };
}

// ── Uploads ──

/** Starts a server and uploads once to look at what it stored. */
export async function openUploaded(id: PeerId, site: Site, bytes: number, seconds: number): Promise<Contestant> {
  const server = await ServerProcess.start(id, site);
  const name = `upload-${id}.bin`;
  const method = PEERS[id].uploadMethod;
  try {
    const client = await UploadClient.connect(server.port, bytes);
    const upload = (): Promise<number> => client.upload(method, `/files/${name}`);
    await upload();
    if (!client.isBody(readFileSync(join(site.folder, name)))) throw new Error("stores another body");
    const stop = (): void => {
      client.close();
      server.stop();
    };
    return { id, bodyBytes: bytes, measure: () => measureUploads(server, upload, seconds), stop };
  } catch (error) {
    server.stop();
    throw error;
  }
}

async function measureUploads(server: ServerProcess, upload: () => Promise<number>, seconds: number): Promise<Sample> {
  const meter = new RoundMeter(server);
  const clientBefore = process.cpuUsage();
  const startedAt = performance.now();
  const times: number[] = [];
  while (performance.now() - startedAt < seconds * 1000) times.push(await upload());
  const passed = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(clientBefore);
  const client = (used.user + used.system) / 1e6;
  const { cpu, others } = meter.stop(client);
  return {
    rate: times.length / passed,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpu: (cpu / times.length) * 1e6,
    memory: server.residentBytes(),
    server: cpu / passed,
    client: client / passed,
    others,
  };
}

// ── Memory and start ──

/** A server that is started for each sample, left alone, and then given a crowd. */
export function openIdle(id: PeerId, site: Site, connections: number): Contestant {
  const measure = async (): Promise<Sample> => {
    const server = await ServerProcess.start(id, site);
    const crowd = new IdleCrowd();
    try {
      await Bun.sleep(SETTLE_MS);
      const idle = server.residentBytes();
      await crowd.join(server.port, connections);
      await Bun.sleep(IDLE_MS);
      return { idle, perConnection: (server.residentBytes() - idle) / connections };
    } finally {
      crowd.leave();
      server.stop();
    }
  };
  return { id, bodyBytes: null, measure, stop: () => {} };
}

/** A server that is started for each sample, and timed. */
export function openStarted(id: PeerId, site: Site): Contestant {
  const measure = async (): Promise<Sample> => {
    const { spawn } = prepare(id, site);
    const startedAt = performance.now();
    const server = spawn();
    try {
      await firstAnswer(server.port);
      return { start: (performance.now() - startedAt) * 1000 };
    } finally {
      server.stop();
    }
  };
  return { id, bodyBytes: null, measure, stop: () => {} };
}
