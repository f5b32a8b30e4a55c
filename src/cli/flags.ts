// Every setting beside the wire's limits, in tables: its flag, what that takes, its default and what it does. The parser,
// the types of the settings, the environment, the suggestions and the help text are made from them and from LIMIT_TABLE;
// nothing is listed twice.

import { BadFault, parseFaultRule } from "../testing/fault-rule.ts";
import { LIMIT_TABLE } from "../http/limits.ts";
import type { LimitRow } from "../http/limits.ts";
import { ACCESS_FLAGS } from "./access-flags.ts";
import { readHost, readHostName, readOrigin } from "./address.ts";
import { duration, type FlagRow, list, optional, path, PLAIN, takeAway, toggle } from "./flag-row.ts";
import {
  formatDuration,
  formatSize,
  LONGEST_AGE_MS,
  readCount,
  readDuration,
  readSize,
  Unreadable,
} from "./quantity.ts";
import { LIFE_FLAGS } from "./life-flags.ts";
import { LOG_FLAGS } from "./log-flags.ts";
import { TLS_FLAGS } from "./tls-flags.ts";

/** Rows by the name of their setting. */
export type FlagTable = Readonly<Record<string, FlagRow<unknown>>>;

/** A setting for each row of a table. */
export type Settings<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends FlagRow<infer Value> ? Value : never;
};

const DEFAULT_PORT = 4221;
const HIGHEST_PORT = 65535;
const DEFAULT_GRACE_MS = 9000;
const ON_DUPLICATE = ["overwrite", "error", "rename"] as const;

/** What is served where, and by how many. */
export const SERVING_FLAGS = {
  /** As given: relative to where the program was started. Null: no files. */
  directory: {
    ...PLAIN,
    group: "Serving",
    flag: "directory",
    short: "d",
    placeholder: "DIR",
    help: "folder to serve under /files/; the same as DIRECTORY",
    shownPreset: "",
    preset: null,
    read: (text: string) => (text === "" || text.includes("\0") ? new Unreadable("the path of a folder") : text),
  } as FlagRow<string | null>,
  /** Names or addresses, at least one; IPv6 without brackets. */
  hosts: {
    ...list("Serving", "host", "HOST", "name, address (0.0.0.0, :: for all) or unix:PATH; repeatable", readHost),
    short: "b",
    aliases: ["bind"],
    shownPreset: "localhost",
    preset: ["localhost"],
  } as FlagRow<readonly string[]>,
  /** Permission bits of the files of unix sockets. */
  socketMode: {
    ...PLAIN,
    group: "Serving",
    flag: "socket-mode",
    placeholder: "MODE",
    help: "who may connect to unix sockets: permissions, octal",
    shownPreset: "660",
    preset: 0o660,
    read: readMode,
  } as FlagRow<number>,
  /** 0 picks a free one. */
  port: {
    ...PLAIN,
    group: "Serving",
    flag: "port",
    short: "p",
    placeholder: "PORT",
    help: "port to listen on; 0 picks a free one",
    shownPreset: String(DEFAULT_PORT),
    preset: DEFAULT_PORT,
    read: (text: string) => readCount(text, 0, HIGHEST_PORT),
  } as FlagRow<number>,
  workers: {
    ...PLAIN,
    group: "Serving",
    flag: "workers",
    placeholder: "N",
    words: ["auto"],
    help: "processes that serve together (Linux); auto: one for each core",
    shownPreset: "1",
    preset: 1,
    read: readWorkers,
  } as FlagRow<number | "auto">,
  quiet: toggle("Serving", "quiet", "log errors and warnings only", "q"),
  /** A code of the address that a phone can open. */
  qr: toggle("Serving", "qr", "draw the address in the network as a QR code"),
  open: toggle("Serving", "open", "open the browser"),
  /** The endpoints to test HTTP clients with. */
  testing: toggle("Serving", "testing", "endpoints to test HTTP clients with, as httpbin has them"),
  /** Exchanges that the recorder keeps with `testing`. */
  recordedRequests: {
    ...PLAIN,
    group: "Serving",
    flag: "recorded-requests",
    placeholder: "N",
    help: "with --testing: requests that /-/requests keeps",
    shownPreset: "500",
    preset: 500,
    read: (text: string) => readCount(text, 1, 100_000),
  } as FlagRow<number>,
  /** What goes wrong with `testing`, as rules. */
  faults: list("Serving", "fault", "RULE", "with --testing: what goes wrong, and where; repeatable", readFaultRule),
  graceMs: duration("Serving", "grace", DEFAULT_GRACE_MS, "for requests in hand to finish after SIGTERM or SIGINT"),
  drainDelayMs: duration("Serving", "drain-delay", 0, "between the signal and the end of accepting connections"),
} as const;

