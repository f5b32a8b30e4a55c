import { beforeAll, describe, expect, test } from "bun:test";
import { type Claim, Credentials, readClaim } from "../../src/admission/credentials.ts";

const basic = (name: string, password: string): Claim => ({ kind: "basic", name, password });
const encode = (text: string): string => Buffer.from(text).toString("base64");
const TOKEN = "0123456789abcdef";

describe("the Authorization field", () => {
  test.each([
    ["a name and a password", `Basic ${encode("bob:pw")}`, basic("bob", "pw")],
    ["the scheme in another case", `bAsIc ${encode("bob:pw")}`, basic("bob", "pw")],
    ["several spaces", `Basic   ${encode("bob:pw")}`, basic("bob", "pw")],
    ["colons in the password", `Basic ${encode("bob:p:w:")}`, basic("bob", "p:w:")],
    ["an empty password", `Basic ${encode("bob:")}`, basic("bob", "")],
    ["nothing but a colon", `Basic ${encode(":")}`, basic("", "")],
    ["UTF-8", `Basic ${encode("b\u00f6b:\u20ac")}`, basic("b\u00f6b", "\u20ac")],
    ["a token", `Bearer ${TOKEN}`, { kind: "bearer", token: TOKEN }],
    ["nothing", undefined, undefined],
    ["a scheme alone", "Basic", null],
    ["no scheme", encode("bob:pw"), null],
    ["no colon", `Basic ${encode("bob")}`, null],
    ["another scheme", "Digest username=bob", null],
    ["a scheme that we do not know", `Negotiate ${encode("x:y")}`, null],
    ["two, joined by the parser", `Basic ${encode("a:b")}, Basic ${encode("c:d")}`, null],
    ["bytes that are no base64", "Basic \xff\xfe", null],
    ["a padding in the middle", "Basic Ym=9iOnB3", null],
    ["a password in Latin-1", `Basic ${Buffer.from("bob:p\xe4ss", "latin1").toString("base64")}`, null],
    ["half a character", `Basic ${Buffer.from("bob:\xe2\x82", "latin1").toString("base64")}`, null],
    ["the replacement character itself", `Basic ${encode("bob:\ufffd")}`, basic("bob", "\ufffd")],
    ["a megabyte", `Basic ${"A".repeat(1 << 20)}`, null],
    ["an empty value", "", null],
  ] as const)("with %s", (_, value, claim) => {
    expect(readClaim(value)).toEqual(claim as never);
  });
});

let slow: Credentials;
let hash: string;
beforeAll(async () => {
  hash = await Bun.password.hash("pw", { algorithm: "bcrypt", cost: 4 });
  slow = new Credentials(
    [
      { name: "bob", secret: hash },
      { name: "eve", secret: "plain" },
    ],
    [{ name: "ci", token: TOKEN }],
  );
});

