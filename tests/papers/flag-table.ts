// The README's table of all flags, made from the tables that the program itself reads.

import type { FlagFace, FlagGroup } from "../../src/cli/flag-row.ts";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { LIMIT_TABLE } from "../../src/http/limits.ts";
import { markdownTable } from "../support/markdown-table.ts";

/** The order of the help text. */
const GROUPS: readonly FlagGroup[] = [
  "Serving",
  "HTTPS",
  "Reading files",
  "Writing files",
  "Who may ask",
  "Limits",
  "Other",
];

/** What passing a limit means for the client, where it is a status. */
const STATUS = new Map(Object.values(LIMIT_TABLE).map(({ flag, status }) => [flag, status]));

/** The table, group by group. */
export function flagTable(): string {
  const rows = GROUPS.flatMap((group) => {
    const flags = [...ALL_FLAGS].filter(([, flag]) => flag.group === group);
    return [[`**${group}**`, "", ""], ...flags.map(([name, flag]) => rowOf(name, flag))];
  });
  return markdownTable(["flag", "default", ""], rows);
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
