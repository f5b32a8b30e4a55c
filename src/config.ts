// The settings of one run: from the command line, then the environment, then a file, then the defaults. Pure: it looks at
// nothing but its arguments, so what a folder or a port is really like is found out by whoever uses it.

import { ACCESS_FLAGS, givesRights } from "./cli/access-flags.ts";
import { openHosts } from "./cli/address.ts";
import { readArguments } from "./cli/argument-list.ts";
import type { ArgumentList } from "./cli/argument-list.ts";
import { type ConfigFile, readConfigFile } from "./cli/config-file.ts";
import { findContradiction } from "./cli/contradictions.ts";
import { readEnvironment } from "./cli/environment.ts";
import type { FlagRow } from "./cli/flag-row.ts";
import { ADMISSION_FLAGS, CONFIG_FLAGS, FILE_FLAGS, QUESTION_FLAGS, SERVING_FLAGS } from "./cli/flags.ts";
import type { Settings } from "./cli/flags.ts";
import { LIFE_FLAGS } from "./cli/life-flags.ts";
import { LOG_FLAGS } from "./cli/log-flags.ts";
import { isSecure, TLS_FLAGS } from "./cli/tls-flags.ts";
import { meantBy } from "./cli/meant-word.ts";
import { UsageError, quoted } from "./cli/usage-error.ts";
import { formatSize, Unreadable } from "./cli/quantity.ts";
import {
  type Preferences,
  readSetting,
  readSettings,
  type Setting,
  type SettingMap,
  type Source,
  withPlaces,
} from "./cli/settings.ts";
import { type Shell, SHELLS } from "./cli/completions.ts";
import type { AskedServer } from "./cli/healthcheck.ts";
import { LIMIT_TABLE } from "./http/limits.ts";
import type { Limits } from "./http/limits.ts";

/** The first word that asks a running server how it is; a folder of that name is `./healthcheck`. */
const HEALTHCHECK_WORD = "healthcheck";
/** The same for a password. */
const HASH_WORD = "hash-password";
/** What shells and the manual need. */
const COMPLETIONS_WORD = "completions";
const MANUAL_WORD = "man";
/** Serves while a command runs. */
const RUN_WORD = "run";

/** Everything a run needs to know: a setting for each row of the tables, which say what it means. */
export interface Config extends Settings<typeof SERVING_FLAGS> {
  readonly limits: Limits;
  readonly life: Settings<typeof LIFE_FLAGS>;
  readonly tls: Settings<typeof TLS_FLAGS>;
  readonly files: Settings<typeof FILE_FLAGS>;
  readonly access: Settings<typeof ACCESS_FLAGS>;
  readonly admission: Settings<typeof ADMISSION_FLAGS>;
  readonly log: Settings<typeof LOG_FLAGS>;
}

/** Settings, and what is worth a warning of them. */
export interface Served {
  readonly config: Config;
  readonly notes: readonly string[];
  /** The same as `config`, with where each comes from. */
  readonly settings: SettingMap;
  /** Null when no file sets anything. */
  readonly file: ConfigSource | null;
}

/** The file of --config. */
export interface ConfigSource {
  /** As it was given. */
  readonly path: string;
  /** Reads it again; command line and environment are those of the start. */
  readonly reread: () => Served | UsageError;
}

/** The text of a file, or why there is none. */
export type TextReader = (path: string) => string | UsageError;

type Variables = Readonly<Record<string, string | undefined>>;

/** Flags, and everything else that says what they do not. */
interface CommandLine {
  readonly argv: readonly string[];
  readonly env: Variables;
  readonly readText: TextReader;
  /** Null unless a command has some. */
  readonly preferences: Preferences | null;
}

/** What a command line asks for. A mistake is one line that says what to do; notes are worth a warning each. */
export type Intent =
  | ({ readonly kind: "serve" } & Served)
  | ({ readonly kind: "run"; readonly command: readonly string[] } & Served)
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completions"; readonly shell: Shell }
  | { readonly kind: "man" }
  | { readonly kind: "print-config"; readonly settings: SettingMap; readonly notes: readonly string[] }
  | ({ readonly kind: "healthcheck" } & AskedServer)
  | { readonly kind: "hash-password"; readonly name: string | null }
  | { readonly kind: "usage-error"; readonly line: string };

/**
 * Decides what to do. A flag beats its environment variable, which beats the key of a file, which beats the default. Of a
 * flag that is given twice the last counts, so that an alias or a script can be overruled; lists collect instead.
 */
export function parseConfig(argv: readonly string[], env: Variables, readText: TextReader = noText): Intent {
  const line = { argv: argv.slice(1), env, readText, preferences: null };
  if (argv[0] === HEALTHCHECK_WORD) return parseHealthcheck(line);
  if (argv[0] === RUN_WORD) return parseRun(line);
  if (argv[0] === HASH_WORD) return parseHashPassword(argv.slice(1));
  if (argv[0] === COMPLETIONS_WORD) return parseCompletions(argv.slice(1));
  if (argv[0] === MANUAL_WORD && argv.length === 1) return { kind: "man" };
  return parseFlags({ ...line, argv });
}