/** How files are read and written. Sizes are bytes; null means no limit. */
export const FILE_FLAGS = {
  /** `Cache-Control: max-age`; 0 means `no-cache`. */
  cacheSeconds: {
    ...PLAIN,
    group: "Reading files",
    flag: "cache",
    placeholder: "SECONDS",
    help: "clients may keep files this long unasked; 0: they ask each time",
    shownPreset: "0",
    preset: 0,
    read: readSeconds,
  } as FlagRow<number>,
  precompressed: toggle("Reading files", "precompressed", "serve NAME.br, NAME.zst and NAME.gz as codings of NAME"),
  listing: takeAway("Reading files", "no-listing", "do not list folders"),
  index: toggle("Reading files", "index", "serve a folder's index.html instead of its list"),
  hidden: toggle("Reading files", "hidden", "serve, list and accept names that start with a dot"),
  followSymlinks: toggle("Reading files", "follow-symlinks", "follow symbolic links that leave the folder"),

  readOnly: toggle("Writing files", "read-only", "refuse every upload"),
  uploadOnly: toggle("Writing files", "upload-only", "drop box: files can be sent, and nothing can be read or listed"),
  allowDelete: toggle("Writing files", "allow-delete", "let clients delete files"),
  /** "rename" whenever `uploadOnly`. */
  onDuplicate: {
    ...PLAIN,
    group: "Writing files",
    flag: "on-duplicate",
    placeholder: "WAY",
    words: ON_DUPLICATE,
    help: "for a name that is taken: overwrite, error or rename",
    shownPreset: "overwrite",
    preset: "overwrite",
    read: (text: string) => ON_DUPLICATE.find((way) => way === text) ?? new Unreadable("overwrite, error or rename"),
  } as FlagRow<(typeof ON_DUPLICATE)[number]>,
  quotaBytes: optional("Writing files", "quota", "SIZE", null, "most bytes of all files below the folder", readBytes),
  /** The least recently read go when there is more. */
  evictBytes: optional(
    "Writing files",
    "evict",
    "SIZE",
    null,
    "cache: above this, the least recently read go",
    (text) => readSize(text, 1),
  ),
  /** Since a file was modified. */
  expireMs: optional("Writing files", "expire", "TIME", null, "remove files that are older", (text) =>
    readDuration(text, 1000, LONGEST_AGE_MS),
  ),
  maxFiles: optional("Writing files", "max-files", "N", null, "most files below the folder", (text) => readCount(text)),
  minFreeBytes: optional(
    "Writing files",
    "min-free",
    "SIZE",
    0,
    "bytes that uploads leave free on the disk",
    readBytes,
  ),
  fsync: toggle("Writing files", "fsync", "put an upload on the disk before it is confirmed"),
  /** Permission bits of new files; null leaves them to the umask. */
  mode: optional("Writing files", "chmod", "MODE", null, "permissions of new files, octal such as 0644", readMode),
} as const;

/** Which requests may come in. */
export const ADMISSION_FLAGS = {
  /** Host names in lower case that may reach a loopback address. */
  allowedHosts: list(
    "Who may ask",
    "allowed-host",
    "NAME",
    "host name that may reach a loopback address; repeatable",
    readHostName,
  ),
  /** Origins, as browsers send them, whose pages may read; `*` for all. */
  readOrigins: list("Who may ask", "cors", "ORIGIN", "web origin whose pages may read, or *; repeatable", (text) =>
    text === "*" ? text : readOrigin(text),
  ),
  /** Origins, as browsers send them, whose pages may write. */
  writeOrigins: list("Who may ask", "cors-write", "ORIGIN", "web origin whose pages may write; repeatable", readOrigin),
} as const;

