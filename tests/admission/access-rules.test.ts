import { describe, expect, test } from "bun:test";
import { readAccessRules, UnfitAccess } from "../../src/admission/access-rules.ts";

const ONE = "0123456789abcdef";
const TWO = "fedcba9876543210";

function read(accounts: readonly string[], tokens: readonly string[]): ReturnType<typeof readAccessRules> {
  return readAccessRules({ accounts, file: null, tokens, anonymous: [], areCertified: false });
}

describe("a token never comes to rights of another:", () => {
  test.each([
    ["two without a name", [], [`${ONE}@/a:ro`, `${TWO}@/b:rw`]],
    ["two of one name", [], [`ci:${ONE}@/a:ro`, `ci:${TWO}@/b:rw`]],
    ["one called as nameless ones are", [], [`token:${ONE}@/a:ro`, `${TWO}@/b:rw`]],
    ["one with the name of a person", ["bob:pw@/:rw"], [`bob:${ONE}@/a:ro`]],
    ["a nameless one beside a person called so", ["token:pw@/:rw"], [`${ONE}@/a:ro`]],
  ])("%s", (_, accounts, tokens) => {
    const fault = read(accounts, tokens);
    expect(fault).toBeInstanceOf(UnfitAccess);
    const { line } = fault as UnfitAccess;
    expect(line).toContain("NAME:TOKEN@/path:rights");
    expect(line).not.toContain(ONE);
  });

  test("one may have several rules, and others names of their own", () => {
    expect(read(["bob:pw"], [`${ONE}@/a:ro`, `${ONE}@/b:rw`, `ci:${TWO}@/c:ro`])).toMatchObject({
      tokens: [
        { name: "token", token: ONE },
        { name: "ci", token: TWO },
      ],
    });
  });
});

describe("a rule of --auth for a token's name", () => {
  const lines = { accounts: ["ci@/b:rw"], file: null, tokens: [`ci:${ONE}@/a:ro`], anonymous: [] };
  const own = { path: ["a"], rights: ["read"] };

  test("is the token's, where nobody else could be meant", () => {
    const more = { path: ["b"], rights: ["read", "create", "write"] };
    const read = readAccessRules({ ...lines, areCertified: false });
    expect(read).toMatchObject({ rules: new Map(), tokenRules: new Map([["ci", [own, more]]]) });
  });

  test("is a mistake where a certificate may have the name", () => {
    const read = readAccessRules({ ...lines, areCertified: true });
    expect((read as UnfitAccess).line).toBe(
      "A rule of --auth names a token, and may name a certificate; give each its own, as in NAME:TOKEN@/path:rights.",
    );
  });

  test("that is missing leaves a certificate of the name without any", () => {
    const read = readAccessRules({ ...lines, accounts: [], areCertified: true });
    expect(read).toMatchObject({ rules: new Map(), tokenRules: new Map([["ci", [own]]]) });
  });
});

describe("a rule for a name without a password", () => {
  const lines = { accounts: ["anna@/inbox:create"], file: null, tokens: [], anonymous: [] };

  test("is a mistake where nothing else could name anybody", () => {
    expect(readAccessRules({ ...lines, areCertified: false })).toBeInstanceOf(UnfitAccess);
  });

  test("is one for whoever has a certificate", () => {
    const read = readAccessRules({ ...lines, areCertified: true });
    expect(read).toMatchObject({ accounts: [], rules: new Map([["anna", [{ path: ["inbox"], rights: ["create"] }]]]) });
  });
});
