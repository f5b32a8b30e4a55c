// A cache at its limit, asked by many clients at once: each object comes whole or not at all, what is asked for often is
// there as often as in a cache that forgets exactly what was not used for longest, and a server that is killed goes on
// where it was.
// MINI_HTTP_CACHE_OBJECTS is how many objects fit (3000), MINI_HTTP_CACHE_REQUESTS how many are asked for (6 for each),
// MINI_HTTP_TORTURE_SEED repeats a run.

import { describe, expect, test } from "bun:test";
import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { RECENCY_NAME } from "../../src/storage/recency.ts";
import { evictedBy, FREE_SHARE, type Held, heldIn, RECORD_BYTES } from "../support/cache-folder.ts";
import { until } from "../support/patience.ts";
import {
  type CachedObject,
  cachedObjects,
  contentOf,
  ExactCache,
  MOST_BYTES,
  shuffled,
  zipfTrace,
} from "../support/cache-trace.ts";
import { KeepAliveClient, type Reply } from "../support/keep-alive-client.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const FITTING = Number(process.env["MINI_HTTP_CACHE_OBJECTS"] ?? 3000);
const REQUESTS = Number(process.env["MINI_HTTP_CACHE_REQUESTS"] ?? 6 * FITTING);
const SEED = Number(process.env["MINI_HTTP_TORTURE_SEED"] ?? Date.now() % 1_000_000_007);
const CLIENTS = 32;
const WORKERS = 2;
/** Of all that is asked for, so much more or less may be there than in an exact cache. */
const HIT_RATE_TOLERANCE = 0.02;
const START_MS = 30_000;
const POLL_MS = 5;
const STEADY_MS = 200;
const PATIENCE_MS = 120_000 + 2 * REQUESTS;

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A folder that is full to its limit, its clients, and what they have seen. */
class Cache implements Disposable {
  readonly #outer = tempFolder();
  readonly folder = join(this.#outer.path, "served");
  readonly objects = cachedObjects(2 * FITTING);
  readonly trace: Uint32Array;
  /** What is there at first, the least recently used first. */
  readonly first: readonly number[];
  readonly limit: number;
  /** What clients were told. */
  readonly wrong: string[] = [];
  hits = 0;
  created = 0;
  createdBytes = 0;
  /** Bytes of all uploads that were begun. */
  sent = 0;
  #next = 0;
  #mayBeGone = false;

  constructor(seed: number) {
    const random = new Random(seed);
    this.trace = zipfTrace(this.objects.length, REQUESTS, random);
    this.first = [...shuffled(this.objects.length, random).subarray(0, FITTING)];
    this.limit = this.first.reduce((sum, i) => sum + this.objects[i]!.size, 0);
    const start = Date.now() / 1000 - 3600;
    for (const [at, i] of this.first.entries()) {
      const path = this.path(this.objects[i]!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contentOf(this.objects[i]!));
      utimesSync(path, start + at / 1000, start + at / 1000);
    }
  }

  get flags(): readonly string[] {
    const limits = ["--evict", String(this.limit), "--workers", String(WORKERS)];
    return [...limits, "--metrics", "--directory", this.folder];
  }

  path({ name }: CachedObject): string {
    return join(this.folder, name);
  }

  /** Nothing goes before the server has looked at all files: the first that goes shows that it has. */
  async untilSurveyed(program: RunningProgram): Promise<void> {
    this.created += 1;
    this.createdBytes += 1;
    if ((await put(program, "first", 1)) !== 201) throw new Error("the first upload was refused");
    await until(async () => (await evictedBy(program)).files > 0, PATIENCE_MS);
    await steadyIn(this.folder);
  }

  /** How many have been asked for. */
  get asked(): number {
    return this.#next;
  }

  get isOver(): boolean {
    return this.#next >= this.trace.length;
  }

  /** All clients follow the trace together, each the next request when it has its answer; until its end or `end`. */
  async follow(server: () => Promise<RunningProgram>, end = this.trace.length): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#followAlone(server, end)));
  }

  /** From now on a connection may end without an answer: somebody is killed. */
  expectKills(): void {
    this.#mayBeGone = true;
  }

  /** The hits of a cache that forgets exactly, in the same order. */
  exactHits(): number {
    const cache = new ExactCache(this.limit);
    for (const i of this.first) cache.use(i, this.objects[i]!.size);
    return this.trace.reduce((hits, i) => hits + (cache.use(i, this.objects[i]!.size) ? 1 : 0), 0);
  }

