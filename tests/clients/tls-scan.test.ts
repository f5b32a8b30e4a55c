// Which versions and ciphers of TLS there are, asked one by one as scanners do.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
const HASH = "(?:SHA256|SHA384)";
/** Forward secrecy and authenticated encryption. */
const SAFE = new RegExp(`^ECDHE-(?:ECDSA|RSA)-(?:AES(?:128|256)-GCM-${HASH}|CHACHA20-POLY1305)$`);

describe.skipIf(needs({ suite: "clients", programs: ["openssl"] }).skip)("a scan of a server", () => {
  const folder = tempFolder();
  afterAll(() => folder[Symbol.dispose]());

  describe.each([
    ["an elliptic key", "ec -pkeyopt ec_paramgen_curve:P-256", "ECDSA"],
    ["an RSA key", "rsa:2048", "RSA"],
  ])("with %s", (kind, key, algorithm) => {
    let server: RunningProgram;
    beforeAll(async () => {
      const [cert, secret] = [join(folder.path, `${algorithm}.pem`), join(folder.path, `${algorithm}.key`)];
      const made = ["req", "-x509", "-newkey", ...key.split(" "), "-nodes", "-subj", "/CN=localhost"];
      await runClient(["openssl", ...made, "-keyout", secret, "-out", cert]);
      server = await RunningProgram.start(["--host", "127.0.0.1", "--tls-cert", cert, "--tls-key", secret]);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    /** What `openssl s_client` says; it sends this, and ends. */
    async function connect(input: string, ...words: readonly string[]): Promise<string> {
      const child = Bun.spawn(["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, ...words], {
        stdin: Buffer.from(input),
        stdout: "pipe",
        stderr: "pipe",
        timeout: PATIENCE_MS,
      });
      const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return out + errors;
    }

    test.each([
      ["TLS 1.0", "-tls1", null],
      ["TLS 1.1", "-tls1_1", null],
      ["TLS 1.2", "-tls1_2", "TLSv1.2"],
      ["TLS 1.3", "-tls1_3", "TLSv1.3"],
    ])("finds %s as it should be", async (_, flag, version) => {
      const told = await connect("", flag, "-cipher", EVERYTHING);
      if (version === null) expect(told).toMatch(/alert protocol version|unsupported protocol|no protocols available/);
      else expect(told).toMatch(new RegExp(`New, ${version}, Cipher is `));
    });

    test(`finds no cipher of TLS 1.2 but safe ones (${kind})`, async () => {
      const all = (await runClient(["openssl", "ciphers", EVERYTHING])).stdout.trim().split(":");
      const accepted: string[] = [];
      for (const cipher of all.filter((name) => !name.startsWith("TLS_"))) {
        const told = await connect("", "-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`);
        const used = /New, [^,]+, Cipher is (\S+)/.exec(told)?.[1] ?? "(NONE)";
        if (used !== "(NONE)") accepted.push(used);
      }
      expect(accepted.filter((cipher) => !SAFE.test(cipher))).toEqual([]);
      expect(accepted.every((cipher) => cipher.includes(algorithm))).toBe(true);
      expect(accepted.length).toBeGreaterThanOrEqual(3);
    }, 600_000);

    test("finds no compression, no renegotiation, and HTTP/1.1", async () => {
      const told = await connect("", "-tls1_2", "-alpn", "h2,http/1.1");
      expect(told).toContain("Compression: NONE");
      expect(told).toContain("ALPN protocol: http/1.1");
      expect(told).toContain("Secure Renegotiation IS supported");
      expect(await connect("R\n", "-tls1_2")).toContain("no renegotiation");
    });
  });
});
