// What each --log-format makes of the same exchanges, and that nothing a client sends gets out of its place.

import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BAD_FIELD_LINE } from "../../src/http/refusal.ts";
import { AccessLog } from "../../src/observe/access-log.ts";
import type { LogFormatName } from "../../src/observe/log-format.ts";
import type { ExchangeRecord } from "../../src/observe/observer.ts";
import { RECORD as PLAIN_RECORD } from "../support/exchange-record.ts";
import { linesWhenWritten } from "../support/log-lines.ts";

const folder = mkdtempSync(join(tmpdir(), "mini-http-formats-"));
afterAll(() => rmSync(folder, { recursive: true }));

const RECORD: ExchangeRecord = { ...PLAIN_RECORD, target: "/echo/abc?x=1", requestBytes: 2, answerMs: 0.0123456 };

function fieldsOf(fields: Readonly<Record<string, string>>): ExchangeRecord["fields"] {
  return { get: (name) => fields[name] };
}

interface Settings {
  readonly quiet?: boolean;
  readonly isShared?: boolean;
  readonly isVerbose?: boolean;
}

async function linesOf(format: LogFormatName, calls: (log: AccessLog) => void, settings: Settings = {}) {
  const path = join(folder, crypto.randomUUID());
  const fd = openSync(path, "w");
  const log = new AccessLog({ quiet: false, servesFiles: true, ...settings, format, fd });
  calls(log);
  const lines = await linesWhenWritten(log, path);
  closeSync(fd);
  return lines;
}

const APACHE =
  /^(\S+) - (\S+) \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "([^"]*)" (\d{3}) (\d+)(?: "([^"]*)" "([^"]*)")?$/;

describe("common and combined", () => {
  const cases: [what: string, change: Partial<ExchangeRecord>, parts: string[]][] = [
    ["an answer", {}, ["127.0.0.1", "-", "GET /echo/abc?x=1 HTTP/1.1", "200", "3", "-", "-"]],
    [
      "a user with a space",
      { user: "a b" },
      ["127.0.0.1", "a\\x20b", "GET /echo/abc?x=1 HTTP/1.1", "200", "3", "-", "-"],
    ],
    [
      "quotes, line ends, colours and other bytes",
      { target: '/"\\\n\x1b[31m\xe2\x80\xae', fields: fieldsOf({ referer: 'a" b', "user-agent": "\xff" }) },
      ["127.0.0.1", "-", "GET /\\x22\\x5C\\x0A\\x1B[31m\\xE2\\x80\\xAE HTTP/1.1", "200", "3", "a\\x22 b", "\\xFF"],
    ],
    ["IPv6", { peerAddress: "::1" }, ["::1", "-", "GET /echo/abc?x=1 HTTP/1.1", "200", "3", "-", "-"]],
    [
      "a message without a request line",
      { method: "", target: "", status: 400, refusal: BAD_FIELD_LINE },
      ["127.0.0.1", "-", "-", "400", "3", "-", "-"],
    ],
    [
      "a client that left",
      { status: 0, cutOff: true },
      ["127.0.0.1", "-", "GET /echo/abc?x=1 HTTP/1.1", "499", "3", "-", "-"],
    ],
  ];
  test.each(cases)("%s is read back", async (_what, change, parts) => {
    const exchange = (log: AccessLog): void => log.exchange({ ...RECORD, ...change });
    const [combined] = await linesOf("combined", exchange);
    expect(APACHE.exec(combined!)?.slice(1)).toEqual(parts);
    const [common] = await linesOf("common", exchange);
    const timeless = (line: string): string => line.replace(/\[[^\]]*\]/, "");
    expect(timeless(combined!)).toStartWith(`${timeless(common!)} "`);
  });

  test.each(["common", "combined"] as const)("in a log that processes share, %s lines are whole", async (format) => {
    const long = '"\\'.repeat(20_000);
    const lines = await linesOf(
      format,
      (log) => {
        log.exchange({ ...RECORD, method: long, target: long, user: long, fields: { get: () => long } });
        log.exchange({ ...RECORD, peerAddress: "_".padEnd(5000, "x"), target: long, fields: { get: () => long } });
      },
      { isShared: true },
    );
    for (const line of lines) {
      expect(line.length).toBeLessThan(4096);
      expect(line).toMatch(format === "common" ? / HTTP\/1\.1" 200 3$/ : / HTTP\/1\.1" 200 3 "[^"]*" "[^"]*"$/);
    }
  });

  test("have no lines of connections, and what happens to the server as text", async () => {
    const lines = await linesOf("common", (log) => {
      log.connected("::1", 1);
      log.started(["http://localhost:1"]);
      log.warning("Mind the gap.");
    });
    expect(lines.map((line) => line.slice(24))).toEqual([
      "[SERVER STARTED] Listening on http://localhost:1",
      "[WARNING] Mind the gap.",
    ]);
  });
});

