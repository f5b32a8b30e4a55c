// What a sink does about an output that takes nothing, or has nobody who reads it.

import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AccessLog } from "../../src/observe/access-log.ts";
import { openLogFile } from "../../src/observe/log-output.ts";
import { LogSink } from "../../src/observe/log-sink.ts";
import { RECORD } from "../support/exchange-record.ts";
import { LogPipe } from "../support/log-pipe.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { tempFolder } from "../support/temp-folder.ts";

const noticeOf = (dropped: number): string => `dropped ${dropped}\n`;

describe.skipIf(needs({ linux: true, paths: ["/dev/full"] }).skip)("lines that a full disk did not take", () => {
  const ends: [what: string, end: (sink: LogSink) => unknown][] = [
    ["settles", (sink) => sink.settle()],
    ["closes", (sink) => sink.close()],
    ["settles and closes", async (sink) => sink.settle().then(() => sink.close())],
  ];
  test.each(ends)("are told of though no other comes: the sink %s", async (_what, end) => {
    using folder = tempFolder();
    const path = join(folder.path, "log");
    const sink = new LogSink({ fd: openSync("/dev/full", "w"), writes: "on disk" }, { noticeOf });
    sink.add("a\n");
    sink.add("b\n");
    await sink.settle();
    const next = new LogSink(openLogFile(path), { noticeOf });
    await next.settle();
    sink.reopen(openLogFile(path));
    await end(sink);
    expect(readFileSync(path, "latin1")).toMatch(/^dropped [23]\n$/);
    next.close();
  });
});

describe.skipIf(needs({ linux: true, paths: ["/dev/full"] }).skip)("a full disk", () => {
  test("is told of without another line", async () => {
    let lost = 0;
    const sink = new LogSink(
      { fd: openSync("/dev/full", "w"), writes: "on disk" },
      { noticeOf, lost: () => (lost += 1) },
    );
    sink.add("a\n");
    await until(() => lost === 1);
    sink.close();
  });

  test.each([
    ["text", "those that are missing are counted in it."],
    ["json", "those that are missing are counted in it."],
    ["common", "some are missing in it."],
  ] as const)("is told a person once, whatever the file may tell (%s)", async (format, rest) => {
    using folder = tempFolder();
    const path = join(folder.path, "person");
    const output = { fd: openSync("/dev/full", "w"), writes: "on disk" } as const;
    const fd = openSync(path, "w");
    const log = new AccessLog({ quiet: false, servesFiles: true, fd, format, file: { path: "full", output } });
    log.exchange(RECORD);
    await until(() => readFileSync(path, "latin1") !== "");
    for (let i = 0; i < 3; i++) {
      log.exchange(RECORD);
      await log.settle();
    }
    const told = readFileSync(path, "latin1").split("\n");
    expect(told).toEqual([expect.stringContaining(`[WARNING] The log file full does not take all lines; ${rest}`), ""]);
    log.close();
    closeSync(fd);
  });
});

describe.skipIf(needs({ linux: true }).skip)("a pipe whose reader left", () => {
  test("is spoken of once, and nothing is lost in what is opened in its place", async () => {
    using folder = tempFolder();
    using pipe = new LogPipe(folder.path);
    const path = join(folder.path, "log");
    let gone = 0;
    const output = { fd: openSync(`/proc/self/fd/${pipe.writeEnd}`, "w"), writes: "at once" } as const;
    const sink = new LogSink(output, { noticeOf, gone: () => (gone += 1) });
    pipe.closeReader();
    for (const line of ["a\n", "b\n", "c\n"]) {
      sink.add(line);
      await sink.settle();
    }
    expect([gone, sink.closed]).toEqual([1, true]);
    sink.reopen(openLogFile(path));
    expect(sink.closed).toBeFalse();
    sink.add("d\n");
    sink.close();
    expect([gone, readFileSync(path, "latin1")]).toEqual([1, "d\n"]);
  });
});