/** For callers who have no files. */
function noText(path: string): UsageError {
  return new UsageError(`There is no file "${quoted(path)}".`);
}

function parseFlags(line: CommandLine): Intent {
  const words = readArguments(line.argv);
  if (words instanceof UsageError) return { kind: "usage-error", line: words.line };
  for (const kind of ["help", "version"] as const) if (asksFor(words, QUESTION_FLAGS[kind])) return { kind };
  const served = readServed(words, line);
  if (served instanceof UsageError) return { kind: "usage-error", line: served.line };
  if (!asksFor(words, QUESTION_FLAGS.printConfig)) return { kind: "serve", ...served };
  return { kind: "print-config", settings: served.settings, notes: served.notes };
}

function asksFor({ given }: ArgumentList, { flag, read }: FlagRow<boolean>): boolean {
  return given.some((each) => each.flag === flag && read(each.text ?? "true") === true);
}

function parseCompletions(argv: readonly string[]): Intent {
  const [word] = argv;
  if (word === "--help" || word === "-h") return { kind: "help" };
  const shell = SHELLS.find((each) => each === word);
  if (shell !== undefined && argv.length === 1) return { kind: "completions", shell };
  const { line } = new UsageError(`${COMPLETIONS_WORD} takes the name of a shell: ${SHELLS.join(", ")}.`);
  return { kind: "usage-error", line };
}

/** Its server takes a free port and says little unless told otherwise: the command is what matters. */
const RUN_PREFERENCES: Preferences = {
  word: RUN_WORD,
  texts: new Map([
    [SERVING_FLAGS.port.flag, "0"],
    [SERVING_FLAGS.quiet.flag, "yes"],
  ]),
};

function parseRun(line: CommandLine): Intent {
  const { argv } = line;
  const mark = argv.indexOf("--");
  const flags = mark < 0 ? argv : argv.slice(0, mark);
  const intent = parseFlags({ ...line, argv: flags, preferences: RUN_PREFERENCES });
  if (intent.kind !== "serve") return intent;
  const command = mark < 0 ? [] : argv.slice(mark + 1);
  const fault = command.length === 0 ? RUN_USAGE : findRunContradiction(intent);
  if (fault !== null) return { kind: "usage-error", line: new UsageError(fault).line };
  return { ...intent, kind: "run", command };
}

const RUN_USAGE = `${RUN_WORD} needs a command behind "--": mini-http ${RUN_WORD} [flags] -- COMMAND...`;

/** The command's end is the server's. */
function findRunContradiction({ config: { life }, settings }: Served): string | null {
  const { stopAfterMs, maxRequests, exitOnStdinClose } = life;
  const ends = { "stop-after": stopAfterMs, "max-requests": maxRequests, "exit-on-stdin-close": exitOnStdinClose };
  const given = Object.entries(ends).find(([, value]) => value !== null && value !== false)?.[0];
  const sentence = `${RUN_WORD} ends with its command; leave out --${given}.`;
  return given === undefined ? null : withPlaces(sentence, settings);
}

function parseHashPassword(argv: readonly string[]): Intent {
  const [name, second] = argv;
  if (name === "--help" || name === "-h") return { kind: "help" };
  if (name === undefined) return { kind: "hash-password", name: null };
  if (second === undefined && /^[^-:][^:]*$/.test(name)) return { kind: "hash-password", name };
  const line = `${HASH_WORD} takes a name at most; it reads the password from standard input.`;
  return { kind: "usage-error", line };
}

/** The flags and variables that a server takes say where it is; what else they say does not matter. */
function parseHealthcheck(line: CommandLine): Intent {
  const words = readArguments(line.argv);
  if (!(words instanceof UsageError) && words.operands.length > 0)
    return {
      kind: "usage-error",
      line: `${HEALTHCHECK_WORD} takes flags only; --host and --port say which server to ask.`,
    };
  const intent = parseFlags(line);
  if (intent.kind !== "serve") return intent;
  const { hosts, port, tls, access } = intent.config;
  const [host = ""] = hosts;
  const proxies = access.proxyProtocol ? access.trustedProxies : [];
  const { certFile, keyFile } = tls;
  const identity = certFile === null ? null : { certFile, keyFile: keyFile ?? certFile };
  return { kind: "healthcheck", host, port, isSecure: isSecure(tls), identity, proxies };
}