describe("what comes behind a request stands behind it", () => {
  const news: [what: string, tell: (log: AccessLog) => void, words: string][] = [
    ["a warning", (log) => log.warning("Mind the gap."), "Mind the gap."],
    ["a fault", (log) => log.fault(new Error("out of order")), "out of order"],
    ["the end of the server", (log) => log.stopped(), "All connections are closed."],
    ["a line for a person", (log) => log.say("  Stopping: 1 request may finish."), "  Stopping: 1 request may finish."],
  ];
  const formats: LogFormatName[] = ["text", "common", "combined", "json"];
  const cases = formats.flatMap((format) => news.map(([what, ...rest]) => [format, what, ...rest] as const));
  test.each(cases)("%s: %s", async (format, _what, tell, words) => {
    const lines = await linesOf(format, (log) => {
      log.exchange(RECORD);
      tell(log);
      log.exchange({ ...RECORD, target: "/later" });
    });
    const whichHas = (text: string): number => lines.findIndex((line) => line.includes(text));
    expect(whichHas(words)).toBeGreaterThan(whichHas(RECORD.target));
    expect(whichHas("/later")).toBeGreaterThan(whichHas(words));
  });
});

describe("json", () => {
  const parsed = async (calls: (log: AccessLog) => void, settings: Settings = {}) =>
    (await linesOf("json", calls, settings)).map((line) => JSON.parse(line) as Record<string, unknown>);

  test("an exchange is one object", async () => {
    const [line] = await parsed((log) => log.exchange({ ...RECORD, user: "ann", requestId: "r1" }));
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: "request",
      id: "r1",
      process: process.pid,
      connection: 7,
      secure: false,
      client: "127.0.0.1",
      port: 47920,
      user: "ann",
      method: "GET",
      target: "/echo/abc?x=1",
      version: "1.1",
      route: "/echo/{text}",
      status: 200,
      bytes_in: 2,
      bytes_out: 3,
      answer_ms: 0.012,
      duration_ms: 0.08,
    });
  });

  test("a refused one says why, and one that was cut off that it was", async () => {
    const lines = await parsed((log) => log.exchange({ ...RECORD, refusal: BAD_FIELD_LINE, cutOff: true }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ refusal: "BAD_FIELD_LINE", cut_off: true });
  });

  const ids: [what: string, sent: string | undefined, taken: boolean][] = [
    ["one that a client sent", "abc-123", true],
    ["128 chars", "x".repeat(128), true],
    ["quotes and backslashes", '"\\', true],
    ["129 chars", "x".repeat(129), false],
    ["an empty one", "", false],
    ["a space", "a b", false],
    ["an escape", "\x1b[0m", false],
    ["none", undefined, false],
  ];
  test.each(ids)("the id of a request: %s", async (_what, sent, taken) => {
    const fields: ExchangeRecord["fields"] = { get: (name) => (name === "x-request-id" ? sent : undefined) };
    const [line, next] = await parsed((log) => {
      log.exchange({ ...RECORD, fields });
      log.exchange({ ...RECORD, fields });
    });
    if (taken) expect(line!["id"]).toBe(sent!.replaceAll("\\", "\\x5c"));
    else expect(line!["id"]).not.toBe(next!["id"]);
  });

  const hostile = ["\r\n", '","status":999,"x":"', "\x1b[2J", "\x00\x7f\x9b", "\xe2\x80\xae", "\\u0000", "\xff\xfe"];
  test.each(hostile)("%p stays in its place, harmless also when it is decoded", async (text) => {
    const fields = fieldsOf({ referer: text, "user-agent": text });
    const [raw] = await linesOf("json", (log) =>
      log.exchange({ ...RECORD, method: text, target: text, user: text, fields }),
    );
    expect(raw).toMatch(/^[\x20-\x7e]+$/);
    const line = JSON.parse(raw!) as Record<string, unknown>;
    expect(line["status"]).toBe(200);
    for (const value of Object.values(line)) expect(String(value)).toMatch(/^[\x20-\x7e]*$/);
  });

  test("what is kept of one line is never said of another connection or kind of request", async () => {
    const changes: Partial<ExchangeRecord>[] = [
      {},
      { connection: 7 + 1024 },
      { peerPort: 2 },
      { peerAddress: "192.0.2.1" },
      { method: "PUT" },
      { minorVersion: 0 },
      { route: "/" },
      { status: 404 },
      {},
    ];
    const lines = await parsed((log) => changes.forEach((change) => log.exchange({ ...RECORD, ...change })));
    const told = lines.map((line) => [
      line["connection"],
      line["port"],
      line["client"],
      line["method"],
      line["version"],
      line["route"],
      line["status"],
    ]);
    const expected = changes.map((change) => {
      const all = { ...RECORD, ...change };
      return [
        all.connection,
        all.peerPort,
        all.peerAddress,
        all.method,
        `1.${all.minorVersion}`,
        all.route,
        all.status,
      ];
    });
    expect(told).toEqual(expected);
  });

  test("no credentials are in it", async () => {
    const secret = "s3cr3t";
    const fields = fieldsOf({ authorization: `Basic ${secret}`, cookie: secret, "proxy-authorization": secret });
    for (const format of ["text", "common", "combined", "json"] as const) {
      const lines = await linesOf(format, (log) => log.exchange({ ...RECORD, fields }));
      expect(lines.join("\n")).not.toContain(secret);
    }
  });

  const words: [what: string, length: number, told: number][] = [
    ["as it is", 128, 128],
    ["cut when it is longer", 129, 128],
    ["cut when it is far longer", 9000, 128],
  ];
  test.each(words)("a proxy's word for the client is told %s", async (_, length, told) => {
    const peerAddress = "_".padEnd(length, "x");
    const lines = await linesOf("json", (log) => log.exchange({ ...RECORD, peerAddress }), { isShared: true });
    expect(lines.map((line) => JSON.parse(line).client.length)).toEqual([told]);
  });

  test("in a log that processes share, each line is whole and fits into one write", async () => {
    const long = '"\\'.repeat(20_000);
    const lines = await linesOf(
      "json",
      (log) => {
        log.warning(long);
        log.fault(new Error(long));
        log.exchange({ ...RECORD, method: long, target: long, user: long, fields: { get: () => long } });
      },
      { isShared: true },
    );
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line.length).toBeLessThan(4096);
      JSON.parse(line);
    }
  });

  const news: [what: string, call: (log: AccessLog) => void, event: object][] = [
    ["the start", (log) => log.started(["http://a:1"]), { event: "start", text: "Listening on http://a:1" }],
    ["a warning", (log) => log.warning('A "gap"\n.'), { event: "warning", text: 'A "gap"\\x0a.' }],
    ["the end", (log) => log.stopped(), { event: "stop", text: "All connections are closed." }],
    [
      "a fault",
      (log) => log.fault(new Error("boom")),
      { event: "error", text: expect.stringContaining("boom\n    at") },
    ],
  ];
  test.each(news)("%s is an object too", async (_what, call, event) => {
    expect(await parsed(call)).toMatchObject([event]);
  });

  const connections: [what: string, settings: Settings, events: string[]][] = [
    ["connections are not told", {}, ["request"]],
    ["with --verbose they are", { isVerbose: true }, ["connect", "request", "disconnect"]],
    ["a quiet one has what was refused alone", { quiet: true }, ["request"]],
  ];
  test.each(connections)("%s", async (_what, settings, events) => {
    const lines = await parsed((log) => {
      log.connected("::1", 1);
      if (settings.quiet !== true) log.exchange(RECORD);
      else log.exchange({ ...RECORD, refusal: BAD_FIELD_LINE });
      log.disconnected("::1", 1);
    }, settings);
    expect(lines.map(({ event }) => event as string)).toEqual(events);
  });
});

