import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { fingerprintOf, pinOf, type TlsIdentity } from "../../src/tls/identity.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const make = (): TlsIdentity =>
  signSelf(makeKey(), "test", { hosts: ["localhost"], addresses: ["127.0.0.1"] }, Date.now());

/** The fingerprints that so many new connections see. */
async function fingerprints(port: number, count: number): Promise<ReadonlySet<string>> {
  const seen = Array.from({ length: count }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
    return promise;
  });
  return new Set(await Promise.all(seen));
}

/** Workers are told by message; the next connections may still be faster. */
function untilRenewed(port: number, identity: TlsIdentity): Promise<void> {
  return until(async () => [...(await fingerprints(port, 20))].join() === fingerprintOf(identity));
}

async function curl(...words: string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
  const child = Bun.spawn(["curl", "--silent", "--max-time", "60", ...words], { stdout: "pipe", stderr: "ignore" });
  const text = await child.stdout.text();
  return { exitCode: await child.exited, text };
}

function write(folder: string, { cert, key }: TlsIdentity): readonly [certFile: string, keyFile: string] {
  const files = [join(folder, "cert.pem"), join(folder, "key.pem")] as const;
  writeFileSync(files[0], cert);
  writeFileSync(files[1], key);
  return files;
}

describe.skipIf(needs({ programs: ["curl"] }).skip)("a self-signed server", () => {
  test.each([
    ["one process", []],
    ["two workers", ["--workers", "2"]],
  ])("of %s says which certificate it has, and curl pins it", async (_, flags) => {
    await using program = await RunningProgram.start(["--tls", "self-signed", ...flags]);
    const fingerprint = /fingerprint is ([0-9A-F:]{95})\./.exec(program.log)?.[1] ?? "";
    const pin = /--pinnedpubkey '(sha256\/\/[^']+)'/.exec(program.log)?.[1] ?? "";
    expect(await fingerprints(program.port, 20)).toEqual(new Set([fingerprint]));
    const url = `https://localhost:${program.port}/echo/pinned`;
    expect(await curl("--insecure", "--pinnedpubkey", pin, url)).toEqual({ exitCode: 0, text: "pinned" });
    const other = await curl("--insecure", "--pinnedpubkey", pinOf(make()), url);
    expect(other.exitCode).toBe(90);
    expect((await curl(url)).exitCode).toBe(60);
  });

  test("keeps its certificate in a folder", async () => {
    using folder = tempFolder();
    const flags = ["--tls", "self-signed", "--tls-state", join(folder.path, "state")];
    const seen: ReadonlySet<string>[] = [];
    for (let i = 0; i < 2; i++) {
      await using program = await RunningProgram.start(flags);
      seen.push(await fingerprints(program.port, 1));
    }
    expect(seen[0]).toEqual(seen[1]!);
  });

  test("is well, says its health check", async () => {
    await using program = await RunningProgram.start(["--tls", "self-signed"]);
    const asked = ["healthcheck", "--port", String(program.port)];
    expect((await runProgram([...asked, "--tls", "self-signed"])).exitCode).toBe(0);
    expect((await runProgram(asked)).exitCode).toBe(1);
  });

  test("is well behind proxies, too", async () => {
    const proxies = ["--host", "127.0.0.1", "--proxy-protocol", "--trusted-proxies", "127.0.0.1"];
    await using program = await RunningProgram.start(["--tls", "self-signed", ...proxies]);
    const asked = ["healthcheck", "--port", String(program.port), "--tls", "self-signed"];
    expect((await runProgram([...asked, ...proxies])).exitCode).toBe(0);
    expect((await runProgram([...asked, "--host", "127.0.0.1"])).exitCode).toBe(1);
  });

  test("tells whoever speaks plain HTTP in the log", async () => {
    await using program = await RunningProgram.start(["--tls", "self-signed"]);
    expect((await curl(`http://localhost:${program.port}/`)).text).toBe("");
    await program.untilLog((log) => /400 PLAIN_HTTP .*https:\/\//.test(log));
  });
});

