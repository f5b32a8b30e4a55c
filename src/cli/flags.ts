// Every flag beside the wire's limits, in one table: its name, what it takes, its default and what it does. The parser,
// the environment, the suggestions and the help text are made from it and from LIMIT_TABLE; nothing is listed twice.

import { LIMIT_TABLE } from "../http/limits.ts";
import type { LimitRow } from "../http/limits.ts";
import { readHost, readHostName, readOrigin } from "./address.ts";
import {
  formatDuration,
  formatSize,
  LONGEST_AGE_MS,
  readCount,
  readDuration,
  readSize,
  Unreadable,
} from "./quantity.ts";

/** What to do when an upload's name is taken. */
export type OnDuplicate = "overwrite" | "error" | "rename";

const ON_DUPLICATE: readonly OnDuplicate[] = ["overwrite", "error", "rename"];

/** The headings of the help text, in its order. */
export type FlagGroup = "Serving" | "Reading files" | "Writing files" | "Who may ask" | "Limits" | "Other";

/** What the parser and the help text know of every flag, whatever it holds. */
export interface FlagFace {
  readonly group: FlagGroup;
  /** One letter, without its dash. */
  readonly short: string | null;
  /** Other long names for the same flag. */
  readonly aliases: readonly string[];
  /** What stands for the value in the help text; null for a switch. */
  readonly placeholder: string | null;
  readonly help: string;
  /** The default as people write it; empty when there is none to show. */
  readonly shownPreset: string;
}

/** A flag with its meaning. */
export interface FlagRow<Value> extends FlagFace {
  readonly preset: Value;
  /** The value of a text, or what the text should have been. */
  readonly read: (text: string) => Value | Unreadable;
  /** True when the flag may be repeated and takes comma lists; the value is then an array. */
  readonly isList: boolean;
}

const DEFAULT_PORT = 4221;
const HIGHEST_PORT = 65535;
const DEFAULT_GRACE_MS = 9000;
const PLAIN = { short: null, aliases: [], isList: false } as const;

function toggle(group: FlagGroup, help: string, short: string | null = null): FlagRow<boolean> {
  return { ...PLAIN, group, short, placeholder: null, help, shownPreset: "", preset: false, read: readSwitch };
}

function duration(group: FlagGroup, presetMs: number, help: string): FlagRow<number> {
  const shownPreset = formatDuration(presetMs);
  return {
    ...PLAIN,
    group,
    placeholder: "TIME",
    help,
    shownPreset,
    preset: presetMs,
    read: (text) => readDuration(text),
  };
}

function list(
  placeholder: string,
  help: string,
  read: (item: string) => string | Unreadable,
): FlagRow<readonly string[]> {
  return {
    ...PLAIN,
    group: "Who may ask",
    placeholder,
    help,
    shownPreset: "",
    preset: [],
    isList: true,
    read: (text) => readList(text, read),
  };
}

function optional(placeholder: string, help: string, read: FlagRow<number | null>["read"]): FlagRow<number | null> {
  return { ...PLAIN, group: "Writing files", placeholder, help, shownPreset: "", preset: null, read };
}

