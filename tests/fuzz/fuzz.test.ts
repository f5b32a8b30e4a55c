// The kept inputs, always; and a short run of each fuzzer with a fixed seed. `bun run fuzz` is the long one.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TEST_MS } from "../support/patience.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import type { StartedServer } from "../support/start-server.ts";
import { fuzzConnection, startFuzzServer } from "./connections.ts";
import { compareChunked, compareHead, fuzzChunked, fuzzHead } from "./parsers.ts";
import { Random } from "./random.ts";

const CORPUS = join(import.meta.dir, "corpus");

function kept(kind: string): string[] {
  const files = readdirSync(CORPUS).filter((file) => file.startsWith(kind));
  return files.flatMap((file) => JSON.parse(readFileSync(join(CORPUS, file), "utf8")) as string[]);
}

let started: StartedServer;
beforeAll(() => {
  started = startFuzzServer();
});
afterAll(() => started.stop());

describe("the corpus", () => {
  test.each(kept("heads"))("head %j", (raw) => {
    for (let cut = 0; cut <= raw.length; cut++) expect(compareHead(raw, cut)).toBeNull();
  });

  test.each(kept("bodies"))("body %j", (raw) => {
    for (let cut = 0; cut <= raw.length; cut++) expect(compareChunked(raw, cut)).toBeNull();
  });

  test.each(kept("connections"))("connection %j", async (raw) => {
    for (let cut = 1; cut < raw.length; cut += 7)
      expect(readResponses(await exchange(started.port, raw.slice(0, cut), raw.slice(cut))).length).toBeGreaterThan(0);
  });
});

describe("a short run", () => {
  test("of heads finds nothing", () => {
    const random = new Random(1);
    for (let i = 0; i < 50_000; i++) expect(fuzzHead(random).finding).toBeNull();
  });

  test("of chunked bodies finds nothing", () => {
    const random = new Random(2);
    for (let i = 0; i < 50_000; i++) expect(fuzzChunked(random).finding).toBeNull();
  });

  test(
    "of connections finds nothing with --testing either",
    async () => {
      const random = new Random(4);
      const observed = startFuzzServer(true);
      for (let i = 0; i < 100; i++) {
        const runs = await Promise.all(Array.from({ length: 10 }, () => fuzzConnection(random, observed.port)));
        for (const { raw, finding } of runs) expect({ raw, finding }).toEqual({ raw, finding: null });
      }
      expect(observed.observer.faults).toEqual([]);
      await observed.stop();
    },
    2 * TEST_MS,
  );

  test(
    "of connections finds nothing",
    async () => {
      const random = new Random(3);
      for (let i = 0; i < 100; i++) {
        const runs = await Promise.all(Array.from({ length: 10 }, () => fuzzConnection(random, started.port)));
        for (const { raw, finding } of runs) expect({ raw, finding }).toEqual({ raw, finding: null });
      }
      expect(started.observer.faults).toEqual([]);
    },
    2 * TEST_MS,
  );
});
