// What there is to know of a flag, and the kinds of flags that there are: switches, durations, lists and values.

import { isAbsolute, join } from "node:path";
import { isAbstract, socketHost, socketPath } from "../http/unix-host.ts";
import { formatDuration, readDuration, Unreadable } from "./quantity.ts";

/** The headings of the help text, in its order. */
export type FlagGroup =
  "Serving" | "Life cycle" | "HTTPS" | "Reading files" | "Writing files" | "Who may ask" | "Log" | "Limits" | "Other";

/** What the parser and the help text know of every flag, whatever it holds. */
export interface FlagFace {
  readonly group: FlagGroup;
  /** Its long name, without the dashes. */
  readonly flag: string;
  /** One letter, without its dash. */
  readonly short: string | null;
  /** Other long names for the same flag. */
  readonly aliases: readonly string[];
  /** What stands for the value in the help text; null for a switch. */
  readonly placeholder: string | null;
  /** What the value may be, where words say it; not always all. */
  readonly words: readonly string[];
  readonly help: string;
  /** The default as people write it; empty when there is none to show. */
  readonly shownPreset: string;
}

/** A flag with its meaning. */
export interface FlagRow<Value> extends FlagFace {
  readonly preset: Value;
  /** The value of a text, or what the text should have been. */
  readonly read: (text: string) => Value | Unreadable;
  /** True when the flag may be repeated and takes lists; the value is then an array. */
  readonly isList: boolean;
  /** What stands between the items of a list; a line end where an item may hold commas. */
  readonly separator: "," | "\n";
  /** True when the text may be a secret: no message repeats it. */
  readonly isSecret: boolean;
}

/** What the help calls the value of a flag that takes a path. */
const PATHS: ReadonlySet<string | null> = new Set(["DIR", "FILE"]);
/** And of one whose value may be a bare number. */
const NUMBERS: ReadonlySet<string | null> = new Set(["N", "PORT", "SECONDS", "SIZE", "TIME"]);

/** The items of a list's text, those without a character among them. */
export function itemsOf({ separator }: Pick<FlagRow<unknown>, "separator">, text: string): readonly string[] {
  const items = text.split(separator);
  return separator === "," ? items.map((item) => item.trim()) : items;
}

/** A value, or an item of a list, with the path in it beginning at this folder, if it is relative. */
export function inFolder({ placeholder }: FlagFace, folder: string, text: string): string {
  if (PATHS.has(placeholder)) return pathIn(folder, text);
  const socket = placeholder === "HOST" ? socketPath(text) : null;
  return socket === null || isAbstract(socket) ? text : socketHost(pathIn(folder, socket));
}

/** No path at all is a mistake, and stays one. */
function pathIn(folder: string, path: string): string {
  return path === "" || isAbsolute(path) ? path : join(folder, path);
}

/** True for a flag whose value is a count, a size or a time: a number alone says it. */
export function takesNumber({ placeholder }: FlagFace): boolean {
  return NUMBERS.has(placeholder);
}

/** What most flags have not: one letter, another name, words to choose from, more than one value, a secret. */
export const PLAIN = { short: null, aliases: [], words: [], isList: false, separator: ",", isSecret: false } as const;

/** A switch that is off. */
export function toggle(group: FlagGroup, flag: string, help: string, short: string | null = null): FlagRow<boolean> {
  return { ...PLAIN, group, flag, short, placeholder: null, help, shownPreset: "", preset: false, read: readSwitch };
}

/** A switch that takes away what is there without it: the setting is true until the flag is given. */
export function takeAway(group: FlagGroup, flag: string, help: string): FlagRow<boolean> {
  const read = (text: string): boolean | Unreadable => {
    const isGiven = readSwitch(text);
    return isGiven instanceof Unreadable ? isGiven : !isGiven;
  };
  return { ...toggle(group, flag, help), preset: true, read };
}

/** A duration in milliseconds. */
export function duration(group: FlagGroup, flag: string, presetMs: number, help: string): FlagRow<number> {
  const shownPreset = formatDuration(presetMs);
  const read = (text: string): number | Unreadable => readDuration(text);
  return { ...PLAIN, group, flag, placeholder: "TIME", help, shownPreset, preset: presetMs, read };
}

/** A flag that collects: given again, or a list with commas. */
export function list(
  group: FlagGroup,
  flag: string,
  placeholder: string,
  help: string,
  readItem: (item: string) => string | Unreadable,
): FlagRow<readonly string[]> {
  const read = (text: string): readonly string[] | Unreadable => readList(text, readItem);
  return { ...PLAIN, group, flag, placeholder, help, shownPreset: "", preset: [], isList: true, read };
}

/** A value whose preset is not worth showing: it means that nothing is asked for. */
export function optional<Preset extends number | null>(
  group: FlagGroup,
  flag: string,
  placeholder: string,
  preset: Preset,
  help: string,
  read: (text: string) => number | Unreadable,
): FlagRow<number | Preset> {
  return { ...PLAIN, group, flag, placeholder, help, shownPreset: "", preset, read };
}

/** A flag that collects texts as they stand; in a variable each is a line. What they mean is not known here. */
export function lines(
  group: FlagGroup,
  flag: string,
  placeholder: string,
  help: string,
  isSecret: boolean,
): FlagRow<readonly string[]> {
  const read = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
  const row = { ...PLAIN, group, flag, placeholder, help, shownPreset: "", preset: [] } as const;
  return { ...row, isList: true, separator: "\n", isSecret, read };
}

/** The path of a file or folder, as given. */
export function path(group: FlagGroup, flag: string, placeholder: string, help: string): FlagRow<string | null> {
  const read = (text: string): string | Unreadable =>
    text === "" || text.includes("\0") ? new Unreadable("a path") : text;
  return { ...PLAIN, group, flag, placeholder, help, shownPreset: "", preset: null, read };
}

/** The words that an environment variable or `--flag=word` may say for a switch. */
function readSwitch(text: string): boolean | Unreadable {
  const word = text.toLowerCase();
  if (word === "true" || word === "1" || word === "yes") return true;
  if (word === "false" || word === "0" || word === "no") return false;
  return new Unreadable("true, 1 or yes, or false, 0 or no");
}

function readList(text: string, readItem: (item: string) => string | Unreadable): readonly string[] | Unreadable {
  const items: string[] = [];
  for (const part of itemsOf({ separator: "," }, text)) {
    const item = readItem(part);
    if (item instanceof Unreadable) return item;
    items.push(item);
  }
  return items;
}