describe("a check", () => {
  test.each([
    ["the right password of a hash", basic("bob", "pw"), { name: "bob" }],
    ["the right password as it stands", basic("eve", "plain"), { name: "eve" }],
    ["the right token", { kind: "bearer", token: TOKEN }, { name: "ci" }],
    ["a wrong password of a hash", basic("bob", "pW"), "wrong"],
    ["a wrong password as it stands", basic("eve", "plaiN"), "wrong"],
    ["an unknown name", basic("carol", "pw"), "wrong"],
    ["an unknown name with a password that fits another's hash", basic("carol", "pw"), "wrong"],
    ["the hash itself", basic("bob", "HASH"), "wrong"],
    ["an empty name and password", basic("", ""), "wrong"],
    ["a wrong token", { kind: "bearer", token: `${TOKEN}0` }, "wrong"],
    ["a token as the password of its name", basic("ci", TOKEN), "wrong"],
    ["a name in another case", basic("Bob", "pw"), "wrong"],
    ["a name of all objects", basic("__proto__", "x"), "wrong"],
    ["the name under which tokens are remembered", basic(":", TOKEN), "wrong"],
  ] as const)("of %s", async (_, claim, verdict) => {
    const real = claim.kind === "basic" && claim.password === "HASH" ? { ...claim, password: hash } : claim;
    expect(await slow.check(real, 0)).toEqual(verdict);
  });

  test("that was right is remembered for five minutes, and a wrong one never", async () => {
    const own = new Credentials([{ name: "bob", secret: hash }], []);
    expect(own.recall(basic("bob", "pw"), 0)).toBeNull();
    await own.check(basic("bob", "pw"), 0);
    await own.check(basic("bob", "no"), 0);
    expect(own.recall(basic("bob", "pw"), 299_999)).toEqual({ name: "bob" });
    expect(own.recall(basic("bob", "no"), 0)).toBeNull();
    expect(own.recall(basic("bob", "pw"), 300_000)).toBeNull();
  });

  test("of an unknown name costs one verification, as that of a known one", async () => {
    const verify = Bun.password.verify;
    let count = 0;
    Bun.password.verify = async (...words) => {
      count += 1;
      return verify.apply(Bun.password, words);
    };
    try {
      for (const claim of [basic("bob", "1"), basic("carol", "2"), basic("eve", "3")]) await slow.check(claim, 0);
    } finally {
      Bun.password.verify = verify;
    }
    expect(count).toBe(3);
  });

  test("takes one verification of each kind of hash, whoever is wrong", async () => {
    const other = await Bun.password.hash("pw", { algorithm: "argon2id", memoryCost: 8, timeCost: 1 });
    const accounts = { bob: hash, ann: other, eve: "plain" };
    const own = new Credentials(
      Object.entries(accounts).map(([name, secret]) => ({ name, secret })),
      [],
    );
    const verify = Bun.password.verify;
    let kinds: string[] = [];
    Bun.password.verify = async (...words) => {
      kinds.push(String(words[1]).slice(0, 4));
      return verify.apply(Bun.password, words);
    };
    try {
      for (const name of ["bob", "ann", "eve", "carol"]) {
        kinds = [];
        expect(await own.check(basic(name, "no"), 0)).toBe("wrong");
        expect([name, ...kinds.toSorted()]).toEqual([name, "$2b$", "$arg"]);
      }
      kinds = [];
      expect(await own.check(basic("ann", "pw"), 0)).toEqual({ name: "ann" });
      expect(kinds).toEqual(["$arg"]);
    } finally {
      Bun.password.verify = verify;
    }
  });

  test("of the same claim by a thousand at once is one; of a thousand others, all but a few are turned away", async () => {
    const own = new Credentials([{ name: "bob", secret: hash }], []);
    const same = await Promise.all(Array.from({ length: 1000 }, () => own.check(basic("bob", "pw"), 0)));
    expect(new Set(same.map((verdict) => JSON.stringify(verdict)))).toEqual(new Set(['{"name":"bob"}']));
    const others = await Promise.all(Array.from({ length: 1000 }, (_, i) => own.check(basic("bob", `x${i}`), 0)));
    expect(others.filter((verdict) => verdict === "wrong")).toHaveLength(66);
    expect(others.filter((verdict) => verdict === "busy")).toHaveLength(934);
    expect(await own.check(basic("bob", "pw"), 0)).toEqual({ name: "bob" });
  });

  test("without any hash is made at once", () => {
    const own = new Credentials([{ name: "eve", secret: "plain" }], []);
    expect(own.check(basic("eve", "plain"), 0)).toEqual({ name: "eve" });
    expect(own.check(basic("eve", "x"), 0)).toBe("wrong");
    expect(own.check(basic("nobody", "x"), 0)).toBe("wrong");
  });

  test("against a hash that is none fails", async () => {
    const broken = hash.slice(0, -1) + "\u00e9";
    const own = new Credentials(
      [
        { name: "bob", secret: hash },
        { name: "eve", secret: broken },
      ],
      [],
    );
    expect(await own.check(basic("eve", "pw"), 0)).toBe("wrong");
  });
});
