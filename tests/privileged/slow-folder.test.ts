// A folder on a file system that takes its time, or does not answer any more: who works in it waits, nobody else does.
// MINI_HTTP_SLOW_MS is the time of one operation; without it the rows of many operations have shorter ones.

import { describe, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { FORM, form, type FormFile } from "../support/upload-requests.ts";
import { mountFuse } from "./mounts.ts";
import { FUSE_PATHS } from "./native-program.ts";
import { waitsDuring } from "./waits.ts";

const { skip } = needs({
  suite: "privileged",
  linux: true,
  root: true,
  programs: ["gcc", "findmnt"],
  paths: FUSE_PATHS,
});
const GIVEN_SLOW_MS = process.env["MINI_HTTP_SLOW_MS"];
/** Under 20 ms on a quiet machine; one operation of a slow folder, done on the event loop, is past it. */
const LONGEST_WAIT_MS = 450;
const SLOW = "500";
/** For what takes a hundred operations, and held all others up for as many of them. */
const MANY_TIMES = "50";
const QUIET_MS = 500;
/** More than there are threads for file calls. */
const HUNG_CLIENTS = 24;
const GRACE_MS = 1000;

const TEN: readonly FormFile[] = Array.from({ length: 10 }, (_, i): FormFile => [`f${i}`, "new"]);
const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

const WORK: readonly [what: string, raw: string, status: number, slowMs: string][] = [
  ["a form of 10", withLength("POST", "/files/", FORM, form(...TEN)), 201, MANY_TIMES],
  ["a form of 10 that replaces", withLength("POST", "/files/old/", FORM, form(...TEN)), 201, MANY_TIMES],
  ["a list of 10", get("/files/old/?json"), 200, MANY_TIMES],
  ["a cold GET", get("/files/old/f1"), 200, SLOW],
  ["a hot GET", get("/files/hot"), 200, SLOW],
  ["a large file", get("/files/large"), 200, MANY_TIMES],
  ["a name that is not there", get("/files/none/none"), 404, SLOW],
  ["a PUT", withLength("PUT", "/files/put", "", "new"), 201, SLOW],
  ["a PUT into new folders", withLength("PUT", "/files/a/b/c/put", "", "new"), 201, MANY_TIMES],
  ["a DELETE", withLength("DELETE", "/files/old/f2", "", ""), 204, SLOW],
];

/** Past its head, and whole or closed: a reply of unknown length ends as the connection does. */
async function statusOf(port: number, raw: string): Promise<number> {
  const client = await RawClient.connect(port);
  await client.send(raw);
  client.end();
  const received = await client.untilEnd(PATIENCE_MS);
  client.close();
  return Number(received.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
}

function fill(folder: string): void {
  mkdirSync(join(folder, "old"));
  for (const [name] of TEN) writeFileSync(join(folder, "old", name), "old");
  writeFileSync(join(folder, "hot"), "hot");
  writeFileSync(join(folder, "large"), "x".repeat(3 * 1024 * 1024));
  for (const name of ["hot", "large", "old/f1"]) utimesSync(join(folder, name), 1, 1);
}

describe.skipIf(skip)("a folder whose operations take long", () => {
  test.each(WORK)("%s holds nobody else up", async (what, raw, status, slowMs) => {
    await using folder = await mountFuse({ FUSE_DELAY_MS: GIVEN_SLOW_MS ?? slowMs });
    fill(folder.backing);
    // What is younger than 2 s is not kept in memory.
    if (what === "a hot GET") await Bun.sleep(2100);
    await using program = await RunningProgram.start(["--directory", folder.path, "--allow-delete"]);
    if (what === "a hot GET") for (let i = 0; i < 2; i++) await statusOf(program.port, raw);
    let got = 0;
    const start = performance.now();
    const waits = await waitsDuring(program, async () => (got = await statusOf(program.port, raw)));
    console.log(`${what}: ${Math.round(performance.now() - start)} ms; others waited ${JSON.stringify(waits)} ms`);
    expect(got).toBe(status);
    for (const [target, ms] of Object.entries(waits)) expect([target, ms < LONGEST_WAIT_MS]).toEqual([target, true]);
  });
});

const HUNG_WORK: readonly [what: string, raw: string][] = [
  ["reads", get("/files/old/f1")],
  ["reads of a hot file", get("/files/hot")],
  ["lists", get("/files/old/")],
  ["uploads", withLength("PUT", "/files/put", "", "new")],
  ["forms", withLength("POST", "/files/", FORM, form(...TEN))],
];

describe.skipIf(skip)("a folder that hangs", () => {
  test.each(HUNG_WORK)("%s in it: health answers, and SIGTERM ends the server", async (_, raw) => {
    await using folder = await mountFuse({});
    fill(folder.backing);
    await using program = await RunningProgram.start(["--directory", folder.path, "--grace", `${GRACE_MS}ms`]);
    await statusOf(program.port, get("/files/hot"));
    // What was asked so far (the sweep of the start, the file's close) is answered by then.
    await Bun.sleep(QUIET_MS);
    folder.hang();
    const clients = await Promise.all(Array.from({ length: HUNG_CLIENTS }, () => RawClient.connect(program.port)));
    for (const client of clients) await client.send(raw);
    const waits = await waitsDuring(program, () => Bun.sleep(500)).catch(String);
    expect(waits).toBeObject();
    program.kill("SIGTERM");
    let hasEnded = false;
    void program.exited.then(() => (hasEnded = true));
    const stillRuns = await until(
      () => hasEnded,
      PATIENCE_MS,
      () => "it runs on",
    ).catch(String);
    for (const client of clients) client.close();
    expect(stillRuns).toBeUndefined();
  });
});