/** A run with the settings that were read; the file that some of them are of can be read again. */
function readServed(words: ArgumentList, line: CommandLine): Served | UsageError {
  const environment = readEnvironment(line.env);
  const asked = { words, environment, file: null, preferences: null };
  const path = readSetting(CONFIG_FLAGS.config, asked);
  if (path instanceof UsageError) return path;
  const file = path.text === null ? null : openFile(path.text, line);
  if (file instanceof UsageError) return file;
  const settings = readSettings({ words, environment, file, preferences: line.preferences });
  if (settings instanceof UsageError) return settings;
  const read = composeConfig(settings);
  const contradiction = findContradiction(read, (flag) => settings.get(flag)?.source.kind !== "default");
  if (contradiction !== null) return new UsageError(withPlaces(contradiction.sentence, settings));
  const operand = chooseDirectory(words);
  if (operand instanceof UsageError) return operand;
  if (read.life.tmp && (operand ?? read.directory) !== null)
    return new UsageError(withPlaces("--tmp makes the folder; leave out DIRECTORY.", settings));
  const meant = new Map(settings);
  if (operand !== null) changeSetting(meant, SERVING_FLAGS.directory.flag, operand, { kind: "operand" });
  deriveSettings(meant, read);
  const config = composeConfig(meant);
  const notes = [...environment.notes, ...exposureNotes(config), ...idleNotes(config)];
  const reread = (): Served | UsageError => readServed(words, line);
  return { config, notes, settings: meant, file: file === null ? null : { path: file.path, reread } };
}

function openFile(path: string, { readText }: CommandLine): ConfigFile | UsageError {
  const text = readText(path);
  return text instanceof UsageError ? text : readConfigFile(path, text);
}

/** What settings bring about in others. */
function deriveSettings(settings: Map<string, Setting>, { files, limits }: Config): void {
  const { uploadOnly, evictBytes, onDuplicate } = FILE_FLAGS;
  // A drop box gives every file a name of its own: whether one was taken does not show.
  if (files.uploadOnly) changeSetting(settings, onDuplicate.flag, "rename", { kind: "derived", flag: uploadOnly.flag });
  // What is larger than the whole cache is refused before it comes.
  if (files.evictBytes !== null && files.evictBytes < limits.maxBody)
    changeSetting(settings, LIMIT_TABLE.maxBody.flag, formatSize(files.evictBytes), {
      kind: "derived",
      flag: evictBytes.flag,
    });
}

/** The text is one that the row takes. */
function changeSetting(settings: Map<string, Setting>, flag: string, text: string, source: Source): void {
  const row = settings.get(flag)?.row;
  if (row !== undefined) settings.set(flag, { row, value: row.read(text), text, source });
}

function composeConfig(values: SettingMap): Config {
  const settings = (table: Readonly<Record<string, { readonly flag: string }>>): object =>
    Object.fromEntries(Object.entries(table).map(([name, { flag }]) => [name, values.get(flag)?.value]));
  // The tables say which type each reader gives; a map cannot.
  return {
    ...settings(SERVING_FLAGS),
    limits: settings(LIMIT_TABLE),
    life: settings(LIFE_FLAGS),
    tls: settings(TLS_FLAGS),
    access: settings(ACCESS_FLAGS),
    files: settings(FILE_FLAGS),
    admission: settings(ADMISSION_FLAGS),
    log: settings(LOG_FLAGS),
  } as Config;
}

/** Null without one; a flag may say the same. */
function chooseDirectory(words: ArgumentList): string | null | UsageError {
  const [operand, second] = words.operands;
  if (operand === undefined) return null;
  if (second !== undefined) {
    return new UsageError(`Only one DIRECTORY can be served, not both "${quoted(operand)}" and "${quoted(second)}".`);
  }
  const meant = meantBy(operand);
  if (meant !== null) return new UsageError(meant);
  const read = SERVING_FLAGS.directory.read(operand);
  if (read instanceof Unreadable) return new UsageError(`DIRECTORY must be ${read.expected}.`);
  const typed = words.given.findLast(({ flag }) => flag === "directory")?.text;
  if (typed == null || typed === operand) return operand;
  return new UsageError(
    `Give the folder once: DIRECTORY is "${quoted(operand)}", but --directory is "${quoted(typed)}".`,
  );
}

/** What was asked for and does nothing. */
function idleNotes({ faults, testing }: Config): readonly string[] {
  return faults.length > 0 && !testing ? ["--fault does nothing without --testing."] : [];
}

function writingWords({ uploadOnly, allowDelete, onDuplicate }: Config["files"]): string {
  const replaces = !uploadOnly && onDuplicate === "overwrite";
  if (replaces && allowDelete) return "upload, replace and delete files";
  if (replaces) return "upload and replace files";
  return allowDelete ? "upload and delete files" : "upload files";
}

/** What anyone who reaches the port can do, unless rights are set: worth a sentence each. */
export function exposureNotes(config: Config): readonly string[] {
  const { hosts, directory, files, testing, access } = config;
  const open = openHosts(hosts);
  if (open === "") return [];
  // Whoever set rights has thought of it.
  const mayWrite = directory !== null && !files.readOnly && !givesRights(access);
  return [
    ...(mayWrite ? [`Everyone who can reach ${open} may ${writingWords(files)}; --read-only forbids it.`] : []),
    ...(testing
      ? [`Everyone who can reach ${open} may use the endpoints of --testing, which are for tests only.`]
      : []),
  ];
}
