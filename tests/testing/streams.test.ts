import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createRouter } from "../../src/router.ts";
import { createTestingRoutes } from "../../src/testing/routes.ts";
import { ask } from "../support/endpoint-client.ts";
import { HandTimer } from "../support/hand-timer.ts";
import { RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

const timer = new HandTimer();
let started: StartedServer;
beforeAll(() => {
  started = startServer(createRouter(createTestingRoutes({ allowedHosts: [], timer })));
});
afterAll(() => started.stop());

const seeded = "\xc5\xd7\x14\x84\xf8\xcf\x9b\xf4\xb7\x6f";

describe("random bytes", () => {
  test("of a seed are those that httpbin gives for it", async () => {
    expect((await ask(started.port, "GET", "/bytes/10?seed=0")).body).toBe(seeded);
    expect((await ask(started.port, "GET", "/stream-bytes/10?seed=0")).body).toBe(seeded);
  });

  test("of no seed are others each time", async () => {
    const [one, other] = await Promise.all([
      ask(started.port, "GET", "/bytes/32"),
      ask(started.port, "GET", "/bytes/32"),
    ]);
    expect(one.body).not.toBe(other.body);
  });

  const lengths: [target: string, length: number, framing: string][] = [
    ["/bytes/0", 0, "content-length"],
    ["/bytes/1", 1, "content-length"],
    ["/bytes/100000", 100_000, "content-length"],
    ["/stream-bytes/0", 0, "transfer-encoding"],
    ["/stream-bytes/25000?chunk_size=7000", 25_000, "transfer-encoding"],
    ["/stream-bytes/10?chunk_size=0", 10, "transfer-encoding"],
  ];
  test.each(lengths)("%s are %d, told by %s", async (target, length, framing) => {
    const response = await ask(started.port, "GET", target);
    expect(response.body).toHaveLength(length);
    expect(response.fields.has(framing)).toBe(true);
    expect(response.fields.get("content-type")).toBe("application/octet-stream");
  });

  test("are at most 100 MiB", async () => {
    const response = await ask(started.port, "HEAD", "/bytes/99999999999999999999");
    expect(response.fields.get("content-length")).toBe(String(100 * 1024 * 1024));
  });

  test("come in chunks of the size that was asked for", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /stream-bytes/5?chunk_size=2&seed=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const [, body] = (await client.untilEnd()).split("\r\n\r\n2");
    expect(`2${body}`).toBe(
      `2\r\n${seeded.slice(0, 2)}\r\n2\r\n${seeded.slice(2, 4)}\r\n1\r\n${seeded[4]}\r\n0\r\n\r\n`,
    );
    client.close();
  });
});

const ranges: [range: string, status: number, contentRange: string | undefined, body: string][] = [
  ["", 200, undefined, "abcdefghijklmnopqrstuvwxyzabcd"],
  ["bytes=3-5", 206, "bytes 3-5/30", "def"],
  ["bytes=-5", 206, "bytes 25-29/30", "zabcd"],
  ["bytes=28-", 206, "bytes 28-29/30", "cd"],
  ["bytes=28-99", 206, "bytes 28-29/30", "cd"],
  ["bytes=30-", 416, "bytes */30", ""],
  ["bytes=5-3", 200, undefined, "abcdefghijklmnopqrstuvwxyzabcd"],
  ["bytes=0-1,5-6", 200, undefined, "abcdefghijklmnopqrstuvwxyzabcd"],
];

describe("/range", () => {
  test.each(ranges)("%s is %d", async (range, status, contentRange, body) => {
    const fields = range === "" ? "" : `Range: ${range}\r\n`;
    const response = await ask(started.port, "GET", "/range/30", { fields });
    expect(response).toMatchObject({ status, body });
    expect(response.fields.get("content-range")).toBe(contentRange);
    expect(response.fields.get("etag")).toBe('"range30"');
    expect(response.fields.get("accept-ranges")).toBe("bytes");
  });

  const conditions: [fields: string, status: number][] = [
    ['If-None-Match: "range30"\r\n', 304],
    ['If-Match: "other"\r\n', 412],
    ['Range: bytes=0-1\r\nIf-Range: "range30"\r\n', 206],
    ['Range: bytes=0-1\r\nIf-Range: "other"\r\n', 200],
  ];
  test.each(conditions)("%j is %d", async (fields, status) => {
    expect((await ask(started.port, "GET", "/range/30", { fields })).status).toBe(status);
  });

  test.each(["0", "104857601", "x"])("/range/%s is 404", async (n) => {
    expect((await ask(started.port, "GET", `/range/${n}`)).status).toBe(404);
  });
});

