import { describe, expect, test } from "bun:test";
import { fitsGlob } from "../../src/testing/path-glob.ts";
import type { RecordedExchange } from "../../src/testing/recorded-exchange.ts";
import { type ExchangeFilter, type ExchangeStore, type Found, Recorder } from "../../src/testing/recorder.ts";
import {
  type RecorderAnswer,
  RecorderDesk,
  type RecorderMessage,
  RemoteRecorder,
} from "../../src/testing/remote-recorder.ts";
import { HandTimer } from "../support/hand-timer.ts";
import { processorMs } from "../support/processor-time.ts";

const NO_BODY = { length: 0, beginning: new Uint8Array(0) };

function exchangeOf(path: string, method = "GET", status = 200, bytes = 0): RecordedExchange {
  const body = { length: bytes, beginning: new Uint8Array(bytes) };
  return {
    time: 0,
    durationMs: 1,
    clientAddress: "127.0.0.1",
    clientPort: 1,
    method,
    target: path,
    path,
    minorVersion: 1,
    fieldLines: "",
    body,
    status,
    responseLines: "",
    responseBody: NO_BODY,
    fault: null,
    refusal: null,
  };
}

async function find(store: ExchangeStore, filter: ExchangeFilter = {}): Promise<string[]> {
  const found = await store.ask({ filter, count: 0, waitMs: 0, most: Infinity }).found;
  return found!.exchanges.map(({ id, exchange }) => `${id} ${exchange.path}`);
}

const globs: [glob: string, path: string, fits: boolean][] = [
  ["/a", "/a", true],
  ["/a", "/ab", false],
  ["/a", "/", false],
  ["*", "", true],
  ["*", "/a/b", true],
  ["/files/*", "/files/a/b", true],
  ["/files/*", "/files", false],
  ["*.txt", "/a.txt.txt", true],
  ["/*/b/*", "/a/b/c", true],
  ["/*b*c", "/abbcxc", true],
  ["/*b*c", "/abbcx", false],
  ["**", "x", true],
  ["", "", true],
  ["", "x", false],
  ["/[a]?", "/[a]?", true],
  [`${"*a".repeat(400)}b`, "a".repeat(8000), false],
];

describe("fitsGlob", () => {
  const slow: [why: string, glob: string][] = [
    ["long text that nearly fits everywhere", `*${"a".repeat(998)}b`],
    ["it as the end", `*${"a".repeat(499)}*b${"a".repeat(499)}`],
    ["many stars", `${"*a".repeat(499)}*b`],
  ];
  test.each(slow)("%s costs no more for that", (_why, glob) => {
    const path = `/${"a".repeat(8000)}`;
    const cost = processorMs(() => {
      for (let i = 0; i < 500; i++) expect(fitsGlob(glob, path)).toBe(false);
    });
    // A look at each place for each char would take half a minute.
    expect(cost).toBeLessThan(3000);
  });

  test.each(globs)("%s with %s", (glob, path, fits) => {
    expect(fitsGlob(glob, path)).toBe(fits);
  });
});

describe("Recorder", () => {
  test("keeps the last ones, numbered in the order of coming", async () => {
    const recorder = new Recorder(3, new HandTimer());
    for (let i = 1; i <= 7; i++) recorder.add(exchangeOf(`/${i}`));
    expect(await find(recorder)).toEqual(["5 /5", "6 /6", "7 /7"]);
  });

  const filters: [filter: ExchangeFilter, found: string[]][] = [
    [{}, ["1 /a", "2 /b", "3 /a"]],
    [{ path: "/a" }, ["1 /a", "3 /a"]],
    [{ method: "POST" }, ["2 /b"]],
    [{ status: 404 }, ["3 /a"]],
    [{ since: 2 }, ["3 /a"]],
    [{ path: "/a", since: 3 }, []],
  ];
  test.each(filters)("finds %j", async (filter, found) => {
    const recorder = new Recorder(10, new HandTimer());
    recorder.add(exchangeOf("/a"));
    recorder.add(exchangeOf("/b", "POST"));
    recorder.add(exchangeOf("/a", "GET", 404));
    expect(await find(recorder, filter)).toEqual(found);
  });

  test("goes on counting when it was emptied", async () => {
    const recorder = new Recorder(10, new HandTimer());
    recorder.add(exchangeOf("/a"));
    recorder.clear();
    recorder.add(exchangeOf("/b"));
    expect(await find(recorder)).toEqual(["2 /b"]);
  });

  test("keeps fewer when they are large", async () => {
    const recorder = new Recorder(1000, new HandTimer());
    for (let i = 0; i < 1000; i++) recorder.add(exchangeOf("/a", "POST", 200, 64 * 1024));
    const kept = (await find(recorder)).length;
    expect(kept).toBeGreaterThan(400);
    expect(kept).toBeLessThan(520);
  });

  test("100,000 of them leave memory flat", async () => {
    const recorder = new Recorder(500, new HandTimer());
    const run = (): number => {
      for (let i = 0; i < 50_000; i++) recorder.add(exchangeOf("/a", "POST", 200, 1000));
      Bun.gc(true);
      return process.memoryUsage().heapUsed;
    };
    const first = run();
    expect(run() - first).toBeLessThan(5 * 1024 * 1024);
  });

  test("answers as soon as the last that is waited for has come", async () => {
    const recorder = new Recorder(10, new HandTimer());
    let answer: Found | null | undefined;
    void recorder
      .ask({ filter: { path: "/a" }, count: 2, waitMs: 5000, most: Infinity })
      .found.then((found) => (answer = found));
    for (const path of ["/a", "/b"]) recorder.add(exchangeOf(path));
    await Bun.sleep(0);
    expect(answer).toBeUndefined();
    recorder.add(exchangeOf("/a"));
    await Bun.sleep(0);
    expect(answer).toMatchObject({ isComplete: true, exchanges: [{ id: 1 }, { id: 3 }] });
  });

  test("answers with what there is when the time is over, and not before", async () => {
    const timer = new HandTimer();
    const recorder = new Recorder(10, timer);
    recorder.add(exchangeOf("/a"));
    let answer: Found | null | undefined;
    void recorder.ask({ filter: {}, count: 2, waitMs: 5000, most: 9 }).found.then((found) => (answer = found));
    await timer.pass(4999);
    expect(answer).toBeUndefined();
    await timer.pass(1);
    expect(answer).toMatchObject({ isComplete: false, exchanges: [{ id: 1 }] });
    expect(timer.waiting).toBe(0);
  });

  test("lets 256 wait, and no more; who cancels makes room", async () => {
    const recorder = new Recorder(10, new HandTimer());
    const query = { filter: {}, count: 1, waitMs: 5000, most: 1 };
    const waiting = Array.from({ length: 256 }, () => recorder.ask(query));
    expect(await recorder.ask(query).found).toBeNull();
    waiting[0]!.cancel();
    expect(await waiting[0]!.found).toBeNull();
    const late = recorder.ask(query);
    recorder.add(exchangeOf("/a"));
    expect(await late.found).toMatchObject({ isComplete: true });
  });
});

