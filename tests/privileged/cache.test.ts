// A cache on disks that are smaller than its limit, or tell less: it makes room, and refuses nobody.

import { describe, expect, test } from "bun:test";
import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, answerTo } from "../support/ask.ts";
import { heldIn, lastUseOf } from "../support/cache-folder.ts";
import { until } from "../support/patience.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { FORM, form, inChunks } from "../support/upload-requests.ts";
import { mountTmpfs } from "./mounts.ts";
import { run } from "./native-program.ts";

const { skip } = needs({ suite: "privileged", linux: true, root: true });
const MIB = 1024 * 1024;
const DISK_MIB = 8;
const LARGE_MIB = 16;
const UPLOADS = 3 * DISK_MIB;
const PATIENCE_MS = 60_000;
const WORKERS = [1, 2];

describe.skipIf(skip).each(WORKERS)(
  "a cache whose limit is larger than its disk, with %d workers, takes",
  (workers) => {
    const content = "y".repeat(MIB);
    const large = "y".repeat(LARGE_MIB * MIB);
    type Send = (port: number, name: string, content: string) => Promise<{ readonly status: number }>;
    const cases: [what: string, send: Send][] = [
      ["what tells its length", (port, name, content) => ask(port, "PUT", "/files/" + name, "", content)],
      [
        "what does not",
        (port, name, content) => answerTo(port, inChunks("PUT", "/files/" + name, "", content, 65_536)),
      ],
      ["forms", (port, name, content) => ask(port, "POST", "/files/", FORM, form([name, content], ["b-" + name, "1"]))],
    ];
    test.each(cases)(
      "%s",
      async (_what, send) => {
        await using disk = mountTmpfs(DISK_MIB);
        const flags = ["--evict", "1G", "--workers", String(workers), "--directory", disk.path];
        await using program = await RunningProgram.start(flags);
        const statuses: number[] = [];
        for (let i = 0; i < UPLOADS; i++) statuses.push((await send(program.port, `f${i}`, content)).status);
        expect(new Set(statuses)).toEqual(new Set([201]));
        expect((await ask(program.port, "GET", `/files/f${UPLOADS - 1}`)).body).toBe(content);
        const { files } = await heldIn(disk.path);
        expect(files).toBeGreaterThan(2);
      },
      PATIENCE_MS,
    );

    test.each(cases)(
      "%s, of the size from which the system frees room in the background",
      async (_what, send) => {
        // Three fit.
        await using disk = mountTmpfs(3.5 * LARGE_MIB);
        const flags = ["--evict", "1G", "--workers", String(workers), "--directory", disk.path];
        await using program = await RunningProgram.start(flags);
        const statuses: number[] = [];
        for (let i = 0; i < 9; i++) statuses.push((await send(program.port, `f${i}`, large)).status);
        expect(statuses).toEqual(Array.from({ length: 9 }, () => 201));
      },
      PATIENCE_MS,
    );

    const placed: [where: string, pathOf: (i: number) => string][] = [
      ["in one folder", (i) => `f${i}`],
      ["in folders of their own", (i) => `d${i}/f`],
      ["in few folders, two deep", (i) => `d${i % 5}/e${i % 7}/f${i}`],
    ];
    test.each(placed)(
      "more files than the disk can count, %s",
      async (_where, pathOf) => {
        await using disk = mountTmpfs(DISK_MIB, 100);
        const flags = ["--evict", "1G", "--workers", String(workers), "--directory", disk.path];
        await using program = await RunningProgram.start(flags);
        // Folders stay.
        for (let i = 0; i < 200; i++) {
          if (i === 80 && pathOf(i).endsWith("/f")) break;
          expect((await ask(program.port, "PUT", "/files/" + pathOf(i), "", "y")).status).toBe(201);
        }
      },
      PATIENCE_MS,
    );

    test.each([2, 3, 7])(
      "more forms of %d files than the disk can count",
      async (size) => {
        await using disk = mountTmpfs(DISK_MIB, 60);
        const flags = ["--evict", "1G", "--workers", String(workers), "--directory", disk.path];
        await using program = await RunningProgram.start(flags);
        for (let i = 0; i < 60; i++) {
          // Every other one replaces some.
          const files = Array.from({ length: size }, (_, k) => [`f${k % 2 === 0 ? k : `${i}-${k}`}`, "y"] as const);
          const target = `/files/${i % 3 === 0 ? "" : `d${i % 5}/`}`;
          expect((await ask(program.port, "POST", target, FORM, form(...files))).status).toBe(201);
        }
        expect((await heldIn(disk.path)).files).toBeGreaterThan(30);
      },
      PATIENCE_MS,
    );

    test(
      "as much as leaves --min-free free",
      async () => {
        await using disk = mountTmpfs(DISK_MIB);
        const flags = ["--evict", "1G", "--min-free", "4M", "--workers", String(workers), "--directory", disk.path];
        await using program = await RunningProgram.start(flags);
        for (let i = 0; i < UPLOADS; i++) {
          expect((await ask(program.port, "PUT", `/files/f${i}`, "", content)).status).toBe(201);
        }
        const { bavail, bsize } = statfsSync(disk.path);
        // The last one's own bookkeeping may take a page or two.
        expect(bavail * bsize).toBeGreaterThan(4 * MIB - 65_536);
      },
      PATIENCE_MS,
    );
  },
);

test.skipIf(skip)("the order of reads is kept where the system keeps no access times", async () => {
  await using disk = mountTmpfs(DISK_MIB);
  run("mount", "-o", "remount,noatime", disk.path);
  for (const name of ["a", "b", "c"]) writeFileSync(join(disk.path, name), "x".repeat(1000));
  const flags = ["--evict", "3000", "--directory", disk.path];
  const first = await RunningProgram.start(flags);
  const since = Date.now();
  for (const name of ["b", "c", "a"]) {
    expect((await ask(first.port, "GET", "/files/" + name)).status).toBe(200);
    await until(() => lastUseOf(disk.path, name) >= since);
  }
  await first[Symbol.asyncDispose]();
  await using second = await RunningProgram.start(flags);
  expect((await ask(second.port, "PUT", "/files/d", "", "y".repeat(1000))).status).toBe(201);
  await until(async () => (await heldIn(disk.path)).bytes <= 3000);
  expect((await ask(second.port, "GET", "/files/a")).status).toBe(200);
  expect((await ask(second.port, "GET", "/files/b")).status).toBe(404);
});

test.skipIf(skip)("a folder that has become read-only is served, and says what it refuses", async () => {
  await using disk = mountTmpfs(DISK_MIB);
  for (const name of ["a", "b", "c"]) writeFileSync(join(disk.path, name), "x".repeat(1000));
  run("mount", "-o", "remount,ro", disk.path);
  await using program = await RunningProgram.start(["--evict", "2000", "--expire", "1s", "--directory", disk.path]);
  await program.untilLog((log) => /Files that --e\w+ should remove cannot be removed/.test(log));
  expect((await ask(program.port, "PUT", "/files/d", "", "y")).status).toBe(403);
  expect((await ask(program.port, "GET", "/files/a")).body).toBe("x".repeat(1000));
});