/** What takes time, and how much of it. */
const slow: [target: string, ms: number, body: RegExp][] = [
  ["/delay/0", 0, /"args"/],
  ["/delay/2.5", 2500, /"args"/],
  ["/delay/250ms", 250, /"args"/],
  ["/delay/1m", 60_000, /"args"/],
  ["/delay/1000", 60_000, /"args"/],
  ["/drip", 1800, /^\*{10}$/],
  ["/drip?duration=1&numbytes=5", 800, /^\*{5}$/],
  ["/drip?duration=0&numbytes=3", 0, /^\*{3}$/],
  ["/drip?duration=0.1&numbytes=1000&delay=1", 1090, /^\*{1000}$/],
  ["/drip?duration=9999&numbytes=2", 30_000, /^\*{2}$/],
  ["/range/26?duration=1&chunk_size=13", 500, /^[a-z]{26}$/],
  ["/range/26?duration=2s&chunk_size=1", (2000 / 26) * 25, /^[a-z]{26}$/],
  ["/sse?count=4&duration=4s", 3000, /^(?:event: ping\nid: \d\ndata: \{"id":\d,"timestamp":\d+\}\n\n){4}$/],
  ["/sse?count=2&duration=1s&delay=2s", 2500, /^(?:event: ping\n.*\n.*\n\n){2}$/],
];

describe("what takes its time", () => {
  test.each(slow)("%s takes %d ms", async (target, ms, body) => {
    const client = await RawClient.connect(started.port);
    await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    let passed = 0;
    // The request has to arrive before anything waits for it.
    while (!client.isEnded) passed += await timer.passAll();
    const [response] = readResponses(client.received);
    expect(response!.body).toMatch(body);
    expect(passed).toBeCloseTo(ms, 3);
    client.close();
  });

  test("nothing of a paced answer comes before its time", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /drip?duration=10&numbytes=10 HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(({ received }) => received.endsWith("\r\n\r\n*"));
    await timer.pass(999);
    expect(client.received).toEndWith("\r\n\r\n*");
    await timer.pass(1);
    await client.until(({ received }) => received.endsWith("\r\n\r\n**"));
    // A close alone would be a half-close, whose client may still read.
    client.reset();
    while (timer.waiting > 0) await Bun.sleep(1);
  });

  test.each(["/drip", "/sse", "/range/1000?chunk_size=1&duration=60"])(
    "a client that leaves ends the work of %s",
    async (target) => {
      const client = await RawClient.connect(started.port);
      await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.until(({ received }) => received.includes("\r\n\r\n"));
      client.reset();
      while (timer.waiting > 0) await Bun.sleep(1);
      expect(started.observer.faults).toEqual([]);
    },
  );

  test("a client that leaves a delay frees it within half a second", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /delay/60 HTTP/1.1\r\nHost: a\r\n\r\n");
    while (timer.waiting === 0) await Bun.sleep(1);
    client.reset();
    const gone = started.observer.disconnections;
    while (started.observer.disconnections === gone) await Bun.sleep(1);
    await timer.pass(500);
    expect(timer.waiting).toBe(0);
  });
});

const bad: [target: string, status: number][] = [
  ["/delay/x", 404],
  ["/delay/-1", 404],
  ["/drip?numbytes=0", 400],
  ["/drip?numbytes=x", 400],
  ["/bytes/x", 404],
  ["/bytes/-1", 404],
  ["/stream/x", 404],
];

describe("numbers that are none", () => {
  test.each(bad)("%s is %d", async (target, status) => {
    expect((await ask(started.port, "GET", target)).status).toBe(status);
  });
});

describe("/trailers", () => {
  async function received(query: string, version = "1.1"): Promise<string> {
    const client = await RawClient.connect(started.port);
    await client.send(`GET /trailers${query} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const text = await client.untilEnd();
    client.close();
    return text;
  }

  test("sends fields behind the content, and says so before", async () => {
    const text = await received("?X-Sum=1%0D%0A2&x-b=c");
    expect(text).toContain("\r\nTrailer: X-Sum, x-b\r\n");
    expect(text).toEndWith("}\n\r\n0\r\nX-Sum: 1??2\r\nx-b: c\r\n\r\n");
  });

  test("has one when none is asked for", async () => {
    expect(await received("")).toEndWith("\r\n0\r\nX-Trailer: behind the content\r\n\r\n");
  });

  test("sends none to a client that knows no chunks", async () => {
    expect(await received("?X-A=b", "1.0")).toEndWith("}\n");
  });

  test.each(["Content-Length", "transfer-encoding", "Set-Cookie", "a b", ""])("refuses %j", async (name) => {
    expect(await received(`?${encodeURIComponent(name)}=x`)).toStartWith("HTTP/1.1 400 ");
  });
});

describe("/stream", () => {
  test("gives a line of JSON for each number", async () => {
    const response = await ask(started.port, "GET", "/stream/3?a=b");
    const lines = response.body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id }) => id)).toEqual([0, 1, 2]);
    expect(lines[0]).toMatchObject({ args: { a: "b" }, url: "http://example.test/stream/3?a=b" });
  });

  test("gives 100 at most", async () => {
    expect((await ask(started.port, "GET", "/stream/1000000")).body.split("\n")).toHaveLength(101);
  });
});
