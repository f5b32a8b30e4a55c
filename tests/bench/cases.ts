// What is measured, against whom, and what we want to reach.

import { SIZED_FILES, SMALL_FILES, TEXT_FILE } from "./file-set.ts";
import type { Measure } from "./measures.ts";
import type { PeerId } from "./peers.ts";
import type { Visit } from "./wrk.ts";

/** A wish: our median ratio over the other's in the same run, or our own value where `over` is null. */
export interface Goal {
  readonly measure: Measure;
  readonly over: PeerId | null;
  readonly target: number;
}

/** What is put on a server. */
export type Load =
  | { readonly kind: "wrk"; readonly connections: number; readonly visit: WrkVisit; readonly patienceSeconds: number }
  | { readonly kind: "download"; readonly path: string }
  | { readonly kind: "upload"; readonly bytes: number }
  | { readonly kind: "idle"; readonly connections: number }
  | { readonly kind: "start" };

/** A visit whose paths may depend on the run: "cold texts" are as many as it can read. */
export interface WrkVisit extends Omit<Visit, "paths"> {
  readonly paths: readonly string[] | "cold texts";
}

/** One line of the benchmark. */
export interface Case {
  readonly title: string;
  /** What a reader must know to judge the number. */
  readonly note: string;
  /** The mini-http that the goals speak of, then the others. */
  readonly peers: readonly [PeerId, ...PeerId[]];
  readonly load: Load;
  readonly goals: readonly Goal[];
}

const KIB = 1024;
const MIB = 1024 * KIB;
const USUAL_CONNECTIONS = 64;
const PIPELINED = 16;
const PATIENCE_SECONDS = 10;
const ECHO = "/echo/abc";
const SERVERS = ["mini-http", "bun-serve", "nginx", "node", "caddy"] as const;
const FILE_SERVERS = ["mini-http", "bun-serve", "nginx", "caddy"] as const;

interface Wish {
  readonly connections?: number;
  readonly paths?: WrkVisit["paths"];
  readonly order?: Visit["order"];
  readonly headers?: Visit["headers"];
  readonly pipelined?: number;
}

function wrk(wish: Wish): Load {
  const { connections = USUAL_CONNECTIONS, paths = [ECHO], order = "random", headers = {}, pipelined = 1 } = wish;
  return {
    kind: "wrk",
    connections,
    visit: { paths, order, headers, pipelined },
    patienceSeconds: PATIENCE_SECONDS,
  };
}

function file(name: keyof typeof SIZED_FILES, connections: number): Load {
  return wrk({ paths: [`/files/${name}`], connections });
}

function rate(over: PeerId, target: number): Goal {
  return { measure: "rate", over, target };
}

