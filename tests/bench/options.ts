// The command line of the benchmark.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";
import { isPeerId, PEERS, type PeerId } from "./peers.ts";

/** How a run is wanted. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** Starts that are measured. */
  readonly starts: number;
  readonly cases: readonly string[];
  readonly peers: readonly PeerId[];
  readonly build: boolean;
  readonly readme: boolean;
  readonly output: string | null;
  readonly binary: string;
  /** Where the temporary folder is made; null for the system's place. */
  readonly folder: string | null;
  /** The command, without what says only where things lie. */
  readonly command: string;
}

/** What `--help` prints. */
export const HELP = `bun run bench [flags]

  --rounds N        rounds of each case (5)
  --seconds S       length of a round of wrk, whole seconds (2)
  --only A,B        these cases: ${Object.keys(CASES).join(" ")}
  --peers A,B       these servers: ${Object.keys(PEERS).join(" ")}
  --quick           2 rounds of 1 second, 5 starts
  --output FILE     writes the report there too
  --readme          puts the report into RESULTS.md, and what the README shows of it into its table and chart
  --build           builds dist/mini-http first, also if it is there
  --binary FILE     measures this mini-http
  --folder DIR      makes the temporary files there
`;

const ROOT = resolve(import.meta.dir, "../..");

/** Reads the arguments; null when help is wanted, throws with a sentence for a mistake. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      only: { type: "string" },
      peers: { type: "string" },
      quick: { type: "boolean", default: false },
      output: { type: "string" },
      readme: { type: "boolean", default: false },
      build: { type: "boolean", default: false },
      binary: { type: "string" },
      folder: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const { quick, only, peers, rounds, seconds, readme } = values;
  if (readme && (only ?? peers) !== undefined) throw new Error("--readme needs all cases and servers");
  const shown = { rounds, seconds, only, peers };
  const flags = Object.entries(shown).flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`]));
  return {
    rounds: readCount("--rounds", rounds, quick ? 2 : 5),
    seconds: readCount("--seconds", seconds, quick ? 1 : 2),
    starts: quick ? 5 : 20,
    cases: readNames("--only", only, Object.keys(CASES)),
    peers: readNames("--peers", peers, Object.keys(PEERS)).filter(isPeerId),
    build: values.build,
    readme,
    output: values.output ?? null,
    binary: resolve(ROOT, values.binary ?? "dist/mini-http"),
    folder: values.folder ?? null,
    command: `bun run bench${quick ? " --quick" : ""}${flags.join("")}`,
  };
}

function readCount(flag: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`${flag} takes a whole number from 1 on, not "${text}"`);
  return Number(text);
}

function readNames(flag: string, text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known];
  const names = text.split(",").filter(Boolean);
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`${flag} knows no "${strange}"; it knows ${known.join(", ")}`);
  return names;
}
