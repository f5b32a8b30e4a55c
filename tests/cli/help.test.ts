import { describe, expect, test } from "bun:test";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { HELP_COLUMNS, helpText } from "../../src/cli/help.ts";
import { versionLine } from "../../src/cli/version.ts";

const lines = helpText().split("\n");

describe("the help text", () => {
  test("has a row for every flag, with its letter, its value's name and its default", () => {
    for (const [name, flag] of ALL_FLAGS) {
      const row = lines.findIndex((line) => new RegExp(`^  (-\\w, |    )--${name}\\b`).test(line));
      expect(row, name).toBeGreaterThan(0);
      const text = `${lines[row]} ${lines[row + 1]}`;
      if (flag.short !== null) expect(text).toContain(`-${flag.short}, --${name}`);
      if (flag.placeholder !== null) expect(text).toContain(` ${flag.placeholder}  `);
      if (flag.shownPreset !== "") expect(text).toContain(`[${flag.shownPreset}]`);
      for (const alias of flag.aliases) expect(text).toContain(`--${alias}`);
    }
  });

  test("fits its columns, has no tabs and no space at a line's end", () => {
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(HELP_COLUMNS);
      expect(line).not.toMatch(/\t|\s$/);
    }
  });

  test.each([40, 60, 79, 80, 99])("fits a terminal of %d columns", (columns) => {
    for (const line of helpText(columns).split("\n")) {
      // A flag with its value, and an address, stay in one piece.
      if (!/^ {2}(?:-\w,| {3}) --\S|^ *\S+$/.test(line)) expect(line.length, line).toBeLessThanOrEqual(columns);
      expect(line).not.toMatch(/\s$/);
    }
  });

  test("is never wider than it need be", () => {
    expect(helpText(300)).toBe(helpText());
    expect(helpText(0)).toBe(helpText(40));
  });

  test("explains every flag in one column", () => {
    const columns = lines
      .filter((line) => /^ {2}(-\w,| {3}) --/.test(line))
      .map((line) => line.search(/(?<= {2})[a-zA-Z]/));
    expect(new Set(columns).size).toBe(1);
  });

  test("shows requests with curl", () => {
    expect(helpText()).toContain("curl http://localhost:4221/echo/hello");
  });
});

test("no two flags share a letter or a name", () => {
  const letters = [...ALL_FLAGS.values()].flatMap(({ short }) => short ?? []);
  expect(new Set(letters).size).toBe(letters.length);
  const names = [...ALL_FLAGS].flatMap(([name, { aliases }]) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

test("the version line names package.json's version, where it comes from, Bun and the platform", async () => {
  const { version } = (await Bun.file(`${import.meta.dir}/../../package.json`).json()) as { version: string };
  expect(versionLine()).toBe(`mini-http ${version} (source, Bun ${Bun.version}, ${process.platform}-${process.arch})`);
});
