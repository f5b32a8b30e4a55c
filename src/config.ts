// The settings of one run: from the command line, then the environment, then the defaults. Pure: it looks at nothing but
// its arguments, so what a folder or a port is really like is found out by whoever uses it.

import { isLoopback } from "./cli/address.ts";
import { readArguments } from "./cli/argument-list.ts";
import type { ArgumentList } from "./cli/argument-list.ts";
import { readEnvironment } from "./cli/environment.ts";
import type { Environment } from "./cli/environment.ts";
import { ALL_FLAGS, FLAG_TABLE } from "./cli/flags.ts";
import type { FlagRow, FlagValues, OnDuplicate } from "./cli/flags.ts";
import { Mistake, quoted } from "./cli/mistake.ts";
import { Unreadable } from "./cli/quantity.ts";
import { LIMIT_TABLE } from "./http/limits.ts";
import type { Limits } from "./http/limits.ts";

/** How files are read and written. Sizes are bytes; null means no limit. */
export interface FileSettings {
  /** `Cache-Control: max-age`; 0 means `no-cache`. */
  readonly cacheSeconds: number;
  readonly precompressed: boolean;
  readonly listing: boolean;
  readonly index: boolean;
  readonly hidden: boolean;
  readonly followSymlinks: boolean;
  readonly readOnly: boolean;
  readonly uploadOnly: boolean;
  readonly allowDelete: boolean;
  /** "rename" whenever `uploadOnly`. */
  readonly onDuplicate: OnDuplicate;
  readonly quotaBytes: number | null;
  readonly maxFiles: number | null;
  readonly minFreeBytes: number;
  readonly fsync: boolean;
  /** Permission bits of new files; null leaves them to the umask. */
  readonly mode: number | null;
}

/** Which requests may come in. */
export interface AdmissionSettings {
  /** Host names in lower case that may reach a loopback address. */
  readonly allowedHosts: readonly string[];
  /** Origins, as browsers send them, whose pages may write. */
  readonly writeOrigins: readonly string[];
}

/** The first word that asks a running server how it is; a folder of that name is `./healthcheck`. */
const HEALTHCHECK_WORD = "healthcheck";

/** Everything a run needs to know. */
export interface Config {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** As given: relative to where the program was started. Null: no files. */
  readonly directory: string | null;
  /** Processes that serve together. */
  readonly workers: number | "auto";
  readonly quiet: boolean;
  readonly graceMs: number;
  readonly drainDelayMs: number;
  readonly limits: Limits;
  readonly files: FileSettings;
  readonly admission: AdmissionSettings;
}

/** What a command line asks for. A mistake is one line that says what to do; notes are worth a warning each. */
export type Intent =
  | { readonly kind: "serve"; readonly config: Config; readonly notes: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "healthcheck"; readonly host: string; readonly port: number }
  | { readonly kind: "mistake"; readonly line: string };

/**
 * Decides what to do. A flag beats its environment variable, which beats the default. Of a flag that is given twice the
 * last counts, so that an alias or a script can be overruled; lists collect instead.
 */
export function parseConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Intent {
  if (argv[0] === HEALTHCHECK_WORD) return parseHealthcheck(argv.slice(1), env);
  const words = readArguments(argv);
  if (words instanceof Mistake) return { kind: "mistake", line: words.line };
  for (const kind of ["help", "version"] as const) {
    if (words.given.some(({ flag, text }) => flag === kind && FLAG_TABLE[kind].read(text ?? "true") === true))
      return { kind };
  }
  const environment = readEnvironment(env);
  const values = readValues(words, environment);
  if (values instanceof Mistake) return { kind: "mistake", line: values.line };
  const contradiction = findContradiction(values.flags, values.set);
  if (contradiction !== null) return { kind: "mistake", line: contradiction.line };
  const directory = chooseDirectory(words, values.flags.directory);
  if (directory instanceof Mistake) return { kind: "mistake", line: directory.line };
  const config = configOf({ ...values.flags, directory }, values.limits);
  return { kind: "serve", config, notes: [...environment.notes, ...exposureNotes(config)] };
}

