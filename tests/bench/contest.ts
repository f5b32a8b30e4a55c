// One case from its start to its end: the servers take turns, round by round.

import { type Case, CASES } from "./cases.ts";
import {
  type Contestant,
  openDownloaded,
  openIdle,
  openStarted,
  openUploaded,
  openVisited,
  pressureOf,
} from "./contestants.ts";
import type { FileSet } from "./file-set.ts";
import { descriptorLimit } from "./machine.ts";
import type { Sample } from "./measures.ts";
import type { Options } from "./options.ts";
import type { PeerId } from "./peers.ts";
import type { Site } from "./server-process.ts";
import { type Pressure, type Visit, wrkCommand } from "./wrk.ts";

/** What one server gave. A fault makes its samples void. */
export interface PeerResult {
  readonly id: PeerId;
  readonly samples: readonly Sample[];
  readonly bodyBytes: number | null;
  readonly fault: string | null;
}

/** What one case gave. */
export interface CaseResult {
  readonly name: string;
  readonly peers: readonly PeerResult[];
  /** The client's command, or what it does. */
  readonly client: string;
  /** Why nothing was measured; null if it was. */
  readonly skipped: string | null;
}

/** More than any server compresses on a small machine; a round that reads all of them is void. */
const COLD_TEXTS_PER_SECOND = 3000;
/** mini-http gives five eighths of its descriptors to connections. */
const DESCRIPTORS_PER_CONNECTION = 8 / 5;
const MOST_TRIES = 4;
/** The share of a core that other programs may have during a sample. */
export const DISTURBING_SHARE = 0.1;
const SPARE_DESCRIPTORS = 100;

/** All that a case needs of the run. */
export interface Arena {
  readonly options: Options;
  readonly site: Site;
  readonly files: FileSet;
  /** The servers that are on this machine and wanted. */
  readonly present: readonly PeerId[];
}

interface Setup {
  readonly client: string;
  readonly rounds: number;
  readonly beforeSample: () => void;
  readonly open: (id: PeerId) => Contestant | Promise<Contestant>;
}

/** Runs a case; a server that fails is named with the reason and the others go on. */
export async function runCase(name: string, arena: Arena): Promise<CaseResult> {
  const wanted = CASES[name];
  if (wanted === undefined) throw new Error(`there is no case ${name}`);
  const skipped = shortOfDescriptors(wanted);
  if (skipped !== null) return { name, peers: [], client: "", skipped };
  const setup = prepareLoad(wanted, arena);
  const ids = wanted.peers.filter((id) => arena.present.includes(id));
  const entries = await openAll(ids, setup);
  try {
    for (let round = 0; round < setup.rounds; round++) await runRound(entries, round, setup);
  } finally {
    for (const { contestant } of entries) contestant?.stop();
  }
  const peers = entries.map(({ id, contestant, samples, fault }) => {
    return { id, samples, bodyBytes: contestant?.bodyBytes ?? null, fault };
  });
  return { name, peers, client: setup.client, skipped: null };
}

interface Entry {
  readonly id: PeerId;
  readonly contestant: Contestant | null;
  readonly samples: Sample[];
  fault: string | null;
}

async function openAll(ids: readonly PeerId[], setup: Setup): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const id of ids) {
    try {
      entries.push({ id, contestant: await setup.open(id), samples: [], fault: null });
    } catch (error) {
      entries.push({ id, contestant: null, samples: [], fault: describe(error) });
    }
  }
  return entries;
}

/** Every second round goes backwards: nobody always runs behind the same neighbour. */
async function runRound(entries: readonly Entry[], round: number, setup: Setup): Promise<void> {
  for (const entry of round % 2 === 0 ? entries : entries.toReversed()) {
    if (entry.contestant === null || entry.fault !== null) continue;
    try {
      entry.samples.push(await measureCalmly(entry.contestant, setup));
    } catch (error) {
      entry.fault = describe(error);
      entry.contestant.stop();
    }
  }
}

/** Measures again while other programs disturb it, and takes the calmest: never by how good the number is. */
async function measureCalmly(contestant: Contestant, setup: Setup): Promise<Sample> {
  let calmest: Sample = { others: Infinity };
  for (let tries = 0; tries < MOST_TRIES && othersIn(calmest) > DISTURBING_SHARE; tries++) {
    setup.beforeSample();
    const sample = await contestant.measure();
    if (othersIn(sample) < othersIn(calmest)) calmest = sample;
  }
  return calmest;
}

function othersIn({ others }: Sample): number {
  return others ?? 0;
}

function prepareLoad({ load }: Case, arena: Arena): Setup {
  const { options, site, files } = arena;
  const usual = { rounds: options.rounds, beforeSample: () => {} };
  switch (load.kind) {
    case "wrk": {
      const pressure = pressureOf(load, options.seconds);
      const isCold = load.visit.paths === "cold texts";
      const names = isCold ? files.writeColdTexts(options.seconds * COLD_TEXTS_PER_SECOND) : [];
      const paths = load.visit.paths === "cold texts" ? names.map((name) => `/files/${name}`) : load.visit.paths;
      const visit = { ...load.visit, paths };
      return {
        ...usual,
        client: describeVisit(visit, pressure),
        beforeSample: () => files.renew(names),
        open: (id) => openVisited(id, site, visit, pressure),
      };
    }
    case "download":
      return {
        ...usual,
        client: `curl ${load.path}`,
        open: (id) => openDownloaded(id, site, load.path, options.seconds),
      };
    case "upload":
      return {
        ...usual,
        client: `uploads of ${load.bytes} bytes for ${options.seconds} s`,
        open: (id) => openUploaded(id, site, load.bytes, options.seconds),
      };
    case "idle":
      return {
        ...usual,
        client: `${load.connections} connections`,
        open: (id) => openIdle(id, site, load.connections),
      };
    case "start":
      return {
        ...usual,
        rounds: options.starts,
        client: `${options.starts} starts`,
        open: (id) => openStarted(id, site),
      };
  }
}

function describeVisit({ paths, headers, pipelined }: Visit, pressure: Pressure): string {
  const fields = Object.entries(headers).map(([name, value]) => ` -H "${name}: ${value}"`);
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : "";
  const times = pipelined > 1 ? ` × ${pipelined}` : "";
  return `${wrkCommand(pressure).join(" ")}${fields.join("")} ${paths[0] ?? ""}${times}${more}`;
}

function shortOfDescriptors({ load }: Case): string | null {
  if (load.kind !== "wrk" && load.kind !== "idle") return null;
  const needed = Math.ceil(load.connections * DESCRIPTORS_PER_CONNECTION) + SPARE_DESCRIPTORS;
  const limit = descriptorLimit();
  return limit >= needed ? null : `needs ${needed} descriptors; \`ulimit -n\` gives ${limit}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
