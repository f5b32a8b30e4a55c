import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BAD_FIELD_LINE, BODY_TOO_LARGE } from "../../src/http/refusal.ts";
import { AccessLog } from "../../src/observe/access-log.ts";
import { MAX_PENDING_BYTES } from "../../src/observe/line-queue.ts";
import { RECORD } from "../support/exchange-record.ts";
import { linesWhenWritten } from "../support/log-lines.ts";
import { LogPipe } from "../support/log-pipe.ts";
import { processorMs } from "../support/processor-time.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";

const folder = mkdtempSync(join(tmpdir(), "mini-http-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /;

/** The lines that the calls wrote to a file, without their time stamps. */
async function linesOf(calls: (log: AccessLog) => void, quiet = false, servesFiles = true): Promise<string[]> {
  const path = join(folder, crypto.randomUUID());
  const fd = openSync(path, "w");
  const log = new AccessLog({ quiet, servesFiles, fd });
  calls(log);
  const lines = await linesWhenWritten(log, path);
  closeSync(fd);
  return lines.map((line) => line.replace(STAMP, "* "));
}

test("no line of a log that processes share is longer than what a pipe takes in one piece", async () => {
  const path = join(folder, "long");
  const fd = openSync(path, "w");
  const log = new AccessLog({ quiet: false, servesFiles: true, isShared: true, fd });
  log.warning("x".repeat(5000));
  log.exchange({ ...RECORD, method: "M".repeat(65), target: "/".repeat(8000) });
  log.exchange({ ...RECORD, peerAddress: "_".padEnd(5000, "x") });
  const [warning, request, proxied] = await linesWhenWritten(log, path);
  closeSync(fd);
  expect(proxied).toEndWith(`xxx...:${RECORD.peerPort}] GET /echo/abc HTTP/1.1 -> 200 3 B 0.1 ms`);
  expect(warning).toHaveLength(4095);
  expect(request).toEndWith(` ${"M".repeat(61)}... ${"/".repeat(3069)}... HTTP/1.1 -> 200 3 B 0.1 ms`);
});

describe("each event is one line with its tag", () => {
  const cases: [call: (log: AccessLog) => void, line: string][] = [
    [(log) => log.started(["http://localhost:4221"]), "* [SERVER STARTED] Listening on http://localhost:4221"],
    [(log) => log.connected("127.0.0.1", 47920), "* [CONNECTED] 127.0.0.1:47920"],
    [(log) => log.connected("::1", 47920), "* [CONNECTED] [::1]:47920"],
    [(log) => log.exchange(RECORD), "* [RECEIVED from 127.0.0.1:47920] GET /echo/abc HTTP/1.1 -> 200 3 B 0.1 ms"],
    [
      (log) => log.exchange({ ...RECORD, peerAddress: "::1", minorVersion: 0, status: 404, cutOff: true }),
      "* [RECEIVED from [::1]:47920] GET /echo/abc HTTP/1.0 -> 404 3 B 0.1 ms (cut off)",
    ],
    // By the word of a proxy that told no port.
    [
      (log) => log.exchange({ ...RECORD, peerAddress: "2001:db8::1", peerPort: 0 }),
      "* [RECEIVED from 2001:db8::1] GET /echo/abc HTTP/1.1 -> 200 3 B 0.1 ms",
    ],
    [
      (log) => log.exchange({ ...RECORD, method: "PÖST\n", target: "/a\\b\x1b[31m\x7f\xff%0a" }),
      "* [RECEIVED from 127.0.0.1:47920] P\\xd6ST\\x0a /a\\x5cb\\x1b[31m\\x7f\\xff%0a HTTP/1.1 -> 200 3 B 0.1 ms",
    ],
    [(log) => log.disconnected("127.0.0.1", 47920), "* [DISCONNECTED] 127.0.0.1:47920"],
    [
      (log) =>
        log.exchange({ ...RECORD, method: "", target: "", peerPort: 47921, status: 400, refusal: BAD_FIELD_LINE }),
      "* [ERROR] 127.0.0.1:47921 400 BAD_FIELD_LINE A header field line is malformed.",
    ],
    [
      (log) => log.exchange({ ...RECORD, method: "PUT", target: "/files/\x1b", status: 413, refusal: BODY_TOO_LARGE }),
      "* [ERROR] 127.0.0.1:47920 413 BODY_TOO_LARGE The request body is over the limit. (PUT /files/\\x1b)",
    ],
    [(log) => log.warning('There is no folder "é\n".'), '* [WARNING] There is no folder "\\xc3\\xa9\\x0a".'],
    [(log) => log.stopped(), "* [SERVER STOPPED] All connections are closed."],
  ];
  test.each(cases)("%p", async (call, line) => {
    expect(await linesOf(call)).toEqual([line]);
  });
});

describe("a refusal that its client did not take to the end", () => {
  const cut = { ...RECORD, status: 400, refusal: BAD_FIELD_LINE, bodyBytes: 0, durationMs: 0, cutOff: true };
  const error = "* [ERROR] 127.0.0.1:47920 400 BAD_FIELD_LINE A header field line is malformed.";
  const cases: [what: string, line: { method: string; target: string }, lines: string[]][] = [
    [
      "has the line of its request behind its own",
      { method: "GET", target: "/x" },
      [`${error} (GET /x)`, "* [RECEIVED from 127.0.0.1:47920] GET /x HTTP/1.1 -> 400 0 B 0.0 ms (cut off)"],
    ],
    ["has its own alone when there was no request line", { method: "", target: "" }, [error]],
    ["has its own alone when the target was not read", { method: "GET", target: "" }, [error]],
  ];
  test.each(cases)("%s", async (_what, line, lines) => {
    expect(await linesOf((log) => log.exchange({ ...cut, ...line }))).toEqual(lines);
  });
});

test("the first line says how to serve files when none are served", async () => {
  const [line] = await linesOf((log) => log.started(["http://localhost:1"]), false, false);
  expect(line).toBe(
    "* [SERVER STARTED] Listening on http://localhost:1 (no folder is served; --directory DIR serves one under /files/)",
  );
});

test("a target of 8 KiB is kept whole", async () => {
  const target = `/${"a".repeat(8190)}\xe4`;
  const [line] = await linesOf((log) => log.exchange({ ...RECORD, target }));
  expect(line).toContain(`GET /${"a".repeat(8190)}\\xe4 HTTP/1.1`);
});

test("quiet keeps errors and warnings only", async () => {
  const lines = await linesOf((log) => {
    expect(log.wantsAll).toBe(false);
    log.started(["http://localhost:4221"]);
    log.connected("::1", 1);
    log.exchange(RECORD);
    log.disconnected("::1", 1);
    log.stopped();
    log.warning("careful");
    log.exchange({ ...RECORD, status: 507, ownLimit: "the disk is full" });
    const refusal = { status: 400, name: "BAD_HOST", reason: "Bad." };
    log.exchange({ ...RECORD, peerAddress: "::1", peerPort: 1, target: "", status: 400, refusal });
    log.exchange({ ...RECORD, refusal, cutOff: true, target: "" });
    log.fault("broken");
  }, true);
  expect(lines).toEqual([
    "* [WARNING] careful",
    "* [WARNING] A request was answered 507: the disk is full.",
    "* [ERROR] [::1]:1 400 BAD_HOST Bad.",
    "* [ERROR] 127.0.0.1:47920 400 BAD_HOST Bad.",
    "* [ERROR] broken",
  ]);
});

describe("a fault of ours", () => {
  test("comes with its stack trace, indented, so that no message can forge a line", async () => {
    const error = new TypeError("broken\n2026-11-22 18:09:10,420 [SERVER STOPPED] forged");
    const lines = await linesOf((log) => log.fault(error));
    expect(lines[0]).toBe("* [ERROR] TypeError: broken");
    expect(lines[1]).toBe("    2026-11-22 18:09:10,420 [SERVER STOPPED] forged");
    expect(lines.slice(2).join("\n")).toContain("access-log.test.ts");
    for (const line of lines.slice(1)) expect(line).toStartWith("    ");
  });

  test("of any type is described, never thrown on", async () => {
    const odd: unknown[] = [
      undefined,
      null,
      7,
      Object.create(null),
      {
        toString: () => {
          throw new Error("no");
        },
      },
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("no");
          },
        },
      ),
      Symbol("s"),
    ];
    const lines = await linesOf((log) => odd.forEach((error) => log.fault(error)));
    expect(lines).toHaveLength(odd.length);
    for (const line of lines) expect(line).toStartWith("* [ERROR] ");
  });

  test("with an endless trace is cut", async () => {
    const error = new Error("x".repeat(100_000));
    error.stack = Array.from({ length: 5000 }, () => "x".repeat(5000)).join("\n");
    const lines = await linesOf((log) => log.fault(error));
    expect(lines.join("\n").length).toBeLessThan(20_000);
  });
});

