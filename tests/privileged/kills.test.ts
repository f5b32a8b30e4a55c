// A server that is killed at each call of a form's commit that changes the file system: after the next start all of the
// form's files are new or all are as before, and nothing else is left. The form is held back before its last bytes, so
// that only the commit is traced. MINI_HTTP_KILLS=all tries each call (else a few of each row).

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { FORM, form, type FormFile } from "../support/upload-requests.ts";
import { pathsBelow, temporariesBelow, untilSwept } from "./ground.ts";
import { childrenOf, Helper, nativeProgram, until } from "./native-program.ts";

const { skip } = needs({ suite: "privileged", linux: true, programs: ["gcc"] });
const TRIES_ALL = process.env["MINI_HTTP_KILLS"] === "all";
const MOST_SAMPLES = 12;
/** Past any commit's last call. */
const NEVER = 1_000_000;
const PATIENCE_MS = 10_000;
const ROW_PATIENCE_MS = TRIES_ALL ? 3_600_000 : 120_000;
const CLOSING = "\r\n--b--\r\n";

interface Row {
  readonly count: number;
  readonly before: "new" | "replacing" | "both";
  readonly flags: readonly string[];
}

const ROWS: readonly [what: string, row: Row][] = [
  ["3 new files", { count: 3, before: "new", flags: [] }],
  ["3 files that are replaced", { count: 3, before: "replacing", flags: [] }],
  ["3 files, new and replaced, in folders that are made", { count: 3, before: "both", flags: [] }],
  ["3 files that are replaced, with --fsync", { count: 3, before: "replacing", flags: ["--fsync"] }],
  ["3 files, new and replaced, on two workers", { count: 3, before: "both", flags: ["--workers", "2"] }],
  ["100 new files", { count: 100, before: "new", flags: [] }],
  ["100 files that are replaced", { count: 100, before: "replacing", flags: [] }],
  ["100 files that are replaced, on two workers", { count: 100, before: "replacing", flags: ["--workers", "2"] }],
];

/** A file in a new folder and one in a new folder below it, when the row asks for both kinds. */
function nameOf(row: Row, i: number): string {
  return row.before === "both" && i % 3 === 1 ? `made/deep${i}/f${i}` : `f${i}`;
}

function isReplaced(row: Row, i: number): boolean {
  return row.before === "replacing" || (row.before === "both" && i % 3 === 0);
}

/** The folder as it is before each kill. */
function prepare(folder: string, row: Row): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (let i = 0; i < row.count; i++) if (isReplaced(row, i)) writeFileSync(join(folder, nameOf(row, i)), "old " + i);
}

/** "new" or "old" when all files are; else what is wrong. */
function stateOf(folder: string, row: Row): string {
  const states = Array.from({ length: row.count }, (_, i) => {
    const content = readIfAny(join(folder, nameOf(row, i)));
    if (content === "new " + i) return "new";
    return content === (isReplaced(row, i) ? "old " + i : null) ? "old" : `${nameOf(row, i)} holds ${content}`;
  });
  const kinds = [...new Set(states)];
  if (kinds.length === 1) return kinds[0]!;
  return kinds.map((kind) => `${states.filter((each) => each === kind).length} ${kind}`).join(", ");
}

function readIfAny(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

/** What was seen of one try. */
interface Try {
  /** "killed CALL", or "counted CALL CALL ..." when the commit had fewer calls. */
  readonly said: string;
  readonly isAcknowledged: boolean;
}

/** Sends a form up to its last bytes, and the rest once the tracer counts. */
async function killAt(folder: string, row: Row, call: number): Promise<Try> {
  prepare(folder, row);
  const files = Array.from({ length: row.count }, (_, i): FormFile => [nameOf(row, i), "new " + i]);
  const body = form(...files);
  await using program = await RunningProgram.start(["--directory", folder, ...row.flags]);
  const client = await RawClient.connect(program.port);
  const head = `POST /files/ HTTP/1.1\r\nHost: a\r\n${FORM}Content-Length: ${body.length}\r\n\r\n`;
  await client.send(head + body.slice(0, -CLOSING.length));
  const staged = (): number => temporariesBelow(folder).length;
  await until(
    () => staged() >= row.count,
    PATIENCE_MS,
    () => `${staged()} files are staged`,
  );
  const pids = [program.pid, ...childrenOf(program.pid)];
  await using tracer = await Helper.start([nativeProgram("kill-at"), String(call), ...pids.map(String)]);
  await client.send(CLOSING);
  const isAnswered = (): boolean => client.received.includes("\r\n\r\n");
  await until(
    () => tracer.said.includes("killed") || isAnswered() || tracer.hasEnded,
    PATIENCE_MS,
    () => tracer.said,
  );
  // What comes after the answer is the commit's, too: its journal goes.
  if (isAnswered()) await Bun.sleep(20);
  tracer.signal("SIGTERM");
  await until(
    () => tracer.hasEnded,
    PATIENCE_MS,
    () => "the tracer goes on",
  );
  const said = await tracer.untilSaid("ed ").catch(() => tracer.said);
  client.close();
  const isAcknowledged = client.received.startsWith("HTTP/1.1 201");
  return { said: said.replace("ready\n", "").trim(), isAcknowledged };
}

/** Starts the program again with the same words; gives the folder's state once nothing temporary is left. */
async function recover(folder: string, row: Row): Promise<string> {
  await using _program = await RunningProgram.start(["--directory", folder, ...row.flags]);
  try {
    await untilSwept(folder, PATIENCE_MS);
  } catch (error) {
    return `${stateOf(folder, row)}; ${String(error).slice(0, 300)}`;
  }
  const state = stateOf(folder, row);
  const most = state === "new" ? row.count + (row.before === "both" ? 2 : 0) : NEVER;
  return pathsBelow(folder).length > most ? `${state}, and more` : state;
}

function callsToTry(calls: number): number[] {
  const all = Array.from({ length: calls }, (_, i) => i + 1);
  if (TRIES_ALL || calls <= MOST_SAMPLES) return all;
  const step = calls / MOST_SAMPLES;
  return Array.from({ length: MOST_SAMPLES }, (_, i) => 1 + Math.floor(i * step + Math.random() * step));
}

describe.skipIf(skip)("kill -9 in a form's commit", () => {
  test.each(ROWS)(
    "%s: all or none",
    async (_, row) => {
      using outer = tempFolder();
      const folder = join(outer.path, "served");
      const whole = await killAt(folder, row, NEVER);
      const calls = whole.said.split(" ").slice(1);
      expect(calls.length).toBeGreaterThan(row.count);
      const torn: string[] = [];
      for (const call of callsToTry(calls.length)) {
        const { said, isAcknowledged } = await killAt(folder, row, call);
        const state = await recover(folder, row);
        const isRight = state === "new" || (state === "old" && !isAcknowledged);
        if (!isRight) torn.push(`call ${call} of ${calls.length}, ${said.slice(0, 30)}: ${state}`);
      }
      expect(torn).toEqual([]);
    },
    ROW_PATIENCE_MS,
  );
});
