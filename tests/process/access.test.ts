import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UnfitAccess } from "../../src/admission/access-rules.ts";
import { parseConfig } from "../../src/config.ts";
import { loadAccess } from "../../src/process/access.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());

const TOKEN = "0123456789abcdef";
const HASH = `$2b$10$${"a".repeat(53)}`;

/** The notes of a start with these words; `environment` are variables of the server. */
function notesOf(words: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const request = parseConfig(words, environment);
  if (request.kind !== "serve") throw new Error("the test's flags are wrong: " + JSON.stringify(request));
  const loaded = loadAccess(request.config, words);
  if (loaded instanceof UnfitAccess) throw new Error(loaded.line);
  return loaded.notes.join("\n");
}

describe("whoever starts the server is told of secrets in the command line:", () => {
  const cases: [why: string, words: string[], isTold: boolean][] = [
    ["a password", ["--auth", "bob:pw"], true],
    ["a password with a rule", ["--auth", "bob:pw@/in:rw"], true],
    ["a password behind an equals sign", ["--auth=bob:pw"], true],
    ["a token without a name", ["--token", TOKEN], true],
    ["a token with a rule", ["--token", `${TOKEN}@/in:ro`], true],
    ["a token with a name", ["--token", `ci:${TOKEN}`], true],
    ["a hash", ["--auth", `bob:${HASH}`], false],
    ["a hash with one more rule, which has no secret", ["--auth", `bob:${HASH}`, "--auth", "bob@/in:ro"], false],
    ["what everyone may do", ["--anonymous", "ro@/"], false],
  ];
  test.each(cases)("%s", (_, words, isTold) => {
    expect(notesOf(words).includes("can read secrets in a command line")).toBe(isTold);
  });

  test("none of those in the environment", () => {
    expect(notesOf([], { MINI_HTTP_TOKEN: TOKEN })).toBe("");
  });
});

describe("and of passwords that travel without encryption:", () => {
  const BOB = ["--auth", `bob:${HASH}`];
  const cases: [why: string, words: string[], isTold: boolean][] = [
    ["on every address", ["--host", "0.0.0.0", ...BOB], true],
    ["on every address of IPv6", ["--host", "::", ...BOB], true],
    ["on an address of the network", ["--host", "192.0.2.1", ...BOB], true],
    ["a token on every address", ["--host", "0.0.0.0", "--token", TOKEN], true],
    ["on this machine", BOB, false],
    ["on this machine, by its address", ["--host", "127.0.0.1", ...BOB], false],
    ["on this machine, by its address of IPv6", ["--host", "::1", ...BOB], false],
    ["with a certificate of our own", ["--host", "0.0.0.0", "--tls", "self-signed", ...BOB], false],
    ["with a certificate of theirs", ["--host", "0.0.0.0", "--tls-cert", "cert.pem", ...BOB], false],
    ["where nobody has one", ["--host", "0.0.0.0", "--anonymous", "ro@/"], false],
  ];
  test.each(cases)("%s", (_, words, isTold) => {
    expect(notesOf(words).includes("travel without encryption")).toBe(isTold);
  });
});

describe("and of what everyone in the network may change:", () => {
  const OPEN = ["dir", "--host", "0.0.0.0", "--anonymous"];
  const cases: [why: string, words: string[], told: string | null][] = [
    ["everything", [...OPEN, "rw@/"], "create and write in /"],
    ["everything, with deletions", [...OPEN, "rw@/", "--allow-delete"], "create and write and delete in /"],
    ["a drop box among what is read", [...OPEN, "ro@/", "--anonymous", "create@/in"], "create in /in"],
    ["deletions alone", [...OPEN, "read,delete@/old/er"], "delete in /old/er"],
    ["by an address of the network", ["dir", "--host", "192.0.2.1", "--anonymous", "write@/"], "write in /"],
    ["in a drop box", [...OPEN, "rw@/", "--upload-only"], "create in /"],
    [
      "in several places",
      [...OPEN, "create@/a", ...["b", "c", "d"].flatMap((path) => ["--anonymous", `write@/${path}`])],
      "create in /a, write in /b, write in /c, and more",
    ],
    ["what is read only", [...OPEN, "ro@/"], null],
    ["nothing, since the server is read-only", [...OPEN, "rw@/", "--read-only"], null],
    ["nothing", [...OPEN, "none@/in"], null],
    ["what is on this machine", ["dir", "--anonymous", "rw@/"], null],
    ["no folder", ["--host", "0.0.0.0", "--anonymous", "rw@/"], null],
    ["what only certificates reach", [...OPEN, "rw@/", "--tls", "self-signed", "--tls-client-ca", "ca.pem"], null],
    ["what people may", ["dir", "--host", "0.0.0.0", "--auth", `bob:${HASH}@/:rw`], null],
  ];
  test.each(cases)("%s", (_, words, told) => {
    const [, place] = /Everyone who can reach (\S+) has, by --anonymous, the rights to/.exec(notesOf(words)) ?? [];
    expect(place).toBe(told === null ? undefined : words[2]);
    if (told !== null) expect(notesOf(words)).toContain(`the rights to ${told}.`);
  });
});

describe("and of an --auth-file that others can read:", () => {
  const cases: [why: string, text: string, mode: number, isTold: boolean][] = [
    ["passwords for everyone", "bob:pw\n", 0o644, true],
    ["passwords for the group", "bob:pw\n", 0o640, false],
    ["passwords for the owner", "bob:pw\n", 0o600, false],
    ["one password among hashes", `ada:${HASH}\nbob:pw@/in:ro\n`, 0o604, true],
    ["a password in a comment", `# bob:pw\nada:${HASH}\n`, 0o644, false],
    ["hashes for everyone", `bob:${HASH}\n`, 0o644, false],
  ];
  test.each(cases)("%s", (_, text, mode, isTold) => {
    const file = join(folder.path, "accounts");
    writeFileSync(file, text);
    chmodSync(file, mode);
    expect(notesOf(["--auth-file", file]).includes(`can read the passwords in ${file}`)).toBe(isTold);
  });
});

describe("the text of an --auth-file", () => {
  function load(bytes: Uint8Array): ReturnType<typeof loadAccess> {
    const file = join(folder.path, "bytes");
    writeFileSync(file, bytes);
    const request = parseConfig(["--auth-file", file], {});
    if (request.kind !== "serve") throw new Error("the test's flags are wrong: " + JSON.stringify(request));
    return loadAccess(request.config, []);
  }

  test.each([
    ["a password in Latin-1", "bob:p\xe4ss\n"],
    ["a name in Latin-1", "b\xf6b:pw\n"],
    ["half a character", "bob:\xe2\x82\n"],
  ])("is refused with %s, which any byte would fit", (_, text) => {
    const fault = load(Buffer.from(text, "latin1"));
    expect(fault).toBeInstanceOf(UnfitAccess);
    expect((fault as UnfitAccess).line).toEndWith("holds bytes that are no UTF-8, so nobody could log in by them.");
  });

  test.each([
    ["a byte order mark", "\ufeffbob:p\u00e4ss\n"],
    ["none", "bob:p\u00e4ss\n"],
  ])("names the same with %s", (_, text) => {
    expect(load(Buffer.from(text))).toMatchObject({ rules: { accounts: [{ name: "bob", secret: "p\u00e4ss" }] } });
  });
});