describe("to a pipe", () => {
  test("lines arrive together, about 50 ms after the first", async () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    log.connected("::1", 1);
    log.connected("::1", 2);
    expect(pipe.readAvailable()).toBe("");
    await Bun.sleep(150);
    expect(pipe.readAvailable().split("\n")).toHaveLength(3);
    log.close();
  });

  test("a full batch does not wait", () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    for (let port = 0; port < 200; port++) log.connected("127.0.0.1", port);
    const text = pipe.readAvailable();
    expect(text.length).toBeGreaterThan(4000);
    expect(text).toEndWith("\n");
    log.close();
  });

  test("that nobody reads memory stays bounded, and later each line is there or counted", async () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    const sent = 100_000;
    const cost = processorMs(() => {
      for (let port = 0; port < sent; port++) log.connected("127.0.0.1", port);
    });
    expect(cost).toBeLessThan(2000); // 20 us a line: blocked it would never end
    await Bun.sleep(120);
    let text = "";
    await until(() => /are missing here[^\n]*\n/.test((text += pipe.readAvailable())));
    log.connected("::1", 1);
    await log.settle();
    text += pipe.readAvailable();
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(STAMP, ""));
    const gaps = lines.flatMap((line) => /^\[WARNING\] (\d+) log lines are missing here/.exec(line)?.[1] ?? []);
    expect(gaps).toHaveLength(1);
    expect(lines.at(-1)).toBe("[CONNECTED] [::1]:1");
    expect(lines.length - 2 + Number(gaps[0])).toBe(sent);
    expect(text.length).toBeLessThan(MAX_PENDING_BYTES + 2 * 65_536);
    log.close();
  });

  test.each(["text", "json", "common", "combined"] as const)(
    "that nobody reads has a gap in its own words (%s)",
    async (format) => {
      using pipe = new LogPipe(folder);
      const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd, format });
      for (let i = 0; i < 20_000; i++) log.exchange(RECORD);
      await Bun.sleep(120);
      let text = "";
      await until(() => /are missing here[^\n]*\n/.test((text += pipe.readAvailable())));
      await log.settle();
      text += pipe.readAvailable();
      const lines = text.trimEnd().split("\n");
      const gaps = lines.filter((line) => line.includes("are missing here"));
      expect(gaps).toHaveLength(1);
      if (format === "json") for (const line of lines) expect(JSON.parse(line)).toBeObject();
      else
        expect(gaps[0]).toMatch(
          /^[-0-9]+ [:,0-9]+ \[WARNING\] \d+ log lines are missing here: nobody took them in time\.$/,
        );
      log.close();
    },
  );

  test.each([1, 63, 64])(
    "that is full at the end has one gap, and it counts all: %d more than a crowd",
    async (more) => {
      using pipe = new LogPipe(folder);
      const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
      const sent = 20_032 + more;
      for (let i = 0; i < sent; i++) log.exchange(RECORD);
      const settled = log.settle();
      let text = "";
      await until(() => /are missing here[^\n]*\n$/.test((text += pipe.readAvailable())));
      await settled;
      text += pipe.readAvailable();
      const lines = text.trimEnd().split("\n");
      const gaps = lines.flatMap((line) => /(\d+) log lines are missing here/.exec(line)?.[1] ?? []);
      expect(gaps).toHaveLength(1);
      expect(lines.length - 1 + Number(gaps[0])).toBe(sent);
      log.close();
    },
  );

  test("whose reader left nothing is logged and nothing thrown", async () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    expect(log.wantsAll).toBe(true);
    pipe.closeReader();
    log.connected("::1", 1);
    await log.settle();
    expect(log.wantsAll).toBe(false);
    for (let port = 0; port < 1000; port++) log.warning("still alive");
    log.close();
  });

  test("that is full the end of the process waits 200 ms for, and not until it is read", async () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    for (let port = 0; port < 5000; port++) log.connected("127.0.0.1", port);
    const start = performance.now();
    await log.settle();
    log.close();
    expect(performance.now() - start).toBeWithin(190, PATIENCE_MS);
  });

  test("closing writes what is left without the event loop", () => {
    using pipe = new LogPipe(folder);
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: pipe.writeEnd });
    log.connected("::1", 1);
    log.stopped();
    log.close();
    expect(pipe.readAvailable().split("\n")).toHaveLength(3);
    log.close();
    log.connected("::1", 2);
    expect(pipe.readAvailable()).toBe("");
  });
});

