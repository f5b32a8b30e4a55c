import { describe, expect, test } from "bun:test";
import { readToml, type TomlEntry, TomlFault } from "../../src/cli/toml.ts";

/** `key line` of each entry. */
function lines(text: string): readonly string[] {
  const entries = readToml(text);
  if (entries instanceof TomlFault) throw new Error(JSON.stringify(entries));
  return entries.map(({ key, line }) => `${key} ${line}`);
}

function fault(text: string): TomlFault {
  const entries = readToml(text);
  if (!(entries instanceof TomlFault)) throw new Error(`no fault: ${JSON.stringify(entries)}`);
  return entries;
}

describe("an entry has the line of its key", () => {
  const cases: [why: string, text: string, lines: string[]][] = [
    ["in an empty text", "", []],
    ["alone", "a = 1", ["a 1"]],
    ["one a line", "a = 1\nb = 2\n", ["a 1", "b 2"]],
    ["with CRLF", "a = 1\r\n\r\nb = 2\r\n", ["a 1", "b 3"]],
    ["behind comments and blank lines", "# [x]\n\n  # ' \" [\na = 1 # [ ' \"\nb = 2", ["a 4", "b 5"]],
    ["behind a list of several lines", "a = [\n  1, # ]\n  2,\n]\nb = 2", ["a 1", "b 5"]],
    ["behind lists in a list", "a = [[1,\n2], [\n3]]\nb = 2", ["a 1", "b 4"]],
    ["behind brackets in texts", `a = "[{"\nb = '[#'\nc = 1`, ["a 1", "b 2", "c 3"]],
    ["behind a quote that is escaped", 'a = "\\"["\nb = 1', ["a 1", "b 2"]],
    ["behind a backslash in a literal text", "a = '\\'\nb = 1", ["a 1", "b 2"]],
    ["behind an empty text", "a = \"\"\nb = ''\nc = 1", ["a 1", "b 2", "c 3"]],
    ["behind a text of several lines", 'a = """x\n"[\n\\"""\n"""\nb = 1', ["a 1", "b 5"]],
    ["behind a literal text of several lines", "a = '''x\n'[\\\n'''\nb = 1", ["a 1", "b 4"]],
    ["behind quotes at a text's end", 'a = """x"""""\nb = \'\'\'x\'\'\'\'\nc = 1', ["a 1", "b 2", "c 3"]],
    ["behind an empty text of several lines", 'a = """"""\nb = 1', ["a 1", "b 2"]],
    ["in quotes", "\"a b\" = 1\n'c=[' = 2", ["a b 1", "c=[ 2"]],
    ["set twice", "a = 1\na = 2", ["a 1", "a 2"]],
    ["with a name of objects", "__proto__ = 1\nconstructor = 2", ["__proto__ 1", "constructor 2"]],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    expect(lines(text)).toEqual(expected);
  });
});

test("values are those that Bun reads from the whole text", () => {
  const text = [
    "a = 8080",
    "b = true",
    "c = [ 'x', \"y\\n\", # no\n '''z\n''' ]",
    'd = """\nlong \\\n   text"""',
    "e = { f = 1, g = [2] }",
    "h.i.j = 'k'",
    "l = 0x1F",
    "m = 1.5",
  ].join("\n");
  const entries = readToml(text) as readonly TomlEntry[];
  expect(Object.fromEntries(entries.map(({ key, value }) => [key, value]))).toEqual({ ...Bun.TOML.parse(text) });
});

describe("a mistake has the line where the text is no TOML any more", () => {
  const cases: [why: string, text: string, line: number, key: string | null, reason: RegExp][] = [
    ["no value", "a = 1\n\nb =\n", 3, "b", /^Missing value/],
    ["a unit without quotes", "a = 1\nb = 10M", 2, "b", /^Unexpected character after a value: 'M'$/],
    ["no key", "= 1", 1, null, /^Expected a key/],
    ["a word alone", "a = 1\nquiet\nb = 1", 2, null, /^Expected '=' after a key/],
    ["two values", "a = 1 2", 1, "a", /^Expected a newline/],
    ["a text that does not end", 'a = "x\nb = 1', 1, "a", /^Unterminated string/],
    ["a long text that does not end", "a = 1\nb = '''x\ny\n", 2, "b", /^Unterminated string/],
    ["a list that does not end", "a = 1\nb = [1,\n2,\n", 2, "b", /^Unterminated array/],
    ["a list that runs into the next key", "a = [1,\n2\nb = 1\nc = 2\n", 3, "a", /^Expected ',' or ']'/],
    ["a word in a list of several lines", "a = [\n 'x',\n y,\n 'z',\n]\n", 3, "a", /^Strings must be quoted$/],
    ["a bracket too many", "a = 1]\nb = [\n", 1, "a", /./],
    ["a carriage return alone", "a = 1\n# b\rc = 2\n", 2, null, /^Bare carriage return/],
    ["a control character", "a = 1\nb = '\u0001'", 2, "b", /^Control character/],
    ["a byte order mark that is not the first of the file", "a = 1\n\ufeffb = 2", 2, null, /^Expected a key/],
    ["a byte order mark in a line of its own", "a = 1\n\ufeff\n", 2, null, /^Expected a key/],
    ["a space that is none", "\u00a0\na = 1", 1, null, /^Expected a key/],
    ["leading zeros", "a = 0644", 1, "a", /^Leading zeros/],
    ["a table", "a = 1\n[server]\nb = 1", 2, null, /^There are no tables here/],
    ["a list of tables", "[[server]]", 1, null, /^There are no tables here/],
    ["a table that does not end", "[server\na = 1", 1, null, /^There are no tables here/],
  ];
  test.each(cases)("%s", (_, text, line, key, reason) => {
    expect(fault(text)).toEqual(new TomlFault(line, key, expect.stringMatching(reason) as unknown as string));
  });

  test.each(["a = hunter2", "a = [hunter2]", "a = {b = hunter2}", "a = 'x' hunter2", "hunter2 x = 1", "a = 1hunter2"])(
    "the reason does not repeat what may be a secret: %s",
    (text) => {
      expect(fault(text).reason).not.toContain("hunter2");
    },
  );

  test.each([
    ["brackets", `a = ${"[".repeat(1e6)}`],
    ["quotes", '"'.repeat(1e6)],
    ["comments", "#\n".repeat(500_000)],
    ["lines of a list", `a = [\n${"1,\n".repeat(300_000)}`],
  ])("a megabyte of %s ends", (_, text) => {
    expect(readToml(text)).toBeDefined();
  });
});