describe("at a terminal", () => {
  const shown = async (isColoured: boolean, isVerbose: boolean): Promise<string[]> => {
    const path = join(folder, crypto.randomUUID());
    const fd = openSync(path, "w");
    const log = new AccessLog({ quiet: false, servesFiles: true, fd, isVerbose, onTerminal: { isColoured } });
    log.connected("::1", 1);
    for (const status of [200, 304, 404, 500]) log.exchange({ ...RECORD, status });
    log.exchange({ ...RECORD, target: "", status: 400, refusal: BAD_FIELD_LINE });
    log.disconnected("::1", 1);
    const lines = await linesWhenWritten(log, path);
    closeSync(fd);
    return lines;
  };

  test("a request is one line, in the colour of its status", async () => {
    const lines = await shown(true, false);
    expect(lines.map((line) => /\x1b\[(\d\d)m/.exec(line)?.[1] ?? "")).toEqual(["32", "36", "33", "31", "31"]);
    expect(lines.at(-1)).toContain("[\x1b[31mERROR\x1b[39m] 127.0.0.1:47920 \x1b[33m400\x1b[39m BAD_FIELD_LINE");
  });

  test("there are no colours for whoever wants none", async () => {
    expect((await shown(false, false)).join("")).not.toContain("\x1b");
  });

  test("connections have lines with --verbose", async () => {
    expect(await shown(false, true)).toHaveLength(7);
  });
});

describe("what json keeps from one line for the next", () => {
  const changes: Partial<ExchangeRecord>[] = [
    {},
    {},
    {},
    { bodyBytes: 4 },
    { requestBytes: 3, bodyBytes: 4 },
    { requestBytes: 3, bodyBytes: 4 },
    {},
    { status: 404 },
    { status: 404, connection: 8 },
    { connection: 8 },
    { peerPort: 1 },
    { method: "PUT" },
    { route: "/files/{path}" },
    {},
  ];

  test("is never another line's", async () => {
    const lines = await linesOf("json", (log) => {
      for (const change of changes) log.exchange({ ...RECORD, ...change });
    });
    expect(lines).toHaveLength(changes.length);
    for (const [i, line] of lines.entries()) {
      const { method, route, status, requestBytes, bodyBytes, connection, peerPort } = { ...RECORD, ...changes[i] };
      const told = { method, route, status, bytes_in: requestBytes, bytes_out: bodyBytes, connection, port: peerPort };
      expect(JSON.parse(line)).toMatchObject(told);
    }
  });
});