describe("to a file", () => {
  let fd: number;
  let path: string;
  beforeAll(() => {
    path = join(folder, "many");
    fd = openSync(path, "a");
  });
  afterAll(() => closeSync(fd));

  test("no line is lost or out of order at 100 lines a millisecond", async () => {
    const log = new AccessLog({ quiet: false, servesFiles: true, fd });
    let port = 0;
    for (let turn = 0; turn < 200; turn++) {
      for (let line = 0; line < 100; line++) log.connected("127.0.0.1", ++port);
      await Bun.sleep(1);
    }
    const ports = (await linesWhenWritten(log, path)).map((line) => Number(line.split(":").at(-1)));
    expect(ports).toEqual(Array.from({ length: 100 * 200 }, (_, number) => number + 1));
    log.close();
  });

  test("closing right behind the last line loses none", () => {
    const last = join(folder, "last");
    const out = openSync(last, "a");
    const log = new AccessLog({ quiet: false, servesFiles: true, fd: out });
    for (let port = 1; port <= 300; port++) log.connected("127.0.0.1", port);
    log.close();
    closeSync(out);
    const ports = readFileSync(last, "latin1")
      .trimEnd()
      .split("\n")
      .map((line) => Number(line.split(":").at(-1)));
    expect(ports).toEqual(Array.from({ length: 300 }, (_, number) => number + 1));
  });
});

test("a full disk loses lines and nothing else", async () => {
  const fd = openSync("/dev/full", "w");
  const log = new AccessLog({ quiet: false, servesFiles: true, fd });
  for (let port = 0; port < 1000; port++) log.connected("127.0.0.1", port);
  await log.settle();
  expect(log.wantsAll).toBe(true);
  log.close();
  closeSync(fd);
});

test("a closed descriptor is a log that nobody reads", async () => {
  const log = new AccessLog({ quiet: false, servesFiles: true, fd: 987_654 });
  log.connected("::1", 1);
  await log.settle();
  expect(log.wantsAll).toBe(false);
  log.close();
});
