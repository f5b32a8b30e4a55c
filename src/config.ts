// The settings of one run: from the command line, then the environment, then the defaults. Pure: it looks at nothing but
// its arguments, so what a folder or a port is really like is found out by whoever uses it.

import { ACCESS_FLAGS } from "./cli/access-flags.ts";
import { isLoopback } from "./cli/address.ts";
import { readArguments } from "./cli/argument-list.ts";
import type { ArgumentList } from "./cli/argument-list.ts";
import { readEnvironment } from "./cli/environment.ts";
import type { Environment } from "./cli/environment.ts";
import type { FlagRow } from "./cli/flag-row.ts";
import { ADMISSION_FLAGS, ALL_FLAGS, FILE_FLAGS, QUESTION_FLAGS, SERVING_FLAGS } from "./cli/flags.ts";
import type { Settings } from "./cli/flags.ts";
import { LIFE_FLAGS } from "./cli/life-flags.ts";
import { LOG_FLAGS } from "./cli/log-flags.ts";
import { TLS_FLAGS } from "./cli/tls-flags.ts";
import { meantBy } from "./cli/meant-word.ts";
import { UsageError, quoted } from "./cli/usage-error.ts";
import { Unreadable } from "./cli/quantity.ts";
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
}

/** What a command line asks for. A mistake is one line that says what to do; notes are worth a warning each. */
export type Intent =
  | ({ readonly kind: "serve" } & Served)
  | ({ readonly kind: "run"; readonly command: readonly string[] } & Served)
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completions"; readonly shell: Shell }
  | { readonly kind: "man" }
  | ({ readonly kind: "healthcheck" } & AskedServer)
  | { readonly kind: "hash-password"; readonly name: string | null }
  | { readonly kind: "usage-error"; readonly line: string };

/**
 * Decides what to do. A flag beats its environment variable, which beats the default. Of a flag that is given twice the
 * last counts, so that an alias or a script can be overruled; lists collect instead.
 */