describe("a certificate of one's own", () => {
  test.each([
    ["one process", []],
    ["two workers", ["--workers", "2"]],
  ])("is read again at SIGHUP by %s", async (_, flags) => {
    using folder = tempFolder();
    const [first, second] = [make(), make()];
    const [cert, key] = write(folder.path, first);
    await using program = await RunningProgram.start(["--tls-cert", cert, "--tls-key", key, ...flags]);
    expect(await fingerprints(program.port, 10)).toEqual(new Set([fingerprintOf(first)]));
    write(folder.path, second);
    program.kill("SIGHUP");
    await program.untilLog((log) => log.includes("were read again"));
    await untilRenewed(program.port, second);
  });

  test.each([
    ["one process", []],
    ["two workers", ["--workers", "2"]],
  ])("of another name in the file of --config is taken up at SIGHUP by %s", async (_, flags) => {
    using folder = tempFolder();
    const identities = [make(), make()];
    for (const [index, { cert, key }] of identities.entries()) {
      writeFileSync(join(folder.path, `${index}.pem`), cert + key);
    }
    const file = join(folder.path, "http.toml");
    writeFileSync(file, 'tls-cert = "0.pem"');
    await using program = await RunningProgram.start(["--config", file, ...flags]);
    expect(await fingerprints(program.port, 10)).toEqual(new Set([fingerprintOf(identities[0]!)]));
    writeFileSync(file, 'tls-cert = "1.pem"\nhsts = "1h"');
    program.kill("SIGHUP");
    const log = await program.untilLog((all) => all.includes("hsts changed"));
    expect(log).not.toContain("tls-cert changed");
    await untilRenewed(program.port, identities[1]!);
  });

  const broken: [why: string, change: (identity: TlsIdentity) => TlsIdentity][] = [
    ["has the key of another", ({ cert }) => ({ cert, key: make().key })],
    ["has a chain that ends in its middle", ({ cert, key }) => ({ cert: cert + cert.slice(0, 100), key })],
    [
      "has a line before its own that begins like one",
      ({ cert, key }) => ({ cert: "-----BEGIN X-----\n" + cert, key }),
    ],
    ["has lines that are moved to the right", ({ cert, key }) => ({ cert: cert.replace(/^/gm, "  "), key })],
  ];
  test.each(broken)("that %s when it is read again changes nothing", async (_, change) => {
    using folder = tempFolder();
    const first = make();
    const [cert, key] = write(folder.path, first);
    await using program = await RunningProgram.start(["--tls-cert", cert, "--tls-key", key]);
    write(folder.path, change(make()));
    program.kill("SIGHUP");
    await program.untilLog((log) => log.includes("Nothing was read again"));
    expect(await fingerprints(program.port, 3)).toEqual(new Set([fingerprintOf(first)]));
  });

  test("is taken from files with a byte order mark", async () => {
    using folder = tempFolder();
    const first = make();
    const [cert, key] = write(folder.path, { cert: "\ufeff" + first.cert, key: "\ufeff" + first.key });
    await using program = await RunningProgram.start(["--tls-cert", cert, "--tls-key", key]);
    expect(await fingerprints(program.port, 3)).toEqual(new Set([fingerprintOf(first)]));
  });

  test("that TLS would not take at the start is one line and exit code 2", async () => {
    using folder = tempFolder();
    const first = make();
    const [cert, key] = write(folder.path, { ...first, cert: first.cert + first.cert.slice(0, 100) });
    const { exitCode, stderr } = await runProgram(["--tls-cert", cert, "--tls-key", key, "--port", "0"]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`mini-http: No connection can be made secure with ${cert} (BAD_END_LINE).\n`);
  });

  test("that is broken at the start is one line and exit code 2", async () => {
    using folder = tempFolder();
    const [cert, key] = write(folder.path, { cert: make().cert, key: make().key });
    const { exitCode, stderr } = await runProgram(["--tls-cert", cert, "--tls-key", key, "--port", "0"]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`mini-http: The key in ${key} does not belong to the certificate in ${cert}.\n`);
  });
});

test("a server that reads nothing ends at SIGHUP, as it always did", async () => {
  await using program = await RunningProgram.start(["--tls", "self-signed"]);
  program.kill("SIGHUP");
  expect(await program.exited).toBe(129);
});

describe.skipIf(needs({ programs: ["curl"] }).skip)("everybody to HTTPS", () => {
  test("a plain port sends the same path and query to the secure one, and the health stays there", async () => {
    const [secure, plain] = [freePort(), freePort()];
    const flags = ["--tls", "self-signed", "--port", String(secure), "--https-redirect", String(plain), "--hsts", "1h"];
    await using program = await RunningProgram.start(flags);
    const target = `http://localhost:${plain}/echo/a%20b?c=d`;
    const { text } = await curl("--write-out", "%{http_code} %{redirect_url}", target);
    expect(text).toBe(`308 https://localhost:${secure}/echo/a%20b?c=d`);
    expect((await curl("--insecure", "--location", target)).text).toBe("a b");
    expect((await curl("--write-out", "%{http_code}", `http://localhost:${plain}/-/health`)).text).toEndWith("200");
    const head = await curl("--insecure", "--head", `https://localhost:${secure}/`);
    expect(head.text.toLowerCase()).toContain("strict-transport-security: max-age=3600\r\n");
    expect(program.log).toContain(`http://localhost:${plain}`);
  });
});

