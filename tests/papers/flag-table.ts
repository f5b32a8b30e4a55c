// The tables of all flags, made from those that the program itself reads: the limits are a table of their own.

import type { FlagFace, FlagGroup } from "../../src/cli/flag-row.ts";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { LIMIT_TABLE } from "../../src/http/limits.ts";
import { markdownTable } from "../support/markdown-table.ts";

/** What nearly everybody needs, in the order of the help text. */
const README_GROUPS: readonly FlagGroup[] = ["Serving", "Reading files", "Writing files", "Other"];
/** What is needed where others may come, or other programs start it or read what it says. */
const ACCESS_GROUPS: readonly FlagGroup[] = ["HTTPS", "Who may ask", "Life cycle", "Log"];

/** What passing a limit means for the client, where it is a status. */
const STATUS = new Map(Object.values(LIMIT_TABLE).map(({ flag, status }) => [flag, status]));

/** The README's table. */
export function flagTable(): string {
  return tableOf(README_GROUPS);
}

/** That of encryption, rights and the life cycle, in src/README.md. */
export function accessTable(): string {
  return tableOf(ACCESS_GROUPS);
}

function tableOf(groups: readonly FlagGroup[]): string {
  const rows = groups.flatMap((group) => [[`**${group}**`, "", ""], ...rowsOf(group)]);
  return markdownTable(["flag", "default", ""], rows);
}

/** That of the limits, which few people need, in src/README.md. */
export function limitTable(): string {
  return markdownTable(["flag", "default", ""], rowsOf("Limits"));
}

function rowsOf(group: FlagGroup): string[][] {
  return [...ALL_FLAGS].filter(([, flag]) => flag.group === group).map(([name, flag]) => rowOf(name, flag));
}

function rowOf(name: string, flag: FlagFace): string[] {
  return [namesOf(name, flag), presetOf(flag), helpOf(name, flag)];
}

function namesOf(name: string, { short, aliases, placeholder }: FlagFace): string {
  const long = [name, ...aliases].map((each) => `\`--${each}\``);
  const names = [...long, ...(short === null ? [] : [`\`-${short}\``])].join(", ");
  return placeholder === null ? names : `${names} ${placeholder}`;
}

function presetOf({ shownPreset }: FlagFace): string {
  return shownPreset === "" ? "" : `\`${shownPreset}\``;
}

function helpOf(name: string, { help }: FlagFace): string {
  const status = STATUS.get(name) ?? null;
  return (status === null ? help : `${help}; past it ${status}`).replaceAll("|", "\\|");
}
