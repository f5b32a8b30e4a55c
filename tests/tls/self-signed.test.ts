import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf, pinOf } from "../../src/tls/identity.ts";
import { subjectNames } from "../../src/tls/own-names.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 30, 15, 500);
const NAMES = {
  hosts: ["localhost", "box.local", "a-1.example.org"],
  addresses: [
    "127.0.0.1",
    "::1",
    "192.168.255.7",
    "2001:db8::ab:1",
    "2001:db8:1:2:3:4:5:6",
    "::ffff:1.2.3.4",
    "fd00::",
  ],
};
const OPENSSL_NAMES =
  "DNS:localhost, DNS:box.local, DNS:a-1.example.org, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, " +
  "IP Address:192.168.255.7, IP Address:2001:DB8:0:0:0:0:AB:1, IP Address:2001:DB8:1:2:3:4:5:6, " +
  "IP Address:0:0:0:0:0:FFFF:102:304, IP Address:FD00:0:0:0:0:0:0:0";

describe("the certificate of our own", () => {
  const identity = signSelf(makeKey(), "mini-http on b\u00fcro", NAMES, NOW);
  const certificate = new X509Certificate(identity.cert);

  test("is signed by its own key and belongs to it", () => {
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  });

  test("is valid from a day before, for less than 825 days", () => {
    expect(Date.parse(certificate.validFrom)).toBe(Date.UTC(2026, 10, 24, 12, 30, 15));
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBeLessThan(825 * 86_400_000);
  });

  test("is no authority", () => {
    expect(certificate.ca).toBe(false);
  });

  test.each([
    ["a name", "localhost"],
    ["a name in capitals", "BOX.local"],
  ])("speaks for %s", (_, host) => {
    expect(certificate.checkHost(host)).toBeDefined();
  });

  test.each(NAMES.addresses.filter((address) => !address.includes(".") || !address.includes(":")))(
    "speaks for the address %s",
    (address) => {
      expect(certificate.checkIP(address)).toBeDefined();
    },
  );

  test("speaks for nothing else", () => {
    expect(certificate.checkHost("example.org")).toBeUndefined();
    expect(certificate.checkIP("192.168.255.8")).toBeUndefined();
  });

  test("has another serial number each time, positive and of 16 bytes", () => {
    const serials = Array.from({ length: 50 }, () => {
      return new X509Certificate(signSelf(identity.key, "x", NAMES, NOW).cert).serialNumber;
    });
    expect(new Set(serials).size).toBe(50);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test("keeps the pin with the key, and not the fingerprint", () => {
    const next = signSelf(identity.key, "x", NAMES, NOW);
    expect(pinOf(next)).toBe(pinOf(identity));
    expect(fingerprintOf(next)).not.toBe(fingerprintOf(identity));
  });

  test.each([
    ["this century's first half", Date.UTC(2026, 0, 1), Date.UTC(2025, 11, 31)],
    ["the year 2050 and later, which take another form of time", Date.UTC(2060, 5, 1), Date.UTC(2060, 4, 31)],
  ])("states the times of %s", (_, now, from) => {
    expect(Date.parse(new X509Certificate(signSelf(identity.key, "x", NAMES, now).cert).validFrom)).toBe(from);
  });

  test("takes 64 addresses and a name longer than a common name may be", () => {
    const addresses = Array.from({ length: 64 }, (_, index) => `10.0.0.${index}`);
    const many = new X509Certificate(
      signSelf(identity.key, "\u{1f600}".repeat(80), { hosts: ["a.b"], addresses }, NOW).cert,
    );
    expect(many.checkIP("10.0.0.63")).toBeDefined();
  });

  test.skipIf(needs({ programs: ["openssl"] }).skip)("is what openssl reads and accepts", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "cert.pem");
    writeFileSync(file, identity.cert);
    const openssl = (...words: string[]): string => {
      const { stdout, stderr } = Bun.spawnSync(["openssl", ...words]);
      return stdout.toString() + stderr.toString();
    };
    const text = openssl("x509", "-in", file, "-noout", "-text", "-nameopt", "utf8");
    expect(text).toContain(OPENSSL_NAMES);
    expect(text).toContain("Version: 3 (0x2)");
    expect(text).toContain("Subject: CN=mini-http on b\u00fcro");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication/);
    expect(openssl("x509", "-in", file, "-noout", "-fingerprint", "-sha256")).toContain(fingerprintOf(identity));
    const at = String(Math.floor(NOW / 1000));
    expect(openssl("verify", "-attime", at, "-x509_strict", "-purpose", "sslserver", "-CAfile", file, file)).toContain(
      "OK",
    );
  });
});

describe("what a machine is called", () => {
  test.each([
    ["a short name", "Box", [], [], ["localhost", "box", "box.local"], ["127.0.0.1", "::1"]],
    ["a full name", "box.example.org.", [], [], ["localhost", "box.example.org", "box.local"], ["127.0.0.1", "::1"]],
    ["a name that is none", "my box!", [], [], ["localhost"], ["127.0.0.1", "::1"]],
    ["no name", "", [], [], ["localhost"], ["127.0.0.1", "::1"]],
    [
      "addresses, each once, without zones",
      "b",
      ["192.168.0.2", "192.168.0.2", "fd00::1%eth0"],
      [],
      ["localhost", "b", "b.local"],
      ["127.0.0.1", "::1", "192.168.0.2", "fd00::1"],
    ],
    [
      "no link-local IPv6",
      "b",
      ["fe80::1", "febf::1%3", "169.254.1.1"],
      [],
      ["localhost", "b", "b.local"],
      ["127.0.0.1", "::1", "169.254.1.1"],
    ],
    [
      "the host that is listened on",
      "b",
      [],
      ["Files.Example.org.", "10.1.2.3"],
      ["localhost", "b", "b.local", "files.example.org"],
      ["127.0.0.1", "::1", "10.1.2.3"],
    ],
    ["not all addresses", "b", [], ["0.0.0.0", "::"], ["localhost", "b", "b.local"], ["127.0.0.1", "::1"]],
  ] as const)("holds %s", (_, machine, own, added, hosts, addresses) => {
    expect(subjectNames(machine, own, added)).toEqual({ hosts: [...hosts], addresses: [...addresses] });
  });

  test("holds 64 addresses at most, those that were asked for first", () => {
    const own = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const { addresses } = subjectNames("b", own, ["192.0.2.1"]);
    expect(addresses).toHaveLength(64);
    expect(addresses[2]).toBe("192.0.2.1");
  });
});