/** The flags and variables that a server takes say where it is; what else they say does not matter. */
function parseHealthcheck(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Intent {
  const words = readArguments(argv);
  if (!(words instanceof Mistake) && words.operands.length > 0)
    return {
      kind: "mistake",
      line: `${HEALTHCHECK_WORD} takes flags only; --host and --port say which server to ask.`,
    };
  const intent = parseConfig(argv, env);
  if (intent.kind !== "serve") return intent;
  const { host, port } = intent.config;
  return { kind: "healthcheck", host, port };
}

/** All values, and the flags that someone set rather than left at their default. */
interface Values {
  readonly flags: FlagValues;
  readonly limits: Limits;
  readonly set: ReadonlySet<string>;
}

function readValues(words: ArgumentList, environment: Environment): Values | Mistake {
  const read = new Map<string, unknown>();
  const set = new Set<string>();
  for (const [flag, row] of ALL_FLAGS) {
    const value = readValue(flag, row, words, environment);
    if (value instanceof Mistake) return value;
    if (value !== undefined) set.add(flag);
    read.set(flag, value ?? row.preset);
  }
  // The tables say which type each reader gives; a map cannot.
  const flags = Object.fromEntries(Object.keys(FLAG_TABLE).map((flag) => [flag, read.get(flag)])) as FlagValues;
  const limits = Object.fromEntries(
    Object.entries(LIMIT_TABLE).map(([name, row]) => [name, read.get(row.flag)]),
  ) as Limits;
  return { flags, limits, set };
}

/** Undefined when nobody set the flag. */
function readValue(flag: string, row: FlagRow<unknown>, words: ArgumentList, environment: Environment): unknown {
  const texts = words.given.filter((each) => each.flag === flag).map((each) => each.text ?? "true");
  const typed = row.isList ? texts.join(",") : texts.at(-1);
  const variable = environment.variables.get(flag);
  const text = texts.length > 0 ? typed : variable?.text;
  if (text === undefined) return undefined;
  const value = row.read(text);
  if (!(value instanceof Unreadable)) return value;
  const source = texts.length > 0 ? `--${flag}` : (variable?.name ?? flag);
  return new Mistake(`${source} must be ${value.expected}, not ${text === "" ? "empty" : `"${quoted(text)}"`}.`);
}

function findContradiction(flags: FlagValues, set: ReadonlySet<string>): Mistake | null {
  const both = (one: string, other: string): Mistake => {
    return new Mistake(`--${one} and --${other} contradict each other; leave one out.`);
  };
  if (flags["read-only"] && flags["upload-only"]) return both("read-only", "upload-only");
  if (flags["read-only"] && flags["allow-delete"]) return both("read-only", "allow-delete");
  if (flags["upload-only"] && flags["allow-delete"]) return both("upload-only", "allow-delete");
  if (!flags["upload-only"] || !set.has("on-duplicate") || flags["on-duplicate"] === "rename") return null;
  return new Mistake(
    `--upload-only always renames; leave out --on-duplicate ${flags["on-duplicate"]}, which would tell which names exist.`,
  );
}

function chooseDirectory(words: ArgumentList, flagged: string | null): string | null | Mistake {
  const [operand, second] = words.operands;
  if (operand === undefined) return flagged;
  if (second !== undefined) {
    return new Mistake(`Only one DIRECTORY can be served, not both "${quoted(operand)}" and "${quoted(second)}".`);
  }
  const read = FLAG_TABLE.directory.read(operand);
  if (read instanceof Unreadable) return new Mistake(`DIRECTORY must be ${read.expected}.`);
  const typed = words.given.findLast(({ flag }) => flag === "directory")?.text;
  if (typed == null || typed === operand) return operand;
  return new Mistake(`Give the folder once: DIRECTORY is "${quoted(operand)}", but --directory is "${quoted(typed)}".`);
}

function configOf(flags: FlagValues, limits: Limits): Config {
  return {
    host: flags.host,
    port: flags.port,
    directory: flags.directory,
    workers: flags.workers,
    quiet: flags.quiet,
    graceMs: flags.grace,
    drainDelayMs: flags["drain-delay"],
    limits,
    files: {
      cacheSeconds: flags.cache,
      precompressed: flags.precompressed,
      listing: !flags["no-listing"],
      index: flags.index,
      hidden: flags.hidden,
      followSymlinks: flags["follow-symlinks"],
      readOnly: flags["read-only"],
      uploadOnly: flags["upload-only"],
      allowDelete: flags["allow-delete"],
      onDuplicate: flags["upload-only"] ? "rename" : flags["on-duplicate"],
      quotaBytes: flags.quota,
      maxFiles: flags["max-files"],
      minFreeBytes: flags["min-free"] ?? 0,
      fsync: flags.fsync,
      mode: flags.chmod,
    },
    admission: { allowedHosts: flags["allowed-host"], writeOrigins: flags["cors-write"] },
  };
}

/** Anyone who reaches the port can write, until there is authentication: worth one sentence. */
function exposureNotes(config: Config): readonly string[] {
  if (config.directory === null || config.files.readOnly || isLoopback(config.host)) return [];
  return [`Everyone who can reach ${config.host} may upload files; --read-only forbids it.`];
}
