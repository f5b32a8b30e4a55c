// Who waits for a thread, and for how long. The calls end when the test lets them.

import { describe, expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { CallQueue, countThreads } from "../../src/storage/call-queue.ts";
import type { Client } from "../../src/storage/storage.ts";

const USUAL = Math.max(2, availableParallelism());

test.each([
  ["without a word", undefined, USUAL],
  ["as told", "8", 8],
  ["one, as told", "1", 1],
  ["none is no number of threads", "0", USUAL],
  ["nor is less", "-3", USUAL],
  ["nor a part", "2.5", USUAL],
  ["nor nothing", "", USUAL],
  ["nor a word", "many", USUAL],
])("threads: %s", (_why, variable, threads) => expect(countThreads(variable)).toBe(threads));

/** Calls by their names: those begun, in order, and how to end them. */
class Calls {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, { resolve(): void; reject(error: Error): void }>();
  readonly queue: CallQueue;

  constructor(threads: number) {
    this.queue = new CallQueue(threads);
  }

  run(client: Client, name: string): Promise<string> {
    return this.queue.run(client, () => {
      this.begun.push(name);
      return new Promise((resolve, reject) => this.#ends.set(name, { resolve: () => resolve(name), reject }));
    });
  }

  /** Ends the call, and lets whoever is next begin. */
  async end(name: string, error?: Error): Promise<void> {
    const { resolve, reject } = this.#ends.get(name)!;
    if (error === undefined) resolve();
    else reject(error);
    await Bun.sleep(0);
  }
}

const client = (): Client => ({ hasLeft: false });

describe("the queue of calls", () => {
  test("runs as many as there are threads, and the next when one ends", async () => {
    const calls = new Calls(2);
    const one = client();
    const all = ["a", "b", "c", "d"].map((name) => calls.run(one, name));
    expect(calls.begun).toEqual(["a", "b"]);
    await calls.end("b");
    expect(calls.begun).toEqual(["a", "b", "c"]);
    await calls.end("a");
    await calls.end("c");
    await calls.end("d");
    expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
  });

  test("lets clients take turns: who asks for much holds up the others for one call at most", async () => {
    const calls = new Calls(1);
    const [greedy, modest, other] = [client(), client(), client()];
    for (const name of ["g1", "g2", "g3", "g4"]) void calls.run(greedy, name);
    for (const name of ["m1", "m2"]) void calls.run(modest, name);
    void calls.run(other, "o1");
    for (let i = 0; i < 6; i++) await calls.end(calls.begun.at(-1)!);
    // The first began before anybody else had asked.
    expect(calls.begun).toEqual(["g1", "g2", "m1", "o1", "g3", "m2", "g4"]);
  });

  test("begins the next when a call fails, and tells only its own client", async () => {
    const calls = new Calls(1);
    const [one, other] = [client(), client()];
    const failing = calls.run(one, "fails").catch((error: Error) => error.message);
    const next = calls.run(other, "next");
    await calls.end("fails", new Error("EIO"));
    expect(await failing).toBe("EIO");
    await calls.end("next");
    expect(await next).toBe("next");
  });

  test("begins the next when a call throws before it has begun", async () => {
    const calls = new Calls(1);
    const thrown = calls.queue.run(client(), () => {
      throw new Error("at once");
    });
    expect(await thrown.catch((error: Error) => error.message)).toBe("at once");
    const next = calls.run(client(), "next");
    await calls.end("next");
    expect(await next).toBe("next");
  });

  test("loses one thread to a call that hangs, and no more", async () => {
    const calls = new Calls(2);
    void calls.run(client(), "hangs");
    for (let i = 0; i < 20; i++) {
      const call = calls.run(client(), `call ${i}`);
      await calls.end(`call ${i}`);
      expect(await call).toBe(`call ${i}`);
    }
  });
});
