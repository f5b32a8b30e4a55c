import { describe, expect, test } from "bun:test";
import {
  BadRule,
  EitherRights,
  LessRights,
  readRights,
  readRulePath,
  RIGHTS,
  RuleTable,
} from "../../src/admission/rights.ts";
import type { Right } from "../../src/http/permission.ts";

/** "ro@/a" each. */
function table(...lines: string[]): RuleTable {
  return new RuleTable(
    lines.map((line) => {
      const [words, path] = line.split("@") as [string, string];
      return { rights: readRights(words) as Right[], path: readRulePath(path) as string[] };
    }),
  );
}

function rightsAt(permission: { may(right: Right, path: string): boolean }, path: string): string {
  return RIGHTS.filter((right) => permission.may(right, path)).join(" ");
}

describe("the words for rights", () => {
  test.each([
    ["ro", ["read"]],
    ["rw", ["read", "create", "write"]],
    ["none", []],
    ["delete,read", ["read", "delete"]],
    ["read, create", ["read", "create"]],
  ] as const)("%s", (words, rights) => {
    expect(readRights(words)).toEqual([...rights]);
  });

  test.each([[""], ["r"], ["read,"], ["read,read"], ["READ"], ["rw,delete"], ["read create"]])(
    "%p are none",
    (words) => {
      expect(readRights(words)).toBeInstanceOf(BadRule);
    },
  );
});

describe("the path of a rule", () => {
  test.each([
    ["/", []],
    ["/a", ["a"]],
    ["/a/", ["a"]],
    ["/a/b c/ü", ["a", "b c", "ü"]],
    ["/50%", ["50%"]],
  ] as const)("%s", (path, segments) => {
    expect(readRulePath(path)).toEqual([...segments]);
  });

  test.each([[""], ["a"], ["//"], ["/a//b"], ["/a/../b"], ["/.."], ["/./a"], ["/a\\b"], ["/a\0"], ["/a/."]])(
    "%p is none",
    (path) => {
      expect(readRulePath(path)).toBeInstanceOf(BadRule);
    },
  );
});

describe("the table", () => {
  test.each([
    ["the whole folder", ["ro@/"], "a/b", "read"],
    ["the folder itself", ["ro@/"], "", "read"],
    ["a folder of a rule", ["ro@/a"], "a", "read"],
    ["below it", ["ro@/a"], "a/b/c", "read"],
    ["beside it", ["ro@/a"], "b", ""],
    ["a name that begins like it", ["ro@/a"], "ab", ""],
    ["above it", ["ro@/a/b"], "a", ""],
    ["the longest path decides", ["rw@/", "ro@/a", "none@/a/b"], "a/c", "read"],
    ["also when it takes away", ["rw@/", "ro@/a", "none@/a/b"], "a/b/c", ""],
    ["in any order", ["none@/a/b", "rw@/", "ro@/a"], "a/b", ""],
    ["several rules of one path add up", ["read@/a", "create@/a/"], "a/x", "read create"],
    ["without a rule there is nothing", [], "", ""],
    ["a rule on a file", ["ro@/a.txt"], "a.txt", "read"],
    ["a file below a file's name", ["ro@/", "none@/a.txt"], "a.txt.bak", "read"],
  ] as const)("%s", (_, lines, path, rights) => {
    expect(rightsAt(table(...lines), path)).toBe(rights);
  });

  test.each<[why: string, path: string, ...lines: string[]]>([
    ["another case", "SECRET/x"],
    ["mixed case", "Secret"],
    ["the Kelvin sign for K", "secret/\u212a", "ro@/", "none@/secret/k"],
    ["decomposed letters", "u\u0308/x", "ro@/", "none@/\u00fc"],
    ["composed letters", "\u00fc", "ro@/", "none@/u\u0308"],
    ["a ligature", "\ufb01le", "ro@/", "none@/file"],
    ["full-width letters", "\uff53ecret", "ro@/", "none@/secret"],
    ["a sharp s for two", "gro\u00df/x", "ro@/", "none@/GROSS"],
    ["two s for a sharp one", "GROSS", "ro@/", "none@/gro\u00df"],
    ["a capital sharp s", "GRO\u1e9e", "ro@/", "none@/gross"],
    ["a sigma that is not the final one", "\u03bf\u03b4\u03bf\u03c3", "ro@/", "none@/\u039f\u0394\u039f\u03a3"],
    ["a final sigma", "\u03bf\u03b4\u03bf\u03c2", "ro@/", "none@/\u03bf\u03b4\u03bf\u03c3"],
    ["a joiner that nobody sees", "sec\u200dret/x", "ro@/", "none@/secret"],
    ["a soft hyphen", "se\u00adcret", "ro@/", "none@/secret"],
    ["a name without the rule's joiner", "secret", "ro@/", "none@/sec\u200cret"],
  ])("%s of a forbidden name is forbidden too: it may be the same file", (_, path, ...lines) => {
    expect(rightsAt(table(...(lines.length > 0 ? lines : ["ro@/", "none@/secret"])), path)).toBe("");
  });

  test.each([
    ["another case", "DOCS/x"],
    ["its own", "docs"],
  ])("%s of an allowed name gives no more than its own rules", (_, path) => {
    expect(rightsAt(table("ro@/docs"), path)).toBe(path === "docs" ? "read" : "");
  });

  test("two rules whose paths differ in case stay two", () => {
    const both = table("rw@/Docs", "ro@/docs");
    expect(rightsAt(both, "Docs/x")).toBe("read create write");
    expect(rightsAt(both, "docs/x")).toBe("read");
  });

  test.each([
    ["above a rule", "", true],
    ["further down the way", "a", true],
    ["at the rule", "a/b", true],
    ["below the rule, where the rule says itself what is allowed", "a/b/c/d", false],
    ["beside the way", "x", false],
    ["at a name that begins like the way", "a/bc", false],
    ["where everything is taken away", "a/b/secret", false],
  ])("leads %s", (_, path, leads) => {
    expect(table("ro@/a/b", "none@/a/b/secret").leadsTo(path)).toBe(leads);
  });

  test("does not lead to what is taken away only", () => {
    expect(table("none@/a/b").leadsTo("a")).toBe(false);
  });
});

describe("permissions together", () => {
  test("either is enough", () => {
    const both = new EitherRights(table("ro@/"), table("create@/in"));
    expect(rightsAt(both, "in/x")).toBe("read create");
    expect(rightsAt(both, "x")).toBe("read");
    expect(new EitherRights(table(), table("ro@/a")).leadsTo("")).toBe(true);
  });

  test("what is forbidden to everyone is forbidden to each", () => {
    const less = new LessRights(table("read,create,write,delete@/"), new Set<Right>(["read", "delete"]));
    expect(rightsAt(less, "a")).toBe("read delete");
  });
});
