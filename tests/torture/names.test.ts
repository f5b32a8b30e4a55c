// Names that many clients give, change and take at once, over two workers: what the answers say is what is there. No file
// is lost, none is there twice, and none is torn. MINI_HTTP_TORTURE_SEED repeats a run; MINI_HTTP_TORTURE_ACTS makes it
// longer (1200).

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { answerTo, withLength, withoutBody } from "../support/ask.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ACTS = Number(process.env["MINI_HTTP_TORTURE_ACTS"] ?? 1200);
const SEED = Number(process.env["MINI_HTTP_TORTURE_SEED"] ?? Date.now() % 1_000_000_007);
const CLIENTS = 12;
const FOLDERS = ["d0", "d1", "d2"];
const NAMES = ["a", "b", "c", ...FOLDERS.flatMap((folder) => [`${folder}/a`, `${folder}/b`])];
const MOST_CHARS = 3000;
const PATIENCE_MS = 120_000;

/** A content that is whole only with its last character, and of which there is one. */
function contentOf(serial: number, length: number): string {
  return `${serial}:${"x".repeat(length)}:${serial}`;
}

function isWhole(content: string): boolean {
  return /^(\d+):x*:\1$/.test(content);
}

interface Act {
  readonly raw: string;
  /** By the status of its answer: how many files more there are. Any other status changes nothing. */
  readonly more: Readonly<Record<number, number>>;
}

function nextAct(random: Random, serial: number): Act {
  const [one, other] = [random.pick(NAMES), random.pick(NAMES)];
  const destination = `Destination: /files/${other}\r\n`;
  const content = contentOf(serial, random.below(MOST_CHARS));
  switch (random.below(8)) {
    case 0:
      return { raw: withLength("PUT", `/files/${one}`, "", content), more: { 201: 1 } };
    case 1:
      return { raw: withLength("PUT", `/files/${one}`, "If-None-Match: *\r\n", content), more: { 201: 1 } };
    case 2:
      return { raw: withoutBody("DELETE", `/files/${one}`), more: { 204: -1 } };
    case 3: {
      const [from, to] = [random.pick(FOLDERS), random.pick(FOLDERS)];
      return { raw: withoutBody("MOVE", `/files/${from}/`, `Destination: /files/${to}/\r\n`), more: {} };
    }
    case 4:
    case 5:
      return { raw: withoutBody("MOVE", `/files/${one}`, destination + "Overwrite: F\r\n"), more: {} };
    default:
      return { raw: withoutBody("MOVE", `/files/${one}`, destination), more: { 204: -1 } };
  }
}

/** All contents below the folder. */
function contentsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}

test(
  `MOVE, PUT and DELETE of the same names over two workers (seed ${SEED})`,
  async () => {
    using folder = tempFolder();
    for (const name of FOLDERS) mkdirSync(join(folder.path, name));
    NAMES.forEach((name, i) => writeFileSync(join(folder.path, name), contentOf(1_000_000 + i, i)));
    await using program = await RunningProgram.start(["--directory", folder.path, "--allow-delete", "--workers", "2"]);
    const random = new Random(SEED);
    let files = NAMES.length;
    let serial = 0;
    const statuses = new Map<number, number>();
    const work = async (): Promise<void> => {
      while (serial < ACTS) {
        const { raw, more } = nextAct(random, (serial += 1));
        const { status, body } = await answerTo(program.port, raw);
        if (status >= 500) throw new Error(`${raw.slice(0, 80)} was ${status}: ${body}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        files += more[status] ?? 0;
      }
    };
    const look = async (): Promise<void> => {
      while (serial < ACTS) {
        const { status, body } = await answerTo(program.port, withoutBody("GET", `/files/${random.pick(NAMES)}`));
        if (status === 200) expect(isWhole(body)).toBe(true);
      }
    };
    await Promise.all([...Array.from({ length: CLIENTS }, work), look(), look()]);
    const contents = contentsIn(folder.path);
    expect(contents.filter((content) => !isWhole(content))).toEqual([]);
    expect(new Set(contents).size).toBe(contents.length);
    expect(contents.length).toBe(files);
    for (const status of [201, 204, 404, 409, 412])
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    expect(program.log).not.toContain("[ERROR]");
  },
  PATIENCE_MS,
);