/** The cases by their names on the command line. */
export const CASES: Readonly<Record<string, Case>> = {
  echo: {
    title: "`/echo/abc`, 64 connections",
    note: "Nginx and Caddy answer fixed bytes (`return 200`, `respond`); the others read the path.",
    peers: ["mini-http", "ceiling", "bun-serve", "nginx", "node", "caddy"],
    load: wrk({}),
    goals: [
      rate("ceiling", 0.95),
      rate("bun-serve", 1.2),
      rate("nginx", 1.0),
      { measure: "cpu", over: "bun-serve", target: 0.8 },
      { measure: "cpu", over: "nginx", target: 1.0 },
    ],
  },
  "echo-pipelined": {
    title: "the same, pipelined by 16",
    note: "Each write of the client holds 16 requests. wrk tells no true latency then.",
    peers: ["mini-http", "ceiling", "bun-serve", "nginx", "node", "caddy"],
    load: wrk({ pipelined: PIPELINED }),
    goals: [rate("bun-serve", 10), rate("nginx", 8)],
  },
  "echo-connect": {
    title: "a new connection per request",
    note: "`/echo/abc` with `Connection: close`, 64 at a time.",
    peers: SERVERS,
    load: wrk({ headers: { Connection: "close" } }),
    goals: [rate("bun-serve", 1.0), rate("nginx", 0.9)],
  },
  "file-100B": {
    title: "100 B file",
    note: "64 connections.",
    peers: FILE_SERVERS,
    load: file("100B.bin", USUAL_CONNECTIONS),
    goals: [],
  },
  "file-10K": {
    title: "10 KiB file",
    note: "64 connections.",
    peers: FILE_SERVERS,
    load: file("10K.bin", USUAL_CONNECTIONS),
    goals: [rate("nginx", 1.1), rate("bun-serve", 2.5)],
  },
  "file-1M": {
    title: "1 MiB file",
    note: "16 connections. Requests are bytes divided by size, so downloads cut by the end of a round count too.",
    peers: FILE_SERVERS,
    load: file("1M.bin", 16),
    goals: [rate("nginx", 0.9), rate("bun-serve", 1.2)],
  },
  "file-100M": {
    title: "100 MiB file",
    note: "4 connections. Requests are bytes divided by size. wrk reads 8 KiB at a time and sets the pace; see the next.",
    peers: FILE_SERVERS,
    load: file("100M.bin", 4),
    goals: [rate("nginx", 1.2), rate("bun-serve", 1.2)],
  },
  "file-100M-curl": {
    title: "100 MiB file, by curl",
    note: "One download at a time over one connection. curl reads 100 KiB at a time, which costs the client less.",
    peers: FILE_SERVERS,
    load: { kind: "download", path: "/files/100M.bin" },
    goals: [],
  },
  "files-500": {
    title: "500 different files of 1 to 8 KiB at random",
    note: "64 connections; the same order for every server.",
    peers: FILE_SERVERS,
    load: wrk({ paths: SMALL_FILES.map((name) => `/files/${name}`) }),
    goals: [rate("nginx", 1.1), rate("bun-serve", 2.0)],
  },
  "gzip-hot": {
    title: "100 KiB of text with gzip, hot",
    note: "64 connections, one file over and over. Nginx compresses at level 6, Bun.serve at zlib's default.",
    peers: FILE_SERVERS,
    load: wrk({ paths: [`/files/${TEXT_FILE}`], headers: { "Accept-Encoding": "gzip" } }),
    goals: [rate("nginx", 10)],
  },
  "gzip-cold": {
    title: "100 KiB of text with gzip, cold",
    note:
      "16 connections. Each request asks for another file, no file twice in a round, and all get a new time of " +
      "change before each sample: whatever a server kept of them is void, and each is compressed afresh.",
    peers: FILE_SERVERS,
    load: wrk({ connections: 16, paths: "cold texts", order: "once each", headers: { "Accept-Encoding": "gzip" } }),
    goals: [rate("nginx", 2)],
  },
  "upload-64M": {
    title: "64 MiB upload",
    note:
      "One at a time over one connection, each replacing the last; the client is a raw socket. Nginx: dav PUT with a " +
      "body buffer of 512 KiB; Bun.serve: Bun.write, which unlike the others leaves half a file if a client leaves.",
    peers: ["mini-http", "bun-serve", "nginx"],
    load: { kind: "upload", bytes: 64 * MIB },
    goals: [rate("nginx", 1.0), rate("bun-serve", 1.0)],
  },
  "echo-logged": {
    title: "`/echo/abc` with the log on",
    note: "64 connections; mini-http's default log and nginx's access log, each into a file.",
    peers: ["mini-http-logged", "mini-http", "nginx-logged"],
    load: wrk({}),
    goals: [rate("nginx-logged", 1.0)],
  },
  "echo-1000": {
    title: "`/echo/abc`, 1,000 connections",
    note: "Opened at the start of each round.",
    peers: ["mini-http", "ceiling", "bun-serve", "nginx", "node", "caddy"],
    load: wrk({ connections: 1000 }),
    goals: [],
  },
  "echo-10000": {
    title: "`/echo/abc`, 10,000 connections",
    note: "Opened at the start of each round, which counts.",
    peers: ["mini-http", "ceiling", "bun-serve", "nginx", "node", "caddy"],
    load: wrk({ connections: 10_000 }),
    goals: [],
  },
  idle: {
    title: "idle memory",
    note: "Of a server that just started, and what each of many connections adds that made one request and wait.",
    peers: SERVERS,
    load: { kind: "idle", connections: 10_000 },
    goals: [
      { measure: "idle", over: null, target: 35 * MIB },
      { measure: "perConnection", over: null, target: 3 * KIB },
    ],
  },
  start: {
    title: "start to first answer",
    note: "From before the process is made to the first byte of its first answer.",
    peers: SERVERS,
    load: { kind: "start" },
    goals: [{ measure: "start", over: "node", target: 0.5 }],
  },
};
