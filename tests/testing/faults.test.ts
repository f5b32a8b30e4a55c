// Each fault as a raw socket sees it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type ByteSource, UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { HttpResponse } from "../../src/http/message.ts";
import { createRouter } from "../../src/router.ts";
import { FaultBook } from "../../src/testing/fault-book.ts";
import { faultDispatch } from "../../src/testing/faults.ts";
import { createTestingRoutes } from "../../src/testing/routes.ts";
import { application } from "../support/app.ts";
import { ask } from "../support/endpoint-client.ts";
import { HandTimer } from "../support/hand-timer.ts";
import { RawClient } from "../support/raw-client.ts";
import { requestOf } from "../support/request.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const timer = new HandTimer();
const told: string[] = [];
let started: StartedServer;
beforeAll(() => {
  const router = createRouter(createTestingRoutes({ allowedHosts: [], timer }));
  started = startServer(faultDispatch(router, new FaultBook([]), timer, (line) => told.push(line)));
});
afterAll(() => started.stop());

/** What one request got, and how the connection ended. */
interface Outcome {
  readonly head: string;
  readonly body: string;
  readonly isReset: boolean;
}

async function spoiled(target: string, fault: string, method = "GET"): Promise<Outcome> {
  const client = await RawClient.connect(started.port);
  await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\nX-Fault: ${fault}\r\n\r\n`);
  while (!client.isEnded) await timer.passAll();
  const { received, isReset } = client;
  client.close();
  const end = received.indexOf("\r\n\r\n");
  return { head: received.slice(0, end), body: end < 0 ? received : received.slice(end + 4), isReset };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

const cuts: [fault: string, target: string, body: string, isReset: boolean, length: string | null][] = [
  ["reset@10", "/range/26", LETTERS.slice(0, 10), true, "26"],
  ["reset@50%", "/range/26", LETTERS.slice(0, 13), true, "26"],
  ["reset@0", "/range/26", "", true, "26"],
  ["reset@100%", "/range/26", LETTERS, true, "26"],
  ["close@10", "/range/26", LETTERS.slice(0, 10), false, "26"],
  ["truncate", "/range/26", LETTERS.slice(0, 13), false, "26"],
  ["truncate@25", "/base64/YWJj", "abc", false, "3"],
  ["length@+10", "/range/26", LETTERS, false, "36"],
  ["length@-6", "/range/26", LETTERS, false, "20"],
  ["length@-6", "/base64/YWJj", "abc", false, "0"],
  ["half-close", "/range/26", LETTERS, false, "26"],
  ["close@2", "/stream-bytes/4?seed=0&chunk_size=4", "2\r\n\xc5\xd7\r\n", false, null],
  ["reset@50%", "/stream-bytes/4?seed=0&chunk_size=1", "1\r\n\xc5\r\n1\r\n\xd7\r\n", true, null],
  ["no-last-chunk", "/stream-bytes/2?seed=0", "2\r\n\xc5\xd7\r\n", false, null],
  ["no-last-chunk", "/range/3", "3\r\nabc\r\n", false, null],
  ["bad-chunk", "/stream-bytes/2?seed=0", "2\r\n\xc5\xd7\r\nxyz\r\n", false, null],
  ["bad-chunk", "/range/3", "3\r\nabc\r\nxyz\r\n", false, null],
];

describe("where an answer ends", () => {
  test.each(cuts)("%s of %s", async (fault, target, body, isReset, length) => {
    const outcome = await spoiled(target, fault);
    expect(outcome.head).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(outcome.body).toBe(body);
    expect(outcome.isReset).toBe(isReset);
    expect(/^content-length: (\d+)$/im.exec(outcome.head)?.[1] ?? null).toBe(length);
    expect(/^transfer-encoding: chunked$/im.test(outcome.head)).toBe(length === null);
  });

  const nothing: [fault: string, isReset: boolean][] = [
    ["reset", true],
    ["close", false],
    ["hang", false],
  ];
  test.each(nothing)("%s comes before the head", async (fault, isReset) => {
    expect(await spoiled("/get", fault)).toEqual({ head: "", body: "", isReset });
  });

  test("close comes when all of the request was read, and so with no reset", async () => {
    const client = await RawClient.connect(started.port);
    await client.send(
      `POST /post?fault=close HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`,
    );
    await client.untilEnd();
    expect(client).toMatchObject({ received: "", isReset: false });
    client.close();
  });

  test("hang@10 leaves the client with ten bytes, until it leaves itself", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /range/26?fault=hang%4010 HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(({ received }) => received.endsWith("\r\n\r\nabcdefghij"));
    await timer.pass(60_000);
    expect(client.isEnded).toBe(false);
    client.reset();
  });
});

const heads: [fault: string, received: RegExp][] = [
  ["garbage", /^\0\x01\x02 this is no HTTP \xff\xfe\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/],
  ["bad-status", /^HTTP\/1\.1 2OO OK\r\n[^]*\r\n\r\nabc$/],
  ["repeat-head", /^(HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n)\1abc$/],
  ["split-head", /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/],
];

describe("the head of an answer", () => {
  test.each(heads)("%s", async (fault, received) => {
    const { head, body } = await spoiled("/range/3", fault);
    expect(`${head}\r\n\r\n${body}`).toMatch(received);
  });

  test("split-head comes byte by byte", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /range/3?fault=split-head HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(({ received }) => received === "H");
    await timer.pass(1);
    await client.until(({ received }) => received === "HT");
    client.reset();
    await timer.passAll();
  });

  test("503 says when to come again, and the request is not carried out", async () => {
    const response = await ask(started.port, "GET", "/range/3?fault=503%407");
    expect(response.status).toBe(503);
    expect(response.fields.get("retry-after")).toBe("7");
  });

  test("early comes while the client still sends", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("POST /post?fault=early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
    expect(await client.until(({ received }) => received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 413 ");
    client.reset();
  });
});

describe("the content of an answer", () => {
  test("bad-gzip of what is compressed cannot be expanded", async () => {
    const { body, head } = await ask(started.port, "GET", "/gzip?fault=bad-gzip").then((response) => {
      return { body: response.body, head: response.fields.get("content-encoding") };
    });
    expect(head).toBe("gzip");
    expect(() => gunzipSync(Buffer.from(body, "latin1"))).toThrow();
  });

  test("bad-gzip of what is not says that it was", async () => {
    const response = await ask(started.port, "GET", "/range/26?fault=bad-gzip");
    expect(response.fields.get("content-encoding")).toBe("gzip");
    expect(response.body).toBe(LETTERS);
  });
});

const slow: [fault: string, target: string, ms: number][] = [
  ["delay@2s", "/range/26", 2000],
  ["pause@100ms", "/range/4096", 300],
  ["rate@1K", "/range/4096", 4000],
  ["rate@20", "/range/20", 950],
];

describe("how fast an answer comes", () => {
  test.each(slow)("%s of %s", async (fault, target, ms) => {
    const client = await RawClient.connect(started.port);
    await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Fault: ${fault}\r\n\r\n`);
    let passed = 0;
    while (!client.isEnded) passed += await timer.passAll();
    expect(client.received.split("\r\n\r\n")[1]).toHaveLength(Number(target.split("/")[2]));
    // A step more or less.
    expect(Math.abs(passed - ms)).toBeLessThanOrEqual(60);
    client.close();
  });

  test.each(["delay@1s", "pause@1s", "rate@10K"])("%s leaves the connection as it was", async (fault) => {
    const client = await RawClient.connect(started.port);
    const request = `GET /base64/YWJj HTTP/1.1\r\nHost: a\r\nX-Fault: ${fault}\r\n\r\n`;
    for (let i = 1; i <= 2; i++) {
      await client.send(request);
      while (client.received.split("abc").length <= i) await timer.passAll();
    }
    expect(client.isEnded).toBe(false);
    client.close();
  });
});