/** Where settings come from beside the command line and the environment: no setting itself, and in no such file. */
export const CONFIG_FLAGS = {
  config: path("Other", "config", "FILE", "settings, with flags as keys (TOML); read again at SIGHUP"),
} as const;

/** What is answered at once, and nothing served. Only a person asks so: neither environment nor file holds them. */
export const QUESTION_FLAGS = {
  printConfig: toggle("Other", "print-config", "print all settings as such a file, with where each comes from"),
  help: toggle("Other", "help", "show this text", "h"),
  version: toggle("Other", "version", "show the version", "V"),
} as const;

/** Flags that set nothing of a server: no file of settings holds them. */
export const NO_SETTINGS: ReadonlySet<string> = new Set(
  [CONFIG_FLAGS, QUESTION_FLAGS].flatMap((table) => Object.values(table).map(({ flag }) => flag)),
);

const LIMIT_FLAGS: readonly FlagRow<unknown>[] = Object.values(LIMIT_TABLE).map(limitFlag);

/** All flags by their names, limits included, in the order in which they are looked at. */
export const ALL_FLAGS: ReadonlyMap<string, FlagRow<unknown>> = new Map(
  [
    SERVING_FLAGS,
    LIFE_FLAGS,
    TLS_FLAGS,
    FILE_FLAGS,
    ADMISSION_FLAGS,
    ACCESS_FLAGS,
    LOG_FLAGS,
    CONFIG_FLAGS,
    QUESTION_FLAGS,
  ]
    .flatMap((table): readonly FlagRow<unknown>[] => Object.values(table))
    .concat(LIMIT_FLAGS)
    .map((row) => [row.flag, row]),
);

function limitFlag(row: LimitRow): FlagRow<number> {
  const common = { ...PLAIN, group: "Limits", flag: row.flag, help: row.help, preset: row.default } as const;
  switch (row.unit) {
    case "bytes":
      return {
        ...common,
        placeholder: "SIZE",
        shownPreset: formatSize(row.default),
        read: (text) => readSize(text, row.least),
      };
    case "bytes per second":
      return {
        ...common,
        placeholder: "SIZE",
        help: `bytes a second ${row.help}`,
        shownPreset: formatSize(row.default),
        read: (text) => readSize(text, row.least),
      };
    case "milliseconds":
      return {
        ...common,
        placeholder: "TIME",
        shownPreset: formatDuration(row.default),
        read: (text) => readDuration(text, row.least),
      };
    case "count":
      return {
        ...common,
        placeholder: "N",
        shownPreset: String(row.default),
        read: (text) => readCount(text, row.least),
      };
  }
}

/** Each has a number in the page that they share. */
const MOST_WORKERS = 256;

function readFaultRule(text: string): string | Unreadable {
  const rule = parseFaultRule(text);
  return rule instanceof BadFault ? new Unreadable(`a rule with ${rule.expected}`) : text;
}

function readWorkers(text: string): number | "auto" | Unreadable {
  if (text === "auto") return text;
  const count = readCount(text, 1, MOST_WORKERS);
  return count instanceof Unreadable ? new Unreadable(`auto or ${count.expected}`) : count;
}

function readBytes(text: string): number | Unreadable {
  return readSize(text);
}

function readMode(text: string): number | Unreadable {
  if (!/^(0o?)?[0-7]{1,3}$/.test(text)) return new Unreadable("an octal mode from 0 to 0777, such as 0644");
  return Number.parseInt(text.replace(/^0o/, ""), 8);
}

function readSeconds(text: string): number | Unreadable {
  const ms = readDuration(text, 0, LONGEST_AGE_MS);
  if (ms instanceof Unreadable) return ms;
  return ms % 1000 === 0 ? ms / 1000 : new Unreadable("whole seconds");
}
