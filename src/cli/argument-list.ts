// What the words of a command line say: which flag got which text. Knows the names of the flags, not their meanings.

import { parseArgs } from "node:util";
import { ALL_FLAGS } from "./flags.ts";
import { UsageError, quoted } from "./usage-error.ts";
import { suggest } from "./suggestion.ts";

/** One text of a flag; null for a switch without one. */
export interface GivenText {
  readonly flag: string;
  readonly text: string | null;
}

/** The words in their order. */
export interface ArgumentList {
  readonly given: readonly GivenText[];
  /** The words that belong to no flag. */
  readonly operands: readonly string[];
}

/** Every long name, aliases included, with the flag it stands for. */
export const LONG_NAMES: ReadonlyMap<string, string> = new Map(
  [...ALL_FLAGS].flatMap(([flag, row]) => [flag, ...row.aliases].map((name): [string, string] => [name, flag])),
);

const OPTIONS = Object.fromEntries(
  [...LONG_NAMES].map(([name, flag]) => {
    const row = ALL_FLAGS.get(flag);
    const type: "string" | "boolean" = row?.placeholder == null ? "boolean" : "string";
    return [name, name === flag && row?.short != null ? { type, short: row.short } : { type }];
  }),
);

/** Reads `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-xyz` and `--`; a mistake is the first one met. */
export function readArguments(argv: readonly string[]): ArgumentList | UsageError {
  const { tokens } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    strict: false, // its own messages suggest nothing
    allowPositionals: true,
    tokens: true,
  });
  const given: GivenText[] = [];
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      operands.push(token.value);
      continue;
    }
    const flag = LONG_NAMES.get(token.name);
    const oneDash = longNameAfterOneDash(argv[token.index] ?? "");
    if (oneDash !== null) return unknownFlag(`-${oneDash}`, oneDash);
    if (flag === undefined) return unknownFlag(token.rawName, suggest(token.name, [...LONG_NAMES.keys()]));
    const value = token.value ?? null;
    const placeholder = ALL_FLAGS.get(flag)?.placeholder ?? null;
    const swallowedFlag = value !== null && token.inlineValue === false && /^-[^\d]/.test(value);
    if (placeholder !== null && (value === null || swallowedFlag)) {
      return new UsageError(`${token.rawName} needs a value: ${token.rawName} ${placeholder}.`);
    }
    given.push({ flag, text: value });
  }
  return { given, operands };
}

/** `-port` would be read as `-p ort`: nobody means that. */
function longNameAfterOneDash(word: string): string | null {
  const name = /^-([a-z][a-z-]+)(?:=.*)?$/s.exec(word)?.[1];
  return name !== undefined && LONG_NAMES.has(name) ? name : null;
}

function unknownFlag(rawName: string, suggestion: string | null): UsageError {
  const guess = suggestion === null ? "." : `; did you mean --${suggestion}?`;
  return new UsageError(`Unknown flag ${quoted(rawName)}${guess}`);
}