/** The table. Keys are the flags' names without their dashes. */
export const FLAG_TABLE = {
  directory: {
    ...PLAIN,
    group: "Serving",
    short: "d",
    placeholder: "DIR",
    help: "folder to serve under /files/; the same as DIRECTORY",
    shownPreset: "",
    preset: null,
    read: (text: string) => (text === "" || text.includes("\0") ? new Unreadable("the path of a folder") : text),
  } as FlagRow<string | null>,
  host: {
    ...PLAIN,
    group: "Serving",
    short: "b",
    aliases: ["bind"],
    placeholder: "HOST",
    help: "name or address to listen on; :: or 0.0.0.0 for all",
    shownPreset: "localhost",
    preset: "localhost",
    read: readHost,
  } as FlagRow<string>,
  port: {
    ...PLAIN,
    group: "Serving",
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
    placeholder: "N",
    help: "processes that serve together (Linux); auto: one for each core",
    shownPreset: "1",
    preset: 1,
    read: readWorkers,
  } as FlagRow<number | "auto">,
  quiet: toggle("Serving", "log errors and warnings only", "q"),
  grace: duration("Serving", DEFAULT_GRACE_MS, "for requests in hand to finish after SIGTERM or SIGINT"),
  "drain-delay": duration("Serving", 0, "between the signal and the end of accepting connections"),

  cache: {
    ...PLAIN,
    group: "Reading files",
    placeholder: "SECONDS",
    help: "clients may keep files this long unasked; 0: they ask each time",
    shownPreset: "0",
    preset: 0,
    read: readSeconds,
  } as FlagRow<number>,

  precompressed: toggle("Reading files", "serve NAME.br, NAME.zst and NAME.gz as codings of NAME"),
  "no-listing": toggle("Reading files", "do not list folders"),
  index: toggle("Reading files", "serve a folder's index.html instead of its list"),
  hidden: toggle("Reading files", "serve, list and accept names that start with a dot"),
  "follow-symlinks": toggle("Reading files", "follow symbolic links that leave the folder"),

  "read-only": toggle("Writing files", "refuse every upload"),
  "upload-only": toggle("Writing files", "drop box: files can be sent, and nothing can be read or listed"),
  "allow-delete": toggle("Writing files", "let clients delete files"),
  "on-duplicate": {
    ...PLAIN,
    group: "Writing files",
    placeholder: "WAY",
    help: "for a name that is taken: overwrite, error or rename",
    shownPreset: "overwrite",
    preset: "overwrite",
    read: (text: string) => ON_DUPLICATE.find((way) => way === text) ?? new Unreadable("overwrite, error or rename"),
  } as FlagRow<OnDuplicate>,
  quota: optional("SIZE", "most bytes of all files below the folder", (text) => readSize(text)),
  "max-files": optional("N", "most files below the folder", (text) => readCount(text)),
  "min-free": optional("SIZE", "bytes that uploads leave free on the disk", (text) => readSize(text)),
  fsync: toggle("Writing files", "put an upload on the disk before it is confirmed"),
  chmod: optional("MODE", "permissions of new files, octal such as 0644", readMode),

  "allowed-host": list("NAME", "host name that may reach a loopback address; repeatable", readHostName),
  "cors-write": list("ORIGIN", "web origin whose pages may write; repeatable", readOrigin),

  help: toggle("Other", "show this text", "h"),
  version: toggle("Other", "show the version", "V"),
} as const satisfies Record<string, FlagRow<never> | FlagRow<unknown>>;

/** What every flag of the table is worth after parsing. */
export type FlagValues = { readonly [Name in keyof typeof FLAG_TABLE]: (typeof FLAG_TABLE)[Name]["preset"] };

/** All flags by their names, limits included. */
export const ALL_FLAGS: ReadonlyMap<string, FlagRow<unknown>> = new Map<string, FlagRow<unknown>>([
  ...Object.entries(FLAG_TABLE),
  ...Object.values(LIMIT_TABLE).map((row): [string, FlagRow<unknown>] => [row.flag, limitFlag(row)]),
]);

/** Flags that only make sense when a person types them: the environment does not hold them. */
export const TYPED_ONLY: readonly string[] = ["help", "version"];

function limitFlag(row: LimitRow): FlagRow<number> {
  const common = { ...PLAIN, group: "Limits", help: row.help, preset: row.default } as const;
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

/** The words that an environment variable or `--flag=word` may say for a switch. */
function readSwitch(text: string): boolean | Unreadable {
  const word = text.toLowerCase();
  if (word === "true" || word === "1" || word === "yes") return true;
  if (word === "false" || word === "0" || word === "no") return false;
  return new Unreadable("true, 1 or yes, or false, 0 or no");
}

/** Each has a number in the page that they share. */
const MOST_WORKERS = 256;

function readWorkers(text: string): number | "auto" | Unreadable {
  if (text === "auto") return text;
  const count = readCount(text, 1, MOST_WORKERS);
  return count instanceof Unreadable ? new Unreadable(`auto or ${count.expected}`) : count;
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

function readList(text: string, readItem: (item: string) => string | Unreadable): readonly string[] | Unreadable {
  const items: string[] = [];
  for (const part of text.split(",")) {
    const item = readItem(part.trim());
    if (item instanceof Unreadable) return item;
    items.push(item);
  }
  return items;
}