/** The answers to one request after the other: each on a connection of its own, or all on one. */
async function askInTurn(port: number, isOver: () => boolean, isKept: boolean): Promise<number> {
  let count = 0;
  while (!isOver()) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
    const ask = (): void => void socket.write("GET /echo/still HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.on("secureConnect", ask);
    socket.on("data", (bytes: Buffer) => {
      expect(bytes.toString("latin1")).toEndWith("\r\n\r\nstill");
      count += 1;
      if (isKept && !isOver()) ask();
      else socket.end();
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
    await promise;
  }
  return count;
}

describe("a certificate that is changed under load", () => {
  test("is for new connections of two workers, and no request fails", async () => {
    using folder = tempFolder();
    const [certFile, keyFile] = write(folder.path, make());
    const flags = ["--host", "127.0.0.1", "--tls-cert", certFile, "--tls-key", keyFile, "--workers", "2"];
    await using program = await RunningProgram.start(flags);
    let isOver = false;
    const clients = Array.from({ length: 8 }, (_, i) => askInTurn(program.port, () => isOver, i % 2 === 0));
    let last = make();
    for (let i = 0; i < 10; i++) {
      last = make();
      write(folder.path, last);
      program.kill("SIGHUP");
      await Bun.sleep(50);
    }
    await untilRenewed(program.port, last);
    isOver = true;
    expect(Math.min(...(await Promise.all(clients)))).toBeGreaterThan(0);
    expect(program.log).not.toContain("[ERROR]");
  });
});

describe.skipIf(needs({ programs: ["openssl", "curl"] }).skip)("whoever has a certificate", () => {
  /** An authority, two whom it vouches for, and one who vouches for himself. */
  const SCRIPT = `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=authority
for name in anna bob; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr -subj /O=Acme/CN=$name
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout eve.key -out eve.pem -subj /CN=eve`;

  test("is asked for one by nobody who wants to know whether the server is well", async () => {
    using folder = tempFolder();
    Bun.spawnSync(["bash", "-ec", SCRIPT], { cwd: folder.path });
    const at = (name: string): string => join(folder.path, name);
    const asks = ["--tls-client-ca", at("ca.pem")];
    const ofOwn = (name: string): string[] => ["--tls-cert", at(`${name}.pem`), "--tls-key", at(`${name}.key`)];
    await using program = await RunningProgram.start([...ofOwn("eve"), ...asks, "--drain-delay", "20s"]);
    const check = (...flags: string[]): ReturnType<typeof runProgram> =>
      runProgram(["healthcheck", "--port", String(program.port), ...flags]);
    // With nothing to show, with what the server does not take, and with what cannot be read.
    for (const flags of [["--tls", "self-signed"], ofOwn("eve"), ofOwn("nobody"), ["--tls-cert", at("eve.pem")]])
      expect([flags, (await check(...flags)).stderr]).toEqual([flags, ""]);
    expect((await check()).exitCode).toBe(1);
    const strangers = (): number => program.log.split("TLS_NO_CERTIFICATE").length;
    const before = strangers();
    expect((await check(...ofOwn("anna"), ...asks)).exitCode).toBe(0);
    expect(strangers()).toBe(before);
    // Who is let in hears more than that it lives.
    program.kill("SIGTERM");
    const isDraining = async (): Promise<boolean> => (await check(...ofOwn("anna"))).stderr.includes("answers 503.");
    await until(isDraining);
  });

  const TOKEN = "0123456789abcdef";
  test.each([
    ["on a connection of its own", [], []],
    ["brought by a proxy", ["--proxy-protocol", "--trusted-proxies", "127.0.0.1"], ["--haproxy-protocol"]],
  ])("has the rights of its name, %s", async (_, flags, words) => {
    using folder = tempFolder();
    Bun.spawnSync(["bash", "-ec", SCRIPT], { cwd: folder.path });
    const at = (name: string): string => join(folder.path, name);
    for (const name of ["inbox", "ci"]) mkdirSync(at(`served/${name}`), { recursive: true });
    writeFileSync(at("served/read.txt"), "read");
    const rights = [
      "--auth",
      "anna@/inbox:read,create",
      "--anonymous",
      "ro@/read.txt",
      "--token",
      `bob:${TOKEN}@/ci:create`,
      "--tls-client-ca",
      at("ca.pem"),
    ];
    await using program = await RunningProgram.start([
      ...["--host", "127.0.0.1", "--tls", "self-signed", ...rights, ...flags, at("served")],
    ]);
    const ask = async (name: string, path: string, ...more: string[]): Promise<string> => {
      const pair = ["--cert", at(`${name}.pem`), "--key", at(`${name}.key`)];
      const url = `https://127.0.0.1:${program.port}${path}`;
      return (await curl("--insecure", "-w", " %{http_code}", ...words, ...pair, ...more, url)).text;
    };
    const send = ["-T", at("served/read.txt")];
    expect(await ask("anna", "/files/read.txt")).toBe("read 200");
    expect(await ask("anna", "/files/inbox/new.txt", ...send)).toEndWith(" 201");
    expect(await ask("anna", "/files/inbox/new.txt", ...send)).toEndWith(" 403");
    expect(await ask("bob", "/files/inbox/other.txt", ...send)).toBe('"bob" has not the right "create" here.\n 403');
    expect(await ask("bob", "/files/read.txt")).toBe("read 200");
    // Anybody may be called as a token is: its rights are those of whoever has it.
    expect(await ask("bob", "/files/ci/new.txt", ...send)).toEndWith(" 403");
    expect(await ask("bob", "/files/ci/new.txt", ...send, "-H", `Authorization: Bearer ${TOKEN}`)).toEndWith(" 201");
    expect(await ask("bob", "/files/ci/other.txt", ...send)).toEndWith(" 403");
    // Whoever says that he is another one must know how.
    expect(await ask("anna", "/files/read.txt", "-u", "eve:pw")).toEndWith(" 401");
  });
});
