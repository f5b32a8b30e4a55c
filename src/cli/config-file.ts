// What the file of --config sets: a key for a flag, named as the flag is, with its value as TOML has it. Pure: the text is
// handed in, and a mistake is a sentence with file, line and key.

import { dirname } from "node:path";
import { LONG_NAMES } from "./argument-list.ts";
import { type FlagRow, inFolder, itemsOf, takesNumber } from "./flag-row.ts";
import { ALL_FLAGS, NO_SETTINGS } from "./flags.ts";
import { Unreadable } from "./quantity.ts";
import { suggest } from "./suggestion.ts";
import { readToml, type TomlEntry, TomlFault } from "./toml.ts";
import { printable, quoted, UsageError } from "./usage-error.ts";

/** What a key says. */
export interface FileText {
  /** As the flag would take it; null for an empty list, which sets nothing. */
  readonly text: string | null;
  /** As it is written: a flag has several names. */
  readonly key: string;
  /** From 1. */
  readonly line: number;
}

/** A file that was read; its texts by the names of flags. */
export interface ConfigFile {
  /** As it was given. */
  readonly path: string;
  readonly texts: ReadonlyMap<string, FileText>;
}

/** Every name that a key may have. */
const KEYS: readonly string[] = [...LONG_NAMES].filter(([, flag]) => !NO_SETTINGS.has(flag)).map(([name]) => name);

/**
 * Reads the text of the file at `path`. Paths in it begin at its folder, so that it means the same wherever the program is
 * started.
 */
export function readConfigFile(path: string, text: string): ConfigFile | UsageError {
  const entries = readToml(text);
  if (entries instanceof TomlFault) return fault(path, entries.line, syntaxSentence(entries));
  const texts = new Map<string, FileText>();
  for (const entry of entries) {
    const { key, line } = entry;
    const found = findFlag(entry);
    if (typeof found === "string") return fault(path, line, found);
    const earlier = texts.get(found.flag);
    if (earlier !== undefined) return fault(path, line, repeatedSentence(key, found.flag, earlier));
    const given = textOf(found, entry.value, dirname(path));
    if (given instanceof Unreadable)
      return fault(path, line, `${key} must be ${given.expected}, not ${kindOf(found, entry.value)}.`);
    texts.set(found.flag, { text: given, key, line });
  }
  return { path, texts };
}

/** Where something stands, as editors and compilers write it. */
export function placeOf(path: string, line: number): string {
  return `${printable(path)}:${line}`;
}

function fault(path: string, line: number, sentence: string): UsageError {
  return new UsageError(`${placeOf(path, line)}: ${sentence}`);
}

function syntaxSentence({ key, reason }: TomlFault): string {
  return key === null ? `${reason}.` : `${quoted(key)} has no value of TOML: ${reason}. Texts stand in quotes.`;
}

function repeatedSentence(key: string, flag: string, earlier: FileText): string {
  return key === earlier.key
    ? `${key} is set in line ${earlier.line} already.`
    : `${key} is another name for --${flag}, which ${earlier.key} sets in line ${earlier.line} already.`;
}

/** The flag that an entry is about, or a sentence. */
function findFlag({ key }: TomlEntry): FlagRow<unknown> | string {
  const flag = LONG_NAMES.get(key);
  const row = flag === undefined ? undefined : ALL_FLAGS.get(flag);
  if (row === undefined) {
    const meant = suggest(key.replace(/^-+/, "").replaceAll("_", "-"), KEYS);
    return `There is no key "${quoted(key)}"${meant === null ? "." : `; did you mean ${meant}?`}`;
  }
  return NO_SETTINGS.has(row.flag) ? `${key} has its place on the command line, not in a file.` : row;
}

/** The value as a flag's text, with paths beginning at this folder, or what kind of value it should have been. */
function textOf(row: FlagRow<unknown>, value: unknown, folder: string): string | null | Unreadable {
  if (row.isList) return listText(row, value, folder);
  if (row.placeholder === null) return typeof value === "boolean" ? String(value) : new Unreadable("true or false");
  if (typeof value === "string") return inFolder(row, folder, value);
  if (!takesNumber(row)) return new Unreadable("a text in quotes");
  return Number.isSafeInteger(value) ? String(value) : new Unreadable("a whole number, or a text in quotes");
}

/** One text stands for a list of it: a flag that is given once needs no brackets, either. */
function listText(row: FlagRow<unknown>, value: unknown, folder: string): string | null | Unreadable {
  const items: unknown = typeof value === "string" ? [value] : value;
  const isList = Array.isArray(items) && items.every((item) => typeof item === "string");
  if (!isList) return new Unreadable('a text in quotes, or a list such as ["...", "..."]');
  if (items.length === 0) return null;
  // A text may itself be a list, as on the command line.
  const single = itemsOf(row, items.join(row.separator));
  return single.map((item) => inFolder(row, folder, item)).join(row.separator);
}

/** What a value is, for a sentence; one that may be a secret is not repeated. */
function kindOf({ isSecret, isList }: FlagRow<unknown>, value: unknown): string {
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
      return isSecret ? "a number" : String(value);
    case "boolean":
      return String(value);
    default:
      if (Array.isArray(value)) return isList ? "a list of something else" : "a list";
      return value !== null && Object.getPrototypeOf(value) === Object.prototype ? "a table" : "a date or time";
  }
}