export function parseConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Intent {
  if (argv[0] === HEALTHCHECK_WORD) return parseHealthcheck(argv.slice(1), env);
  if (argv[0] === RUN_WORD) return parseRun(argv.slice(1), env);
  if (argv[0] === HASH_WORD) return parseHashPassword(argv.slice(1));
  if (argv[0] === COMPLETIONS_WORD) return parseCompletions(argv.slice(1));
  if (argv[0] === MANUAL_WORD && argv.length === 1) return { kind: "man" };
  const words = readArguments(argv);
  if (words instanceof UsageError) return { kind: "usage-error", line: words.line };
  for (const kind of ["help", "version"] as const) {
    const { flag, read } = QUESTION_FLAGS[kind];
    if (words.given.some((given) => given.flag === flag && read(given.text ?? "true") === true)) return { kind };
  }
  const environment = readEnvironment(env);
  const read = readSettings(words, environment);
  if (read instanceof UsageError) return { kind: "usage-error", line: read.line };
  const contradiction = findContradiction(read);
  if (contradiction !== null) return { kind: "usage-error", line: contradiction.line };
  const directory = chooseDirectory(words, read.config.directory);
  if (directory instanceof UsageError) return { kind: "usage-error", line: directory.line };
  if (read.config.life.tmp && directory !== null)
    return { kind: "usage-error", line: new UsageError("--tmp makes the folder; leave out DIRECTORY.").line };
  const config = { ...read.config, directory, files: dropBoxFiles(read.config.files) };
  return { kind: "serve", config, notes: [...environment.notes, ...exposureNotes(config), ...idleNotes(config)] };
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
function parseRun(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Intent {
  const mark = argv.indexOf("--");
  const flags = mark < 0 ? argv : argv.slice(0, mark);
  const presets = { MINI_HTTP_PORT: env["MINI_HTTP_PORT"] || "0", MINI_HTTP_QUIET: env["MINI_HTTP_QUIET"] || "yes" };
  const intent = parseConfig(flags, { ...env, ...presets });
  if (intent.kind !== "serve") return intent;
  const command = mark < 0 ? [] : argv.slice(mark + 1);
  const fault = command.length === 0 ? RUN_USAGE : findRunContradiction(intent.config);
  if (fault !== null) return { kind: "usage-error", line: new UsageError(fault).line };
  return { ...intent, kind: "run", command };
}

const RUN_USAGE = `${RUN_WORD} needs a command behind "--": mini-http ${RUN_WORD} [flags] -- COMMAND...`;

/** The command's end is the server's. */
function findRunContradiction({ life }: Config): string | null {
  const { stopAfterMs, maxRequests, exitOnStdinClose } = life;
  const ends = { "stop-after": stopAfterMs, "max-requests": maxRequests, "exit-on-stdin-close": exitOnStdinClose };
  const given = Object.entries(ends).find(([, value]) => value !== null && value !== false)?.[0];
  return given === undefined ? null : `${RUN_WORD} ends with its command; leave out --${given}.`;
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
function parseHealthcheck(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Intent {
  const words = readArguments(argv);
  if (!(words instanceof UsageError) && words.operands.length > 0)
    return {
      kind: "usage-error",
      line: `${HEALTHCHECK_WORD} takes flags only; --host and --port say which server to ask.`,
    };
  const intent = parseConfig(argv, env);
  if (intent.kind !== "serve") return intent;
  const { hosts, port, tls, access } = intent.config;
  const [host = ""] = hosts;
  const isSecure = tls.selfSigned || tls.certFile !== null;
  const proxies = access.proxyProtocol ? access.trustedProxies : [];
  return { kind: "healthcheck", host, port, isSecure, proxies };
}

/** All settings, and the flags that someone set rather than left at their default. */
interface ReadSettings {
  readonly config: Config;
  readonly set: ReadonlySet<string>;
}

function readSettings(words: ArgumentList, environment: Environment): ReadSettings | UsageError {
  const values = new Map<string, unknown>();
  const set = new Set<string>();
  for (const [flag, row] of ALL_FLAGS) {
    const value = readValue(flag, row, words, environment);
    if (value instanceof UsageError) return value;
    if (value !== undefined) set.add(flag);
    values.set(flag, value ?? row.preset);
  }
  const settings = (table: Readonly<Record<string, { readonly flag: string }>>): object =>
    Object.fromEntries(Object.entries(table).map(([name, { flag }]) => [name, values.get(flag)]));
  // The tables say which type each reader gives; a map cannot.
  const config = {
    ...settings(SERVING_FLAGS),
    limits: settings(LIMIT_TABLE),
    life: settings(LIFE_FLAGS),
    tls: settings(TLS_FLAGS),
    access: settings(ACCESS_FLAGS),
    files: settings(FILE_FLAGS),
    admission: settings(ADMISSION_FLAGS),
    log: settings(LOG_FLAGS),
  } as Config;
  return { config: withinCache(config), set };
}

/** What is larger than the whole cache is refused before it comes. */
function withinCache(config: Config): Config {
  const { limits, files } = config;
  if (files.evictBytes === null) return config;
  return { ...config, limits: { ...limits, maxBody: Math.min(limits.maxBody, files.evictBytes) } };
}

/** Undefined when nobody set the flag. */
function readValue(flag: string, row: FlagRow<unknown>, words: ArgumentList, environment: Environment): unknown {
  const texts = words.given.filter((each) => each.flag === flag).map((each) => each.text ?? "true");
  const typed = row.isList ? texts.join(row.separator) : texts.at(-1);
  const variable = environment.variables.get(flag);
  const text = texts.length > 0 ? typed : variable?.text;
  if (text === undefined) return undefined;
  const value = row.read(text);
  if (!(value instanceof Unreadable)) return value;
  const source = texts.length > 0 ? `--${flag}` : (variable?.name ?? flag);
  if (row.isSecret) return new UsageError(`${source} must be ${value.expected}.`);
  return new UsageError(`${source} must be ${value.expected}, not ${text === "" ? "empty" : `"${quoted(text)}"`}.`);
}

function both(one: string, other: string): UsageError {
  return new UsageError(`--${one} and --${other} contradict each other; leave one out.`);
}

function findContradiction(read: ReadSettings): UsageError | null {
  return findTlsContradiction(read.config) ?? findProxyContradiction(read.config) ?? findFileContradiction(read);
}

/** What makes no connection secure would be taken for something that does. */
function findTlsContradiction({ tls, port }: Config): UsageError | null {
  const { selfSigned, certFile, keyFile, stateFolder, clientAuthorityFile, redirectPort, hstsMs } = tls;
  if (selfSigned && certFile !== null) return both("tls", "tls-cert");
  if (keyFile !== null && certFile === null) return new UsageError("--tls-key needs --tls-cert.");
  if (stateFolder !== null && !selfSigned) return new UsageError("--tls-state needs --tls self-signed.");
  if (selfSigned || certFile !== null) {
    const isLost = redirectPort !== null && port === 0;
    return isLost ? new UsageError("--https-redirect needs a --port to send people to, not 0.") : null;
  }
  const named = { "tls-client-ca": clientAuthorityFile, "https-redirect": redirectPort, hsts: hstsMs };
  const idle = Object.entries(named).find(([, value]) => value !== null)?.[0];
  return idle === undefined ? null : new UsageError(`--${idle} needs HTTPS: --tls self-signed, or --tls-cert FILE.`);
}

/** Who may say for whom he comes must be known: the header of anybody would be anybody's address. */
function findProxyContradiction({ access }: Config): UsageError | null {
  if (!access.proxyProtocol || access.trustedProxies.length > 0) return null;
  return new UsageError("--proxy-protocol needs --trusted-proxies: the addresses whose PROXY headers count.");
}

function findFileContradiction({ config: { files }, set }: ReadSettings): UsageError | null {
  if (files.readOnly && files.uploadOnly) return both("read-only", "upload-only");
  if (files.readOnly && files.allowDelete) return both("read-only", "allow-delete");
  if (files.readOnly && files.evictBytes !== null) return both("read-only", "evict");
  if (files.readOnly && files.expireMs !== null) return both("read-only", "expire");
  if (files.evictBytes !== null && files.quotaBytes !== null && files.quotaBytes < files.evictBytes)
    return new UsageError("--quota below --evict would refuse uploads before anything goes; leave one out.");
  if (files.uploadOnly && files.allowDelete) return both("upload-only", "allow-delete");
  if (!files.uploadOnly || !set.has("on-duplicate") || files.onDuplicate === "rename") return null;
  return new UsageError(
    `--upload-only always renames; leave out --on-duplicate ${files.onDuplicate}, which would tell which names exist.`,
  );
}

/** A drop box gives every file a name of its own: whether one was taken does not show. */
function dropBoxFiles(files: Config["files"]): Config["files"] {
  return files.uploadOnly ? { ...files, onDuplicate: "rename" } : files;
}

function chooseDirectory(words: ArgumentList, flagged: string | null): string | null | UsageError {
  const [operand, second] = words.operands;
  if (operand === undefined) return flagged;
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
function exposureNotes(config: Config): readonly string[] {
  const { hosts, directory, files, testing, access } = config;
  const open = hosts.filter((host) => !isLoopback(host)).join(" or ");
  if (open === "") return [];
  // Whoever set rights has thought of it.
  const hasRights = access.authFile !== null || access.auth.length + access.tokens.length + access.anonymous.length > 0;
  const mayWrite = directory !== null && !files.readOnly && !hasRights;
  return [
    ...(mayWrite ? [`Everyone who can reach ${open} may ${writingWords(files)}; --read-only forbids it.`] : []),
    ...(testing
      ? [`Everyone who can reach ${open} may use the endpoints of --testing, which are for tests only.`]
      : []),
  ];
}
