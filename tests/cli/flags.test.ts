import { describe, expect, test } from "bun:test";
import type { FlagRow } from "../../src/cli/flag-row.ts";
import {
  ADMISSION_FLAGS,
  ALL_FLAGS,
  CONFIG_FLAGS,
  FILE_FLAGS,
  QUESTION_FLAGS,
  SERVING_FLAGS,
} from "../../src/cli/flags.ts";
import { ACCESS_FLAGS } from "../../src/cli/access-flags.ts";
import { LIFE_FLAGS } from "../../src/cli/life-flags.ts";
import { LOG_FLAGS } from "../../src/cli/log-flags.ts";
import { TLS_FLAGS } from "../../src/cli/tls-flags.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { LIMIT_TABLE } from "../../src/http/limits.ts";
import { COMPANIONS, SAMPLES } from "../support/flag-samples.ts";

type Section = Readonly<Record<string, unknown>>;

function settings(...argv: string[]): Config {
  const intent = parseConfig(argv, {});
  if (intent.kind !== "serve") throw new Error(JSON.stringify(intent));
  return intent.config;
}

/** Where a run finds the settings of each table. */
const tables: [table: Readonly<Record<string, FlagRow<unknown>>>, section: (config: Config) => Section][] = [
  [
    SERVING_FLAGS,
    ({
      limits: _limits,
      life: _life,
      tls: _tls,
      access: _access,
      files: _files,
      admission: _admission,
      log: _log,
      ...serving
    }) => serving,
  ],
  [LIFE_FLAGS, ({ life }) => ({ ...life })],
  [TLS_FLAGS, ({ tls }) => ({ ...tls })],
  [ACCESS_FLAGS, ({ access }) => ({ ...access })],
  [FILE_FLAGS, ({ files }) => ({ ...files })],
  [ADMISSION_FLAGS, ({ admission }) => ({ ...admission })],
  [LOG_FLAGS, ({ log }) => ({ ...log })],
];
const rows = tables.flatMap(([table, section]) =>
  Object.entries(table).map(([name, row]): [string, string, FlagRow<unknown>, typeof section] => [
    name,
    row.flag,
    row,
    section,
  ]),
);

describe("a row of the tables is all that a setting needs:", () => {
  test.each(rows)("%s is read from --%s, and changes nothing else", (name, flag, row, section) => {
    const text = row.placeholder === null ? "yes" : SAMPLES[row.placeholder]!;
    const companions = flag in COMPANIONS ? [COMPANIONS[flag]!] : [];
    const before = section(settings(...companions));
    const after = section(settings(...companions, `--${flag}=${text}`));
    expect(before[name]).toEqual(row.preset);
    expect(after[name]).toEqual(row.read(text));
    expect(after[name]).not.toEqual(before[name]);
    // A drop box renames: the one setting that another one changes.
    const derived = name === "uploadOnly" ? { onDuplicate: "rename" } : {};
    expect(after).toEqual({ ...before, [name]: after[name], ...derived });
  });

  test("no table names a setting or a flag of another", () => {
    const all = [
      SERVING_FLAGS,
      LIFE_FLAGS,
      TLS_FLAGS,
      FILE_FLAGS,
      ADMISSION_FLAGS,
      ACCESS_FLAGS,
      LOG_FLAGS,
      CONFIG_FLAGS,
      QUESTION_FLAGS,
      LIMIT_TABLE,
    ];
    const names = all.flatMap((table) => Object.keys(table));
    const flags = all.flatMap((table) => Object.values(table).map(({ flag }) => flag));
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(flags).size).toBe(flags.length);
    expect([...ALL_FLAGS.keys()].sort()).toEqual(flags.sort());
  });
});

describe("a switch that takes something away", () => {
  test.each([
    ["--no-listing", false],
    ["--no-listing=yes", false],
    ["--no-listing=no", true],
    ["--no-listing=0", true],
  ])("%s leaves lists %p", (word, listing) => {
    expect(settings(word).files.listing).toBe(listing);
  });

  test("is not misread", () => {
    expect(parseConfig(["--no-listing=perhaps"], {})).toMatchObject({
      kind: "usage-error",
      line: '--no-listing must be true, 1 or yes, or false, 0 or no, not "perhaps". Try --help.',
    });
  });
});
