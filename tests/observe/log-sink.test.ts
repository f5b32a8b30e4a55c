// What a sink does about an output that takes nothing, or has nobody who reads it.

import { describe, expect, test } from "bun:test";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openLogFile } from "../../src/observe/log-output.ts";
import { LogSink } from "../../src/observe/log-sink.ts";
import { LogPipe } from "../support/log-pipe.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const notice = (dropped: number): string => `dropped ${dropped}\n`;

describe.skipIf(needs({ linux: true, paths: ["/dev/full"] }).skip)("lines that a full disk did not take", () => {
  const ends: [what: string, end: (sink: LogSink) => unknown][] = [
    ["settles", (sink) => sink.settle()],
    ["closes", (sink) => sink.close()],
    ["settles and closes", async (sink) => sink.settle().then(() => sink.close())],
  ];
  test.each(ends)("are told of though no other comes: the sink %s", async (_what, end) => {
    using folder = tempFolder();
    const path = join(folder.path, "log");
    const sink = new LogSink({ fd: openSync("/dev/full", "w"), writes: "on disk" }, notice);
    sink.add("a\n");
    sink.add("b\n");
    await sink.settle();
    const next = new LogSink(openLogFile(path), notice);
    await next.settle();
    sink.reopen(openLogFile(path));
    await end(sink);
    expect(readFileSync(path, "latin1")).toMatch(/^dropped [23]\n$/);
    next.close();
  });
});

describe.skipIf(needs({ linux: true }).skip)("a pipe whose reader left", () => {
  test("is spoken of once, and nothing is lost in what is opened in its place", async () => {
    using folder = tempFolder();
    using pipe = new LogPipe(folder.path);
    const path = join(folder.path, "log");
    let gone = 0;
    const sink = new LogSink(
      { fd: openSync(`/proc/self/fd/${pipe.writeEnd}`, "w"), writes: "at once" },
      notice,
      undefined,
      () => (gone += 1),
    );
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