/** A worker and its parent, whose messages are cloned on their way. */
function connect(recorder: Recorder): { readonly remote: RemoteRecorder; readonly desk: RecorderDesk } {
  const desk: RecorderDesk = new RecorderDesk(recorder, (answer) => remote.receive(structuredClone(answer)));
  const remote: RemoteRecorder = new RemoteRecorder(5, (message) => desk.receive(structuredClone(message)));
  return { remote, desk };
}

describe("RemoteRecorder", () => {
  test("has what all workers told", async () => {
    const recorder = new Recorder(5, new HandTimer());
    const [one, other] = [connect(recorder).remote, connect(recorder).remote];
    one.add(exchangeOf("/1"));
    expect(await find(one)).toEqual(["1 /1"]);
    expect(await find(other)).toEqual(["1 /1"]);
  });

  test("answers a question to one worker with what another was asked", async () => {
    const recorder = new Recorder(5, new HandTimer());
    const [one, other] = [connect(recorder).remote, connect(recorder).remote];
    const pending = one.ask({ filter: { path: "/b" }, count: 2, waitMs: 5000, most: 9 });
    for (const path of ["/b", "/c", "/b"]) other.add(exchangeOf(path));
    expect(await pending.found).toMatchObject({ isComplete: true, exchanges: [{ id: 1 }, { id: 3 }] });
  });

  test("tells of no more than the parent keeps", async () => {
    const recorder = new Recorder(5, new HandTimer());
    const { remote } = connect(recorder);
    for (let i = 0; i < 1000; i++) remote.add(exchangeOf(`/${i}`));
    expect((await find(remote)).map((line) => line.split(" ")[1])).toEqual(["/995", "/996", "/997", "/998", "/999"]);
  });

  test("lets nothing pile up on its way to a parent that is behind, and no more than twice what the parent keeps before", async () => {
    const sent: RecorderMessage[] = [];
    const remote = new RemoteRecorder(5000, (message) => sent.push(message));
    const batches = (): readonly (readonly RecordedExchange[])[] =>
      sent.flatMap((message) => (message.say === "exchanges" ? [message.exchanges] : []));
    remote.add(exchangeOf("/first"));
    while (sent.length === 0) await Bun.sleep(1);
    for (let i = 0; i < 2000; i++) remote.add(exchangeOf(`/${i}`, "POST", 200, 64 * 1024));
    await Bun.sleep(20);
    expect(batches().map(({ length }) => length)).toEqual([1]);
    remote.receive({ say: "taken" });
    while (batches().length === 1) await Bun.sleep(1);
    const last = batches()[1]!;
    expect(last.length).toBeGreaterThan(450);
    expect(last.length).toBeLessThan(1000);
    expect(last.at(-1)!.path).toBe("/1999");
  });

  test("gets one answer at a time, however many wait for the same", async () => {
    const recorder = new Recorder(5, new HandTimer());
    const sent: RecorderAnswer[] = [];
    const desk = new RecorderDesk(recorder, (answer) => sent.push(answer));
    const query = { filter: {}, count: 1, waitMs: 5000, most: 9 };
    for (const id of [1, 2, 3]) desk.receive({ say: "ask", id, query });
    recorder.add(exchangeOf("/a"));
    await Bun.sleep(0);
    expect(sent).toMatchObject([{ id: 1 }]);
    desk.receive({ say: "received" });
    expect(sent).toMatchObject([{ id: 1 }, { id: 2 }]);
    desk.receive({ say: "received" });
    desk.receive({ say: "received" });
    expect(sent.length).toBe(3);
  });

  test("of a worker that is gone asks nothing any more", async () => {
    const timer = new HandTimer();
    const { remote, desk } = connect(new Recorder(5, timer));
    const pending = remote.ask({ filter: {}, count: 1, waitMs: 5000, most: 9 });
    desk.close();
    expect(await pending.found).toBeNull();
    expect(timer.waiting).toBe(0);
  });

  test("clears for all", async () => {
    const recorder = new Recorder(5, new HandTimer());
    const [one, other] = [connect(recorder).remote, connect(recorder).remote];
    one.add(exchangeOf("/a"));
    one.clear();
    expect(await find(other)).toEqual([]);
  });
});
