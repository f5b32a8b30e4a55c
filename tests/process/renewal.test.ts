import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, parseConfig } from "../../src/config.ts";
import { loadRenewal, type Renewal, Unfit } from "../../src/process/renewal.ts";
import { makeKey, signSelf } from "../../src/tls/self-signed.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

const { cert, key } = signSelf(makeKey(), "test", { hosts: ["localhost"], addresses: [] }, Date.now());
writeFileSync(at("both.pem"), cert + key);
writeFileSync(at("accounts"), "bob:one\n");

const NOTHING: Renewal = { tls: null, access: null };

function configOf(flags: readonly string[]): Config {
  const intent = parseConfig(flags, {});
  if (intent.kind !== "serve") throw new Error(JSON.stringify(intent));
  return intent.config;
}

describe("what can be read once only is not read again:", () => {
  const cases: [why: string, flags: string[], path: string][] = [
    ["accounts", ["--auth-file", "/dev/null"], "/dev/null"],
    ["a certificate", ["--tls-cert", "/dev/null"], "/dev/null"],
    ["a key", ["--tls-cert", at("both.pem"), "--tls-key", "/dev/zero"], "/dev/zero"],
    ["an authority of clients", ["--tls-cert", at("both.pem"), "--tls-client-ca", "/dev/null"], "/dev/null"],
    ["a folder", ["--auth-file", folder.path], folder.path],
    ["one beside files that are right", ["--tls-cert", at("both.pem"), "--auth-file", "/dev/null"], "/dev/null"],
  ];
  test.each(cases)("%s", (_, flags, path) => {
    const loaded = loadRenewal(configOf(flags), NOTHING);
    expect(loaded).toEqual(new Unfit(`${path} is no regular file, and only those can be read again.`));
  });

  test("at the start it is", () => {
    const loaded = loadRenewal(configOf(["--auth-file", "/dev/null"]), null);
    expect(loaded).not.toBeInstanceOf(Unfit);
  });

  test("and files are", () => {
    const loaded = loadRenewal(configOf(["--tls-cert", at("both.pem"), "--auth-file", at("accounts")]), NOTHING);
    expect(loaded).not.toBeInstanceOf(Unfit);
  });
});

test("whatever has no end is no file of accounts", () => {
  const loaded = loadRenewal(configOf(["--auth-file", "/dev/zero"]), null);
  expect(loaded).toEqual(new Unfit("/dev/zero is longer than 16 MiB, and no file of accounts."));
});

test("a pipe in the place of the accounts keeps no client waiting at SIGHUP, and lets nobody go", async () => {
  await using program = await RunningProgram.start([folder.path, "--auth-file", at("accounts")]);
  Bun.spawnSync(["rm", at("accounts")]);
  Bun.spawnSync(["mkfifo", at("accounts")]);
  program.kill("SIGHUP");
  await program.untilLog((log) => log.includes("Nothing was read again, the server goes on as it was: "));
  const login = `Authorization: Basic ${Buffer.from("bob:one").toString("base64")}`;
  const head = `GET /files/ HTTP/1.1\r\nHost: localhost\r\n${login}\r\nConnection: close\r\n\r\n`;
  expect(await exchange(program.port, head)).toStartWith("HTTP/1.1 200 ");
});
