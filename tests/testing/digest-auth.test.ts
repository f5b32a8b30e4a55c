import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Credentials, digestResponse, parseCredentials } from "../../src/testing/digest-auth.ts";
import { application } from "../support/app.ts";
import { ask } from "../support/endpoint-client.ts";
import type { ReadResponse } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

type Algorithm = "MD5" | "SHA-256" | "SHA-512" | "SHA-512-256";

let started: StartedServer;
beforeAll(() => {
  started = startServer(application(null, "--testing"));
});
afterAll(() => started.stop());

describe("digestResponse", () => {
  const example = {
    username: "Mufasa",
    realm: "http-auth@example.org",
    uri: "/dir/index.html",
    nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    nc: "00000001",
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    qop: "auth",
  };
  const examples: [why: string, algorithm: Algorithm, response: string][] = [
    ["RFC 7616 3.9.1, MD5", "MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["RFC 7616 3.9.1, SHA-256", "SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ];
  test.each(examples)("gives the example of %s", (_why, algorithm, response) => {
    const credentials = new Map(Object.entries(example));
    expect(digestResponse(credentials, "Circle of Life", algorithm, "GET", new Uint8Array(0))).toBe(response);
  });

  test("gives the example of RFC 2069, which had no qop", () => {
    const { nc: _nc, cnonce: _cnonce, qop: _qop, ...old } = example;
    const credentials = new Map(
      Object.entries({ ...old, realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093" }),
    );
    expect(digestResponse(credentials, "CircleOfLife", "MD5", "GET", new Uint8Array(0))).toBe(
      "1949323746fe6a43ef61f9606e7febea",
    );
  });

  test.each(["nonce", "nc", "cnonce"])("needs %s where there is a qop", (name) => {
    const credentials = new Map(Object.entries(example).filter(([each]) => each !== name));
    expect(digestResponse(credentials, "x", "MD5", "GET", new Uint8Array(0))).toBeNull();
  });
});

describe("parseCredentials", () => {
  const fields: [field: string, parameters: Record<string, string> | null][] = [
    ['Digest username="u", nc=00000001', { username: "u", nc: "00000001" }],
    ['digest  username="a, b; c"', { username: "a, b; c" }],
    ['Digest a="\\"x\\"",b=c', { a: '"x"', b: "c" }],
    ["Basic dTpw", null],
    ['Digest a="b', null],
    ["Digest a=1, a=2", null],
  ];
  test.each(fields)("%j", (field, parameters) => {
    expect(parseCredentials(field)).toEqual(parameters === null ? null : new Map(Object.entries(parameters)));
  });

  test("takes no longer than its length", () => {
    expect(parseCredentials(`Digest a=${'"\\'.repeat(15_000)}`)).toBeNull();
  });
});

/** What a client does: asks, and asks again with what it was told. */
async function login(
  target: string,
  password: string,
  { method = "GET", body, cookies = true }: { method?: string; body?: string; cookies?: boolean } = {},
): Promise<ReadResponse> {
  const challenge = await ask(started.port, method, target, body === undefined ? {} : { body });
  expect(challenge.status).toBe(401);
  const fields = answerTo(challenge, target, password, method, body ?? "") + (cookies ? cookiesOf(challenge) : "");
  return ask(started.port, method, target, { fields, ...(body === undefined ? {} : { body }) });
}

function answerTo(challenge: ReadResponse, target: string, password: string, method: string, body: string): string {
  const told = parseCredentials(challenge.fields.get("www-authenticate")!)!;
  const qop = told.get("qop")!.split(",")[0]!;
  const credentials: Credentials = new Map([
    ["username", "u"],
    ["realm", told.get("realm")!],
    ["nonce", told.get("nonce")!],
    ["uri", target],
    ["algorithm", told.get("algorithm")!],
    ["qop", qop],
    ["nc", "00000001"],
    ["cnonce", "abc"],
  ]);
  const algorithm = told.get("algorithm") as Algorithm;
  const response = digestResponse(credentials, password, algorithm, method, Buffer.from(body, "latin1"));
  const parameters = [...credentials, ["response", response]].map(([name, value]) => `${name}="${value}"`);
  return `Authorization: Digest ${parameters.join(", ")}\r\n`;
}

function cookiesOf(response: ReadResponse): string {
  const set = response.fields
    .get("set-cookie")!
    .split(", ")
    .map((cookie) => cookie.slice(0, cookie.indexOf(";")));
  return `Cookie: ${set.join("; ")}\r\n`;
}

describe("/digest-auth", () => {
  const paths: [target: string, algorithm: string, qop: string][] = [
    ["/digest-auth/auth/u/p", "MD5", "auth"],
    ["/digest-auth/auth-int/u/p", "MD5", "auth-int"],
    ["/digest-auth/x/u/p", "MD5", "auth, auth-int"],
    ["/digest-auth/auth/u/p/SHA-256", "SHA-256", "auth"],
    ["/digest-auth/auth-int/u/p/SHA-512", "SHA-512", "auth-int"],
    ["/digest-auth/auth/u/p/SHA-512-256?a=b", "SHA-512-256", "auth"],
    ["/digest-auth/auth/u/p/CRC32", "MD5", "auth"],
    ["/digest-auth/auth/u/p/MD5/5", "MD5", "auth"],
  ];
  test.each(paths)("%s is %s with %s", async (target, algorithm, qop) => {
    const told = parseCredentials((await ask(started.port, "GET", target)).fields.get("www-authenticate")!)!;
    expect(told).toMatchObject(
      new Map([
        ["algorithm", algorithm],
        ["qop", qop],
        ["stale", "FALSE"],
      ]),
    );
    const welcome = await login(target, "p");
    expect(welcome.status).toBe(200);
    expect(JSON.parse(welcome.body)).toEqual({ authenticated: true, user: "u" });
    expect((await login(target, "wrong")).status).toBe(401);
  });

  test("auth-int is about the body too", async () => {
    const asked = { fields: "", body: "abc" };
    expect((await login("/digest-auth/auth-int/u/p", "p")).status).toBe(200);
    const challenge = await ask(started.port, "GET", "/digest-auth/auth-int/u/p", asked);
    const fields = answerTo(challenge, "/digest-auth/auth-int/u/p", "p", "GET", "other");
    expect((await ask(started.port, "GET", "/digest-auth/auth-int/u/p", { ...asked, fields })).status).toBe(401);
  });

  test("another target than that of the credentials is refused", async () => {
    const challenge = await ask(started.port, "GET", "/digest-auth/auth/u/p");
    const fields = answerTo(challenge, "/digest-auth/auth/u/p", "p", "GET", "");
    expect((await ask(started.port, "GET", "/digest-auth/auth/u/p?x", { fields })).status).toBe(401);
  });

  test("a nonce is stale when the cookies say so", async () => {
    const target = "/digest-auth/auth/u/p/MD5/1";
    const challenge = await ask(started.port, "GET", target);
    const credentials = answerTo(challenge, target, "p", "GET", "");
    const first = await ask(started.port, "GET", target, { fields: credentials + cookiesOf(challenge) });
    expect(first.status).toBe(200);
    const second = await ask(started.port, "GET", target, { fields: credentials + cookiesOf(first) });
    expect(second.status).toBe(401);
    expect(second.fields.get("www-authenticate")).toContain("stale=TRUE");
  });

  test("?require-cookie sends a client back that brings none, and refuses one that brings others", async () => {
    const target = "/digest-auth/auth/u/p?require-cookie=1";
    expect((await login(target, "p", { cookies: false })).status).toBe(401);
    expect((await login(target, "p")).status).toBe(200);
    const challenge = await ask(started.port, "GET", target);
    const fields = `${answerTo(challenge, target, "p", "GET", "")}Cookie: a=b\r\n`;
    expect((await ask(started.port, "GET", target, { fields })).status).toBe(403);
  });
});
