import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf, judgeIdentity, type TlsIdentity, UnfitIdentity } from "../../src/tls/identity.ts";
import { keepIdentity, readIdentity } from "../../src/tls/identity-files.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NOW = Date.UTC(2026, 10, 25);
const DAY_MS = 86_400_000;
const make = (now = NOW): TlsIdentity => signSelf(makeKey(), "test", { hosts: ["localhost"], addresses: [] }, now);
const one = make();
const other = make();
const EC_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const encrypted = EC_KEY.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }) as string;
const oldEncrypted =
  "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";

function lineOf(identity: TlsIdentity | UnfitIdentity): string {
  return identity instanceof UnfitIdentity ? identity.line : "";
}

describe("a certificate and a key", () => {
  test.each([
    ["that belong together", one.cert, one.key],
    ["with a chain behind the certificate", one.cert + other.cert, one.key],
    ["in one text", one.key + one.cert, one.key + one.cert],
    ["with text around them", `Subject: x\r\n${one.cert}\n`, `Bag Attributes\n${one.key}`],
    ["with CRLF at the ends of lines", one.cert.replaceAll("\n", "\r\n"), one.key.replaceAll("\n", "\r\n")],
  ])("%s are taken", (_, cert, key) => {
    expect(judgeIdentity(cert, key, "C", "K")).toEqual({ cert, key });
  });

  test.each([
    ["an empty certificate", "", one.key, 'C holds no PEM certificate ("-----BEGIN CERTIFICATE-----").'],
    ["a key for a certificate", one.key, one.key, 'C holds no PEM certificate ("-----BEGIN CERTIFICATE-----").'],
    ["a broken certificate", one.cert.replace(/M/g, "!"), one.key, "C holds a certificate that cannot be read."],
    [
      "a broken chain",
      `${one.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
      one.key,
      "C holds a certificate that cannot be read.",
    ],
    ["an empty key", one.cert, "", 'K holds no PEM private key ("-----BEGIN PRIVATE KEY-----").'],
    ["a certificate for a key", one.cert, one.cert, 'K holds no PEM private key ("-----BEGIN PRIVATE KEY-----").'],
    [
      "a public key",
      one.cert,
      one.key.replaceAll("PRIVATE", "PUBLIC"),
      'K holds no PEM private key ("-----BEGIN PRIVATE KEY-----").',
    ],
    [
      "a broken key",
      one.cert,
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "The key in K cannot be read.",
    ],
    [
      "an encrypted key",
      one.cert,
      encrypted,
      'The key in K is encrypted; "openssl pkey -in FILE -out NEW" writes one without a password.',
    ],
    [
      "a key encrypted in the old way",
      one.cert,
      oldEncrypted,
      'The key in K is encrypted; "openssl pkey -in FILE -out NEW" writes one without a password.',
    ],
    ["another's key", one.cert, other.key, "The key in K does not belong to the certificate in C."],
    [
      "a chain in the wrong order",
      other.cert + one.cert,
      one.key,
      "C must begin with the server's own certificate; another one fits the key.",
    ],
  ])("%s is refused in one line", (_, cert, key, line) => {
    expect(lineOf(judgeIdentity(cert, key, "C", "K"))).toBe(line);
  });
});

describe("files of certificates", () => {
  test("are read, two or one", () => {
    using folder = tempFolder();
    const [cert, key, both] = ["c.pem", "k.pem", "b.pem"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(cert, one.cert);
    writeFileSync(key, one.key);
    writeFileSync(both, one.key + one.cert);
    expect(readIdentity(cert, key)).toEqual(one);
    expect(lineOf(readIdentity(both, both))).toBe("");
  });

  test.each([
    ["is missing", (): void => {}, "there is no such file"],
    ["is a folder", (file: string): void => void mkdirSync(file), "it is a folder"],
  ])("a file that %s is named", (_, prepare, reason) => {
    using folder = tempFolder();
    const file = join(folder.path, "c.pem");
    prepare(file);
    expect(lineOf(readIdentity(file, file))).toBe(`${file} cannot be read: ${reason}.`);
  });

  test.skipIf(needs({ ordinaryUser: true }).skip)("a file that may not be read is named", () => {
    using folder = tempFolder();
    const file = join(folder.path, "c.pem");
    writeFileSync(file, one.cert);
    chmodSync(file, 0);
    expect(lineOf(readIdentity(file, file))).toBe(`${file} cannot be read: permission denied.`);
  });

  test("an endless file is not read to its end", () => {
    expect(lineOf(readIdentity("/dev/zero", "/dev/zero"))).toBe("/dev/zero is too large for a certificate or a key.");
  });
});

describe("the folder that keeps the certificate of our own", () => {
  test("gives the same one at each start, for its owner only", () => {
    using folder = tempFolder();
    const state = join(folder.path, "deep/state");
    const first = keepIdentity(state, make, NOW) as TlsIdentity;
    const second = keepIdentity(state, make, NOW + 700 * DAY_MS) as TlsIdentity;
    expect(fingerprintOf(second)).toBe(fingerprintOf(first));
    expect(readdirSync(state)).toEqual(["self-signed.pem"]);
    expect(statSync(join(state, "self-signed.pem")).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
  });

  test.each([
    ["ends within 30 days", 800],
    ["has ended", 900],
  ])("makes another one when the one that it has %s", (_, days) => {
    using folder = tempFolder();
    const first = keepIdentity(folder.path, make, NOW) as TlsIdentity;
    const later = NOW + days * DAY_MS;
    const second = keepIdentity(folder.path, () => make(later), later) as TlsIdentity;
    expect(fingerprintOf(second)).not.toBe(fingerprintOf(first));
    expect(readFileSync(join(folder.path, "self-signed.pem"), "utf8")).toContain(second.cert.slice(40, 400));
  });

  test("two servers that begin at the same moment agree on one", () => {
    using folder = tempFolder();
    let second: TlsIdentity | UnfitIdentity | null = null;
    const first = keepIdentity(
      folder.path,
      () => {
        second = keepIdentity(folder.path, make, NOW);
        return make();
      },
      NOW,
    );
    expect(first).toEqual(second!);
  });

  test("what somebody else has put there is not overwritten", () => {
    using folder = tempFolder();
    const file = join(folder.path, "self-signed.pem");
    writeFileSync(file, "notes");
    expect(lineOf(keepIdentity(folder.path, make, NOW))).toContain(`${file} holds no PEM certificate`);
    expect(readFileSync(file, "utf8")).toBe("notes");
  });

  test("a folder that cannot be made is one line", () => {
    using folder = tempFolder();
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    expect(lineOf(keepIdentity(join(file, "state"), make, NOW))).toStartWith(
      "The folder of --tls-state cannot be used: ",
    );
    expect(existsSync(join(file, "state"))).toBe(false);
  });
});
