import { describe, expect, test } from "bun:test";
import { type NameRules, ObjectName } from "../../src/storage/object-name.ts";

const PLAIN: NameRules = { hidden: false, windows: false };
const HIDDEN: NameRules = { hidden: true, windows: false };
const WINDOWS: NameRules = { hidden: true, windows: true };

const outcome = (name: ObjectName | string): string =>
  name instanceof ObjectName ? name.segments.join("|") : "=" + name;

describe("a name is its segments, or no name", () => {
  const cases: [raw: string, rules: NameRules, outcome: string][] = [
    ["a.txt", PLAIN, "a.txt"],
    ["a/b/c", PLAIN, "a|b|c"],
    ["sp%20ace", PLAIN, "sp ace"],
    ["%C3%A4", PLAIN, "ä"],
    ["100%25", PLAIN, "100%"],
    ["%2525", PLAIN, "%25"],
    ["a:b", PLAIN, "a:b"],
    ["...", HIDDEN, "..."],
    ["..a", HIDDEN, "..a"],
    ["", PLAIN, "=missing"],
    ["a//b", PLAIN, "=missing"],
    ["a/", PLAIN, "=missing"],
    [".a", PLAIN, "=missing"],
    ["a/.b/c", PLAIN, "=missing"],
    [".a", HIDDEN, ".a"],
    [".mini-http-x", HIDDEN, "=missing"],
    ["a/.mini-http-x/b", HIDDEN, "=missing"],
    [".mini-http", HIDDEN, ".mini-http"],
    [".", HIDDEN, "=bad"],
    ["..", HIDDEN, "=bad"],
    ["a/../b", PLAIN, "=bad"],
    ["%2e%2E", PLAIN, "=bad"],
    ["%2e", PLAIN, "=bad"],
    ["a%2fb", PLAIN, "=bad"],
    ["a%5cb", PLAIN, "=bad"],
    ["a%00", PLAIN, "=bad"],
    ["a%0a", PLAIN, "=bad"],
    ["a%7f", PLAIN, "=bad"],
    ["%ff", PLAIN, "=bad"],
    ["%C0%AE", PLAIN, "=bad"],
    ["%ED%A0%80", PLAIN, "=bad"],
    ["//..", PLAIN, "=bad"],
    ["a%3Ab", WINDOWS, "=bad"],
    ["c:", WINDOWS, "=bad"],
    ["CON", WINDOWS, "=bad"],
    ["nul.txt", WINDOWS, "=bad"],
    ["x/Com1", WINDOWS, "=bad"],
    ["lpt9.tar.gz", WINDOWS, "=bad"],
    ["a.", WINDOWS, "=bad"],
    ["a%20", WINDOWS, "=bad"],
    ["a%3Fb", WINDOWS, "=bad"],
    ["console", WINDOWS, "console"],
    ["com", WINDOWS, "com"],
    ["CON", PLAIN, "CON"],
    ["a.", PLAIN, "a."],
  ];
  test.each(cases)("%p with %j is %p", (raw, rules, expected) => {
    expect(outcome(ObjectName.parse(raw, rules))).toBe(expected);
  });
});

test("a folder's path is empty or ends in one slash", () => {
  expect(ObjectName.parseFolder("", PLAIN)).toBe(ObjectName.ROOT);
  expect(outcome(ObjectName.parseFolder("a/b/", PLAIN))).toBe("a|b");
  expect(outcome(ObjectName.parseFolder("a//", PLAIN))).toBe("=missing");
  expect(outcome(ObjectName.parseFolder("../", PLAIN))).toBe("=bad");
  expect(outcome(ObjectName.parseFolder("/", PLAIN))).toBe("=missing");
});

test.each([
  ["./2026-11-25T07:40.log", "2026-11-25T07:40.log"],
  ["a/./b", "a/b"],
  ["././a", "a"],
  [".", ""],
  ["./", ""],
  ["a/.", "a/"],
  ["a/./", "a/"],
  [".//a", "/a"],
  ["../a", "../a"],
  ["%2e/a", "%2e/a"],
  [".a/..b/c.", ".a/..b/c."],
])("a reader's %p means %p", (raw, meant) => {
  expect(ObjectName.withoutDots(raw)).toBe(meant);
});

test("names from a form go through the same gate, decoded already", () => {
  const folder = ObjectName.parse("in", PLAIN) as ObjectName;
  const join = (name: string): string => outcome(folder.join(name.split("/"), PLAIN));
  expect(join("a b/c%20d")).toBe("in|a b|c%20d");
  expect(join("../x")).toBe("=bad");
  expect(join("C:\\x")).toBe("=bad");
  expect(join("/etc/passwd")).toBe("=missing");
  expect(join("\ud800")).toBe("=bad");
});
