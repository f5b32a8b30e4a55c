import { describe, expect, test } from "bun:test";
import { isHash, readAccount, readAnonymous, readToken } from "../../src/admission/account.ts";
import { BadRule } from "../../src/admission/rights.ts";

const BCRYPT = "$2y$05$m3UWAEazTfxSkXoYb1/VqejrzlMdXV0FrgsR34.oi98Z9PRnSq8D.";
const ARGON2 =
  "$argon2id$v=19$m=65536,t=2,p=1$trIGAQYUdCLlTDHvY873Nma3MzSaM5e$6suZuMRVQo+I585yR5/3mZMOgHlfBZSjNr1YCTDanEs";
const RW = ["read", "create", "write"];

describe("an account's line", () => {
  test.each([
    ["a password", "bob:pw", "bob", "pw", [], RW],
    ["a rule", "bob:pw@/docs:ro", "bob", "pw", ["docs"], ["read"]],
    ["colons in the password", "bob:a:b:c@/:ro", "bob", "a:b:c", [], ["read"]],
    ["an at sign in the password", "bob:p@ss@/in:create", "bob", "p@ss", ["in"], ["create"]],
    ["the beginning of a rule in the password", "bob:p@/x@/in:create", "bob", "p@/x", ["in"], ["create"]],
    ["a colon in the path", "bob:pw@/a:b:ro", "bob", "pw", ["a:b"], ["read"]],
    ["an address for a name", "bob@example.org:pw", "bob@example.org", "pw", [], RW],
    ["no password, but one more rule", "bob@/x:none", "bob", null, ["x"], []],
    ["a bcrypt hash, as htpasswd writes it", `bob:${BCRYPT}`, "bob", BCRYPT, [], RW],
    ["an argon2 hash", `bob:${ARGON2}@/a:rw`, "bob", ARGON2, ["a"], RW],
    ["a password that looks like money", "bob:$5", "bob", "$5", [], RW],
    ["letters beyond ASCII", "j\u00fcrgen:p\u00e4ss", "j\u00fcrgen", "p\u00e4ss", [], RW],
  ] as const)("with %s", (_, line, name, secret, path, rights) => {
    expect(readAccount(line)).toEqual({ name, secret, rule: { path: [...path], rights: [...rights] } } as never);
  });

  test.each([
    ["nothing", ""],
    ["a name alone", "bob"],
    ["no name", ":pw"],
    ["no password", "bob:"],
    ["a path without rights", "bob:pw@/docs"],
    ["unknown rights", "bob:pw@/docs:all"],
    ["a path that leaves the folder", "bob:pw@/../x:ro"],
    ["dots in the middle of a path", "bob:pw@/a/../../x:ro"],
    ["a line break", "bob:p\nw"],
    ["a hash of the Apache kind", "bob:$apr1$abc$def"],
    ["a hash of SHA-512", "bob:$6$salt$hash"],
    ["a hash of SHA-1", "bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="],
    ["half a bcrypt hash", "bob:$2y$05$short"],
    ["a bcrypt hash that takes hours", `bob:${BCRYPT.replace("$05$", "$31$")}`],
    ["an argon2 hash that takes all memory", `bob:${ARGON2.replace("m=65536", "m=4194304")}`],
    ["an argon2 hash that takes hours", `bob:${ARGON2.replace("t=2", "t=999999")}`],
  ])("with %s is refused, and what is said has no secret", (_, line) => {
    const read = readAccount(line);
    expect(read).toBeInstanceOf(BadRule);
    const secret = line.split(":")[1] ?? "";
    if (secret.length > 3) expect((read as BadRule).expected).not.toContain(secret);
  });
});

describe("a token's line", () => {
  test.each([
    ["alone", "0123456789abcdef", "token", [], RW],
    ["with a name", "ci:0123456789abcdef", "ci", [], RW],
    ["with a rule", "ci:0123456789abcdef==@/builds:create", "ci", ["builds"], ["create"]],
  ] as const)("%s", (_, line, name, path, rights) => {
    expect(readToken(line)).toMatchObject({ name, rule: { path: [...path], rights: [...rights] } });
  });

  test.each([
    [""],
    ["short"],
    ["0123456789 abcdef"],
    [":0123456789abcdef"],
    ["a:b:0123456789abcdef"],
    ["0123456789abcdef@/x"],
  ])("%p is none", (line) => {
    expect(readToken(line)).toBeInstanceOf(BadRule);
  });
});

describe("the rights of everyone", () => {
  test("are rights at a path", () => {
    expect(readAnonymous("read,create@/in")).toEqual({ path: ["in"], rights: ["read", "create"] });
    expect(readAnonymous("ro@/a@b")).toEqual({ path: ["a@b"], rights: ["read"] });
  });

  test.each([[""], ["ro"], ["@/"], ["ro@"], ["ro@a"], ["all@/"], ["ro@/.."]])("%p are none", (line) => {
    expect(readAnonymous(line)).toBeInstanceOf(BadRule);
  });
});

test("a hash is what can be verified, and nothing else", () => {
  expect([BCRYPT, ARGON2].map(isHash)).toEqual([true, true]);
  expect(["", "pw", "$2y$", "$apr1$a$b", `${BCRYPT}x`, ` ${ARGON2}`].map(isHash)).toEqual(Array(6).fill(false));
});
