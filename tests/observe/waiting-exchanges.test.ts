// Lines are worded some time after what they tell: nothing in them, and not their order, shows it.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AccessLog, type AccessLogOptions } from "../../src/observe/access-log.ts";
import { openLogFile } from "../../src/observe/log-output.ts";
import type { ExchangeRecord } from "../../src/observe/observer.ts";
import { WaitingExchanges } from "../../src/observe/waiting-exchanges.ts";
import { RECORD } from "../support/exchange-record.ts";
import { linesWhenWritten } from "../support/log-lines.ts";
import { until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(60_000);

/** More than a crowd, and no multiple of one. */
const MANY = 301;

/** What the calls wrote to a file. */
async function linesOf(
  calls: (log: AccessLog) => void,
  options: Partial<AccessLogOptions> = {},
  linesIn: (log: AccessLog, path: string) => string[] | Promise<string[]> = linesWhenWritten,
): Promise<string[]> {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  const fd = openSync(path, "w");
  const log = new AccessLog({ quiet: false, servesFiles: true, fd, ...options });
  calls(log);
  const lines = await linesIn(log, path);
  closeSync(fd);
  return lines;
}

const asked = (target: string): ExchangeRecord => ({ ...RECORD, target });

describe("what came first stands first", () => {
  const later: [what: string, call: (log: AccessLog) => void, line: string][] = [
    ["a connection", (log) => log.connected("::1", 1), "[CONNECTED]"],
    ["the end of one", (log) => log.disconnected("::1", 1), "[DISCONNECTED]"],
    ["a warning", (log) => log.warning("careful"), "[WARNING] careful"],
    ["a fault", (log) => log.fault("broken"), "[ERROR] broken"],
    ["the start", (log) => log.started(["http://a"]), "[SERVER STARTED]"],
    ["the stop", (log) => log.stopped(), "[SERVER STOPPED]"],
    [
      "a limit that was met",
      (log) => log.exchange({ ...RECORD, target: "/limit", ownLimit: "the disk is full" }),
      "GET /limit",
    ],
  ];
  test.each(later)("%s behind an exchange and before another", async (_what, call, line) => {
    const lines = await linesOf((log) => {
      log.exchange(asked("/first"));
      call(log);
      log.exchange(asked("/last"));
    });
    const places = ["GET /first", line, "GET /last"].map((each) => lines.findIndex((told) => told.includes(each)));
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
    expect(places[0]).toBe(0);
    expect(places[2]).toBe(lines.length - 1);
  });

  test("a warning behind an exchange also where it is none of the format's own lines", async () => {
    const tell = (log: AccessLog): void => {
      log.exchange(asked("/first"));
      log.warning("careful");
      log.exchange(asked("/last"));
    };
    const lines = await linesOf(tell, { format: "common" });
    expect(lines.map((line) => /\/first|careful|\/last/.exec(line)?.[0])).toEqual(["/first", "careful", "/last"]);
  });

  const ends: [what: string, linesIn: (log: AccessLog, path: string) => string[] | Promise<string[]>][] = [
    ["with time to come", linesWhenWritten],
    [
      "at the end",
      (log, path) => {
        log.close();
        return readFileSync(path, "latin1").split("\n").slice(0, -1);
      },
    ],
  ];
  test.each(ends)("hundreds in a row, %s", async (_what, linesIn) => {
    const askAll = (log: AccessLog): void => {
      for (let i = 0; i < MANY; i++) log.exchange(asked(`/echo/${i}`));
    };
    const lines = await linesOf(askAll, {}, linesIn);
    expect(lines.map((line) => /\/echo\/(\d+)/.exec(line)?.[1])).toEqual(
      Array.from({ length: MANY }, (_, i) => `${i}`),
    );
  });
});

describe("a line has the time at which its exchange was over", () => {
  const AGO_MS = 3_600_000;
  const times: [format: AccessLogOptions["format"], timeOf: (line: string) => number][] = [
    ["text", (line) => new Date(line.slice(0, 23).replace(",", ".").replace(" ", "T")).getTime()],
    ["json", (line) => new Date((JSON.parse(line) as { time: string }).time).getTime()],
    ["common", (line) => new Date(/\[(.*?)\]/.exec(line)![1]!.replace(":", " ").replaceAll("/", " ")).getTime()],
  ];
  test.each(times)("%s", async (format, timeOf) => {
    const before = Date.now();
    const lines = await linesOf(
      (log) => {
        for (const agoMs of [AGO_MS, 0]) log.exchange({ ...RECORD, endedAt: performance.now() - agoMs });
      },
      { format: format! },
    );
    const [old, now] = lines.map(timeOf);
    for (const [time, expected] of [
      [old!, before - AGO_MS],
      [now!, before],
    ] as const) {
      // Whole seconds in `common`; and the two clocks are asked one after the other.
      expect(time).toBeGreaterThan(expected - 1002);
      expect(time).toBeLessThanOrEqual(Date.now() - before + expected + 1);
    }
  });
});

describe("fields are those of the call, whatever becomes of the bytes that they were", () => {
  const formats: [format: AccessLogOptions["format"], told: string[]][] = [
    ["combined", ["http://from/", "curl"]],
    ["json", ["http://from/", "curl", "name-1"]],
  ];
  test.each(formats)("%s", async (format, told) => {
    const values: Record<string, string> = { referer: "http://from/", "user-agent": "curl", "x-request-id": "name-1" };
    const [line] = await linesOf(
      (log) => {
        log.exchange({ ...RECORD, fields: { get: (name) => values[name] } });
        for (const name of Object.keys(values)) values[name] = "gone";
      },
      { format: format! },
    );
    for (const text of told) expect(line).toContain(`"${text}"`);
    expect(line).not.toContain("gone");
  });

  test("on the wire: a read that is given back at once because it is large", async () => {
    using folder = tempFolder();
    const path = join(folder.path, "log");
    await using program = await RunningProgram.start([
      "--directory",
      folder.path,
      "--log-format",
      "json",
      "--log-file",
      path,
    ]);
    const body = "x".repeat(300_000);
    for (let i = 0; i < 3; i++) {
      const head = `PUT /files/a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: agent-${i}\r\nConnection: close\r\n`;
      await exchange(program.port, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    }
    program.kill("SIGTERM");
    await program.exited;
    const agents = readFileSync(path, "latin1").matchAll(/"agent":"(.*?)"/g);
    expect([...agents].map(([, agent]) => agent)).toEqual(["agent-0", "agent-1", "agent-2"]);
  });
});

test("nothing waits without end: a single one is written with nobody asking", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "log");
  const file = { path, output: openLogFile(path) };
  const log = new AccessLog({ quiet: false, servesFiles: true, file });
  log.exchange(asked("/alone"));
  await until(() => readFileSync(path, "latin1").endsWith("\n"));
  expect(readFileSync(path, "latin1")).toContain("GET /alone");
  log.close();
});

test("a crowd is worth to begin, and is gone when it was given", () => {
  const waiting = new WaitingExchanges([]);
  let count = 0;
  const isCrowd = (): boolean => waiting.isCrowd;
  while (!isCrowd()) {
    waiting.add(asked(`/${count}`));
    count += 1;
  }
  const given: string[] = [];
  waiting.forEach((_now, { target }) => given.push(target));
  waiting.forEach((_now, { target }) => given.push(target));
  expect(given).toEqual(Array.from({ length: count }, (_, i) => `/${i}`));
  expect(isCrowd()).toBe(false);
});