describe("what is told of faults", () => {
  test("each stands in the log, and is no fault of ours", async () => {
    told.length = 0;
    await spoiled("/range/26", "reset@10");
    await ask(started.port, "GET", "/range/26?fault=503");
    expect(told).toEqual(["A fault on purpose: reset@10", "A fault on purpose: 503"]);
    expect(started.observer.faults).toEqual([]);
    expect(started.observer.refusals).toContain("DELIBERATE_CUT");
  });

  test("a fault that is none is 400", async () => {
    const response = await ask(started.port, "GET", "/get?fault=what");
    expect(response.status).toBe(400);
    expect(response.body).toMatch(/^A fault must have one of delay@TIME.*\n$/);
  });
});

async function own(
  server: StartedServer,
  method: string,
  target: string,
  body = "",
): Promise<[status: number, body: string]> {
  const client = await RawClient.connect(server.port);
  await client.send(
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  const text = await client.untilEnd();
  client.close();
  return [Number(text.slice(9, 12)), text.slice(text.indexOf("\r\n\r\n") + 4)];
}

describe("/-/faults", () => {
  test("changes the rules, which are marked in the records", async () => {
    const server = startServer(application(null, "--testing", "--fault", "/echo/* 503 first=1"));
    expect(JSON.parse((await own(server, "GET", "/-/faults"))[1])).toEqual(["/echo/* 503 first=1"]);
    expect((await own(server, "GET", "/echo/a"))[0]).toBe(503);
    expect((await own(server, "GET", "/echo/a"))[0]).toBe(200);
    expect((await own(server, "PUT", "/-/faults", "GET /echo/* reset@0\n# no more\n"))[0]).toBe(204);
    await own(server, "GET", "/echo/a");
    const records = JSON.parse((await own(server, "GET", "/-/requests"))[1]) as { fault: string | null }[];
    expect(records.map(({ fault }) => fault)).toEqual(["/echo/* 503 first=1", null, "GET /echo/* reset@0"]);
    expect((await own(server, "DELETE", "/-/faults"))[0]).toBe(204);
    expect((await own(server, "GET", "/echo/a"))[1]).toBe("a");
    await server.stop();
  });

  test("never spoils what is the server's own", async () => {
    const server = startServer(application(null, "--testing", "--fault", "* reset"));
    expect((await own(server, "GET", "/-/health?fault=reset"))[0]).toBe(200);
    expect((await own(server, "PUT", "/-/faults", ""))[0]).toBe(204);
    await server.stop();
  });

  test("refuses rules that are none, and keeps those in force", async () => {
    const server = startServer(application(null, "--testing", "--fault", "* 503"));
    expect((await own(server, "PUT", "/-/faults", "/a 503\nwhat"))[0]).toBe(400);
    expect(JSON.parse((await own(server, "GET", "/-/faults"))[1])).toEqual(["* 503"]);
    await server.stop();
  });

  test("without --testing no request can ask for one", async () => {
    const server = startServer(application(null));
    expect(await own(server, "GET", "/echo/a?fault=reset")).toEqual([200, "a"]);
    expect((await own(server, "GET", "/-/faults"))[0]).toBe(404);
    await server.stop();
  });
});

describe("whether a request that meets a fault is carried out", () => {
  const folder = tempFolder();
  let server: StartedServer;
  beforeAll(() => {
    server = startServer(application(folder.path, "--testing", "--fault", "PUT /files/twice.txt 503@1 first=2"));
  });
  afterAll(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  async function put(name: string, fault: string): Promise<string> {
    const client = await RawClient.connect(server.port);
    const fields = fault === "" ? "" : `X-Fault: ${fault}\r\n`;
    await client.send(
      `PUT /files/${name} HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\nContent-Length: 3\r\n\r\nabc`,
    );
    const received = await client.untilEnd();
    client.close();
    return received.slice(9, 12);
  }

  const isStored = (name: string): boolean => existsSync(join(folder.path, name));

  test("an upload that fails twice is stored by the third", async () => {
    expect([await put("twice.txt", ""), isStored("twice.txt")]).toEqual(["503", false]);
    expect([await put("twice.txt", ""), isStored("twice.txt")]).toEqual(["503", false]);
    expect([await put("twice.txt", ""), isStored("twice.txt")]).toEqual(["201", true]);
  });

  const kinds: [fault: string, isCarriedOut: boolean][] = [
    ["reset", false],
    ["close", false],
    ["early", false],
    ["503@7", false],
    ["reset@0", true],
    ["close@0", true],
    ["truncate", true],
    ["garbage", true],
    ["half-close", true],
    ["delay@1ms", true],
  ];
  test.each(kinds)("%s: %p", async (fault, isCarriedOut) => {
    const name = `${fault.replace(/\W/g, "-")}.txt`;
    await put(name, fault);
    expect(isStored(name)).toBe(isCarriedOut);
    if (isCarriedOut) expect(readFileSync(join(folder.path, name), "latin1")).toBe("abc");
  });

  test("hang: false, also when the client gives up", async () => {
    const client = await RawClient.connect(server.port);
    await client.send("PUT /files/hang.txt?fault=hang HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
    client.reset();
    // Longer than it takes to see that the client has left.
    while (server.server.connectionCount > 0) await Bun.sleep(20);
    expect(isStored("hang.txt")).toBe(false);
  });
});

test("content of unknown length that breaks while a share of it is measured is closed", async () => {
  let closings = 0;
  const broken: ByteSource = {
    length: UNKNOWN_LENGTH,
    read: () => {
      throw new Error("broken on purpose");
    },
    close: () => (closings += 1),
  };
  const dispatch = faultDispatch(
    () => new HttpResponse(200, broken),
    new FaultBook([]),
    timer,
    () => {},
  );
  const request = requestOf("GET", "/a?fault=reset@50%25");
  expect(async () => await dispatch(request)).toThrow("broken on purpose");
  await Bun.sleep(0);
  expect(closings).toBe(1);
});

test("a fault spoils the answer of any route", async () => {
  const server = startServer(application(null, "--testing"));
  const client = await RawClient.connect(server.port);
  await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nX-Fault: reset@4\r\n\r\n0123456789");
  await client.untilEnd();
  expect(client.received).toEndWith("\r\n\r\n0123");
  client.close();
  await server.stop();
});