  /** Looks again and again until `isOver`; gives the most that was held beyond what is in flight. */
  async watch(isOver: () => boolean): Promise<number> {
    let most = -Infinity;
    while (!isOver()) {
      const before = this.sent;
      const { bytes } = await heldIn(this.folder);
      // What was removed after it was counted makes room for what was sent meanwhile, and is counted, too.
      most = Math.max(most, bytes - (this.sent - before));
      await Bun.sleep(50);
    }
    return most - CLIENTS * MOST_BYTES;
  }

  [Symbol.dispose](): void {
    this.#outer[Symbol.dispose]();
  }

  async #followAlone(server: () => Promise<RunningProgram>, end: number): Promise<void> {
    let client: KeepAliveClient | null = null;
    while (this.#next < end) {
      const object = this.objects[this.trace[this.#next++]!]!;
      for (let isAnswered = false; !isAnswered;) {
        if (client === null || client.isGone) client = await connectTo(server);
        isAnswered = await this.#use(client, object).catch((error) => this.#lost(error));
      }
    }
    client?.[Symbol.dispose]();
  }

  /** False when it is to be tried again. */
  async #use(client: KeepAliveClient, object: CachedObject): Promise<boolean> {
    const got = await client.ask(`GET /files/${object.name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    if (got.status === 200) {
      this.hits += 1;
      if (!contentOf(object).equals(got.body)) this.wrong.push(`${object.name} is torn`);
      return true;
    }
    if (got.status !== 404) return this.#refused("GET", object, got);
    this.sent += object.size;
    const head = `PUT /files/${object.name} HTTP/1.1\r\nHost: a\r\nContent-Length: ${object.size}\r\n\r\n`;
    const put = await client.ask(head, contentOf(object));
    if (put.status !== 201 && put.status !== 204) return this.#refused("PUT", object, put);
    this.created += put.status === 201 ? 1 : 0;
    this.createdBytes += put.status === 201 ? object.size : 0;
    return true;
  }

  /** A worker whose parent is gone says "try again", and ends. */
  #refused(method: string, { name }: CachedObject, { status }: Reply): boolean {
    if (this.#mayBeGone && status === 503) return false;
    this.wrong.push(`${method} ${name} was ${status}`);
    return true;
  }

  #lost(error: unknown): boolean {
    if (!this.#mayBeGone) this.wrong.push(String(error));
    return !this.#mayBeGone;
  }
}

async function connectTo(server: () => Promise<RunningProgram>): Promise<KeepAliveClient> {
  const until = performance.now() + START_MS;
  for (;;) {
    const client = await KeepAliveClient.connect((await server()).port).catch(() => null);
    if (client !== null) return client;
    if (performance.now() > until) throw new Error("nobody listens");
    await Bun.sleep(POLL_MS);
  }
}

/** A server that is killed and started anew; who asks meanwhile waits. */
class Restarted implements AsyncDisposable {
  readonly #flags: readonly string[];
  #running: Promise<RunningProgram>;

  constructor(flags: readonly string[]) {
    this.#flags = flags;
    this.#running = RunningProgram.start(flags);
  }

  readonly server = (): Promise<RunningProgram> => this.#running;

  /** As by a lack of memory: nothing is finished, nothing is written any more. */
  async kill(): Promise<void> {
    const program = await this.#running;
    this.#running = (async () => {
      program.kill("SIGKILL");
      await program.exited;
      return RunningProgram.start(this.#flags);
    })();
    await this.#running;
  }

  /** One of its workers only. */
  async killWorker(): Promise<void> {
    const program = await this.#running;
    const children = await Bun.file(`/proc/${program.pid}/task/${program.pid}/children`).text();
    process.kill(Number(children.split(" ")[0]), "SIGKILL");
    await program.untilLog((log) => log.includes("another one starts"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#running)[Symbol.asyncDispose]();
  }
}

async function put(program: RunningProgram, name: string, size: number): Promise<number> {
  using client = await KeepAliveClient.connect(program.port);
  const head = `PUT /files/${name} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`;
  return (await client.ask(head, Buffer.alloc(size, name))).status;
}

/** What is held when nothing goes any more: on a busy machine an upload is answered before all has gone that is to go. */
async function steadyIn(folder: string): Promise<Held> {
  let held = await heldIn(folder);
  for (let before: Held | null = null; before?.files !== held.files || before.bytes !== held.bytes;) {
    before = held;
    await Bun.sleep(STEADY_MS);
    held = await heldIn(folder);
  }
  return held;
}

const linux = needs({ linux: true });

describe(`a cache of ${FITTING} objects at its limit, ${WORKERS} workers, ${CLIENTS} clients (seed ${SEED})`, () => {
  test(
    "hits as often as exact LRU, tears nothing, refuses nothing and stays below its limit",
    async () => {
      using cache = new Cache(SEED);
      await using program = await RunningProgram.start(cache.flags);
      await cache.untilSurveyed(program);
      let isOver = false;
      const watching = cache.watch(() => isOver);
      const start = performance.now();
      await cache.follow(async () => program);
      isOver = true;
      console.info(`${Math.round((1000 * REQUESTS) / (performance.now() - start))} requests/s`);
      const [hitRate, exactRate] = [cache.hits / REQUESTS, cache.exactHits() / REQUESTS];
      console.info(`hit rate ${hitRate.toFixed(4)}, exact LRU ${exactRate.toFixed(4)}`);
      expect(cache.wrong).toEqual([]);
      expect(await watching).toBeLessThanOrEqual(cache.limit);
      const held = await heldIn(cache.folder);
      expect(held.bytes).toBeLessThanOrEqual(cache.limit);
      expect(await evictedBy(program)).toEqual({
        files: FITTING + cache.created - held.files,
        bytes: cache.limit + cache.createdBytes - held.bytes,
      });
      expect(Math.abs(hitRate - exactRate)).toBeLessThan(HIT_RATE_TOLERANCE);
    },
    PATIENCE_MS,
  );

  describe.skipIf(linux.skip)("knows to the byte what it holds when", () => {
    test.each<[what: string, kill: (server: Restarted) => Promise<void>]>([
      ["the whole server was killed", (server) => server.kill()],
      ["one of its workers was killed", (server) => server.killWorker()],
    ])(
      "%s in the middle",
      async (_what, kill) => {
        using cache = new Cache(SEED);
        await using server = new Restarted(cache.flags);
        cache.expectKills();
        const following = cache.follow(server.server);
        for (const part of [1, 2, 3]) {
          await until(() => cache.asked > (part * REQUESTS) / 4, PATIENCE_MS);
          await kill(server);
        }
        await following;
        expect(cache.wrong).toEqual([]);
        const program = await server.server();
        // What was not confirmed may be there: whoever asks next makes room for it.
        expect(await put(program, "settle", 1)).toBe(201);
        const { bytes } = await steadyIn(cache.folder);
        expect(bytes).toBeLessThanOrEqual(cache.limit);
        expect(await put(program, "fill", cache.limit - bytes)).toBe(201);
        expect((await heldIn(cache.folder)).bytes).toBe(cache.limit);
        expect(await put(program, "more", 1)).toBe(201);
        const most = cache.limit - Math.floor(cache.limit / FREE_SHARE);
        const after = await heldIn(cache.folder);
        expect(after.bytes).toBeLessThanOrEqual(most);
        expect(after.bytes).toBeGreaterThan(most - MOST_BYTES);
      },
      PATIENCE_MS,
    );
  });

  test(
    "forgets what was not read before it was killed, however old the files are that were",
    async () => {
      using cache = new Cache(SEED);
      await using server = new Restarted(cache.flags);
      const half = Math.floor(FITTING / 2);
      const [read, unread] = [cache.first.slice(0, half), cache.first.slice(half)];
      using client = await KeepAliveClient.connect((await server.server()).port);
      for (const i of read) {
        const { status } = await client.ask(`GET /files/${cache.objects[i]!.name} HTTP/1.1\r\nHost: a\r\n\r\n`);
        expect(status).toBe(200);
      }
      const log = join(cache.folder, RECENCY_NAME);
      await until(() => (statSync(log, { throwIfNoEntry: false })?.size ?? 0) >= half * RECORD_BYTES, PATIENCE_MS);
      await server.kill();
      const program = await server.server();
      for (let i = 0; i < FREE_SHARE / 4; i++) {
        expect(await put(program, `new-${i}`, Math.floor(cache.limit / FREE_SHARE))).toBe(201);
      }
      await until(async () => (await heldIn(cache.folder)).bytes <= cache.limit, PATIENCE_MS);
      const missing = (objects: readonly number[]): number =>
        objects.filter((i) => !isThere(cache.path(cache.objects[i]!))).length;
      expect(missing(read)).toBe(0);
      expect(missing(unread)).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});
