// What each flag is set to, and by whom: the command line, then the environment, then the file of --config, then what a
// command such as `run` prefers, then the default.

import type { ArgumentList } from "./argument-list.ts";
import { type ConfigFile, placeOf } from "./config-file.ts";
import type { Environment } from "./environment.ts";
import type { FlagRow } from "./flag-row.ts";
import { ALL_FLAGS } from "./flags.ts";
import { Unreadable } from "./quantity.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Who set it. */
export type Source =
  | { readonly kind: "flag" }
  /** As DIRECTORY, without a flag. */
  | { readonly kind: "operand" }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly key: string; readonly line: number }
  /** The command that was asked for prefers it. */
  | { readonly kind: "command"; readonly word: string }
  /** Another flag brings it about. */
  | { readonly kind: "derived"; readonly flag: string }
  | { readonly kind: "default" };

/** What one flag is set to. */
export interface Setting {
  readonly row: FlagRow<unknown>;
  readonly value: unknown;
  /** As a flag would take it, items with the separator of the row between them; null for the default. */
  readonly text: string | null;
  readonly source: Source;
}

/** By the names of flags, in the order of the tables. */
export type SettingMap = ReadonlyMap<string, Setting>;

/** Everybody who may set something. */
export interface SettingSources {
  readonly words: ArgumentList;
  readonly environment: Environment;
  /** Null when there is none. */
  readonly file: ConfigFile | null;
  /** What a command prefers; it gives way to all but the default. Null when there is no such command. */
  readonly preferences: Preferences | null;
}

/** Texts by the names of flags, and the word of the command. */
export interface Preferences {
  readonly word: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** All settings; a mistake is the first one in the order of the tables. */
export function readSettings(sources: SettingSources): Map<string, Setting> | UsageError {
  const settings = new Map<string, Setting>();
  for (const [flag, row] of ALL_FLAGS) {
    const setting = readSetting(row, sources);
    if (setting instanceof UsageError) return setting;
    settings.set(flag, setting);
  }
  return settings;
}

/** One setting. */
export function readSetting(row: FlagRow<unknown>, sources: SettingSources): Setting | UsageError {
  const given = findText(row, sources);
  if (given === null) return { row, value: row.preset, text: null, source: { kind: "default" } };
  const { text, source } = given;
  const value = row.read(text);
  if (!(value instanceof Unreadable)) return { row, value, text, source };
  const name = nameOf(row, source);
  if (row.isSecret) return new UsageError(`${name} must be ${value.expected}.`);
  return new UsageError(`${name} must be ${value.expected}, not ${text === "" ? "empty" : `"${quoted(text)}"`}.`);
}

interface GivenText {
  readonly text: string;
  readonly source: Source;
}

/** Null when nobody set the flag. */
function findText({ flag, isList, separator }: FlagRow<unknown>, sources: SettingSources): GivenText | null {
  const { words, environment, file, preferences } = sources;
  const texts = words.given.filter((each) => each.flag === flag).map((each) => each.text ?? "true");
  const typed = isList ? texts.join(separator) : texts.at(-1);
  if (texts.length > 0 && typed !== undefined) return { text: typed, source: { kind: "flag" } };
  const variable = environment.variables.get(flag);
  if (variable !== undefined) return { text: variable.text, source: { kind: "environment", name: variable.name } };
  const written = file?.texts.get(flag);
  if (file != null && written != null && written.text !== null) {
    const { text, key, line } = written;
    return { text, source: { kind: "file", path: file.path, key, line } };
  }
  const preferred = preferences?.texts.get(flag);
  if (preferences == null || preferred === undefined) return null;
  return { text: preferred, source: { kind: "command", word: preferences.word } };
}

/** What to call it when it is wrong. */
function nameOf({ flag }: FlagRow<unknown>, source: Source): string {
  switch (source.kind) {
    case "environment":
      return source.name;
    case "file":
      return `${placeOf(source.path, source.line)}: ${source.key}`;
    default:
      return `--${flag}`;
  }
}

/**
 * A sentence about flags, with where those that it names are set if nobody typed them: people look for a key in the file,
 * or for a variable, and not for a flag.
 */
export function withPlaces(sentence: string, settings: SettingMap): string {
  const named = [...sentence.matchAll(/--([a-z-]+)|\bDIRECTORY\b/g)].map(([, flag]) =>
    settings.get(flag ?? "directory"),
  );
  return (
    sentence + [...new Set(named)].map((setting) => (setting === undefined ? "" : placeSentence(setting))).join("")
  );
}

/** With a space before it; empty for what was typed, or set by nobody. */
function placeSentence({ row, source }: Setting): string {
  switch (source.kind) {
    case "file":
      return ` ${placeOf(source.path, source.line)} sets ${source.key}.`;
    case "environment":
      return ` ${source.name} sets --${row.flag}.`;
    default:
      return "";
  }
}
