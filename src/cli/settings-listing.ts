// All settings as a file that --config reads back, each with where it comes from. Secrets stay out of it: the line of one
// is a comment, and says so.

import { placeOf } from "./config-file.ts";
import { type FlagRow, inFolder, itemsOf, takesNumber } from "./flag-row.ts";
import { NO_SETTINGS } from "./flags.ts";
import { Unreadable } from "./quantity.ts";
import type { Setting, SettingMap, Source } from "./settings.ts";
import { versionLine } from "./version.ts";

/** The text, ending in a line end. Relative paths of flags and variables begin at `folder`. */
export function listSettings(settings: SettingMap, folder: string): string {
  const shown = [...settings.values()].filter(({ row }) => !NO_SETTINGS.has(row.flag));
  const groups = [...Map.groupBy(shown, ({ row }) => row.group)].map(([group, members]) => {
    return `\n# ${group}\n${members.map((setting) => settingLine(setting, folder)).join("")}`;
  });
  return `# ${versionLine()}\n# Every setting, with where it comes from. A line that is a comment sets nothing.\n${groups.join("")}`;
}

function settingLine({ row, value, text, source }: Setting, folder: string): string {
  const from = describeSource(source);
  if (row.isSecret && text !== null) {
    const count = Array.isArray(value) ? value.length : 1;
    return `# ${row.flag} = [${count} masked]  # ${from}; secret, so this line does not set it\n`;
  }
  const shown = text === null ? defaultText(row) : tomlText(row, value, text, folder);
  return shown === null ? `# ${row.flag} = ${row.placeholder}  # ${from}\n` : `${row.flag} = ${shown}  # ${from}\n`;
}

function tomlText(row: FlagRow<unknown>, value: unknown, text: string, folder: string): string {
  // A switch that takes something away is on while its setting is off.
  if (row.placeholder === null) return String(value !== row.preset);
  if (row.isList)
    return listText(
      itemsOf(row, text)
        .filter((item) => item !== "")
        .map((item) => inFolder(row, folder, item)),
    );
  return takesNumber(row) && isPlainNumber(text) ? text : quotedText(inFolder(row, folder, text));
}

/** Null where no text says the same as no text. */
function defaultText(row: FlagRow<unknown>): string | null {
  const { preset, shownPreset, placeholder } = row;
  if (placeholder === null) return "false";
  if (Array.isArray(preset)) return listText(preset.map(String));
  const text = shownPreset === "" ? String(preset) : shownPreset;
  const isSayable = preset !== null && !(row.read(text) instanceof Unreadable);
  return isSayable ? tomlText(row, preset, text, "") : null;
}

function listText(items: readonly string[]): string {
  return `[${items.map(quotedText).join(", ")}]`;
}

function isPlainNumber(text: string): boolean {
  return String(Number(text)) === text && Number.isSafeInteger(Number(text));
}

/** A basic string (TOML 1.0); what would be no character on a terminal is escaped. */
function quotedText(text: string): string {
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
  });
}

function describeSource(source: Source): string {
  switch (source.kind) {
    case "operand":
      return "DIRECTORY";
    case "environment":
      return `environment ${source.name}`;
    case "file":
      return placeOf(source.path, source.line);
    case "command":
      return source.word;
    case "derived":
      return `since --${source.flag}`;
    default:
      return source.kind;
  }
}
