import { describe, expect, test } from "bun:test";
import { parseConfig, type Served } from "../../src/config.ts";
import { renewConfig } from "../../src/process/renewed-config.ts";

const HASH = `$2b$10$${"a".repeat(53)}`;

const CERTIFIED = 'tls-cert = "a"\ntls-client-ca = ';

/** Settings of a file with this text. */
function served(text: string, argv: readonly string[] = []): Served {
  const intent = parseConfig([...argv, "--config", "http.toml"], {}, () => text);
  if (intent.kind !== "serve") throw new Error(JSON.stringify(intent));
  return intent;
}

describe("of settings that were read again", () => {
  const cases: [why: string, before: string, after: string, waiting: string[]][] = [
    ["nothing waits when nothing changed", "port = 81", "port = 81", []],
    ["nothing waits when the same is spelled otherwise", 'grace = "9s"', "grace = 9", []],
    ["nothing waits when a default is said", "", "port = 4221", []],
    ["accounts are taken up", 'auth = ["a:b"]', 'auth = ["a:c"]', []],
    ["tokens are taken up in place of accounts", 'auth = ["a:b"]', 'token = ["0123456789abcdef"]', []],
    ["a file of accounts is taken up", 'auth = ["a:b"]', 'auth-file = "x"', []],
    ["the first account waits", "", 'auth = ["a:b"]', ["auth"]],
    ["the end of all accounts waits", 'auth = ["a:b"]\nauth-file = "x"', "", ["auth", "auth-file"]],
    ["another certificate is taken up", 'tls-cert = "a"', 'tls-cert = "b"\ntls-key = "c"', []],
    ["another authority of clients is taken up", `${CERTIFIED}"b"`, `${CERTIFIED}"c"`, []],
    ["the first authority of clients waits", 'tls-cert = "a"', `${CERTIFIED}"b"`, ["tls-client-ca"]],
    ["the end of it, which would let in everyone, waits", `${CERTIFIED}"b"`, 'tls-cert = "a"', ["tls-client-ca"]],
    ["a certificate does not wait with it", `${CERTIFIED}"b"`, 'tls-cert = "d"', ["tls-client-ca"]],
    ["it stays when all of HTTPS waits", `${CERTIFIED}"b"`, "", ["tls-cert", "tls-client-ca"]],
    ["another folder for our own is taken up", 'tls = "self-signed"', 'tls = "self-signed"\ntls-state = "a"', []],
    ["the first certificate waits", "", 'tls-cert = "a"', ["tls-cert"]],
    ["the end of HTTPS waits", 'tls-cert = "a"\nhsts = 1', "", ["tls-cert", "hsts"]],
    ["ours in place of theirs waits", 'tls-cert = "a"', 'tls = "self-signed"', ["tls", "tls-cert"]],
    ["all else waits", 'port = 1\nheader = ["A: b"]', "port = 2\nfsync = true", ["port", "fsync", "header"]],
    ["what follows from another key is not named", "", "upload-only = true", ["upload-only"]],
    ["a key that gave way to its default waits", "port = 81", "", ["port"]],
  ];
  test.each(cases)("%s", (_, before, after, waiting) => {
    const asked = served(before);
    const fresh = served(after);
    const renewed = renewConfig(asked.config, asked.settings, fresh);
    expect(renewed.waiting).toEqual(waiting);
    const names = ({ tls }: Served["config"]): unknown => [tls.certFile, tls.keyFile, tls.stateFolder];
    expect(names(renewed.config)).toEqual(names(waiting.includes("tls-cert") ? asked.config : fresh.config));
    const authority = ({ tls }: Served["config"]): unknown => tls.clientAuthorityFile;
    expect(authority(renewed.config)).toBe(authority(waiting.includes("tls-client-ca") ? asked.config : fresh.config));
    const who = ({ access }: Served["config"]): unknown => [access.auth, access.authFile, access.tokens];
    expect(who(renewed.config)).toEqual(who(waiting.includes("auth") ? asked.config : fresh.config));
    expect({ ...renewed.config, tls: null, access: null }).toEqual({ ...asked.config, tls: null, access: null });
  });

  test("what a flag overrules does not count", () => {
    const asked = served("port = 81", ["-p", "80", "--auth", `a:${HASH}`]);
    const fresh = served('port = 82\nauth = ["b:c"]', ["-p", "80", "--auth", `a:${HASH}`]);
    const renewed = renewConfig(asked.config, asked.settings, fresh);
    expect(renewed).toEqual({ config: asked.config, waiting: [] });
  });

  test("changes are counted from the start, and taken up from the last time", () => {
    const asked = served('auth = ["a:b"]\nport = 1');
    const once = renewConfig(asked.config, asked.settings, served('auth = ["a:c"]\nport = 2'));
    expect(once.waiting).toEqual(["port"]);
    const twice = renewConfig(once.config, asked.settings, served("port = 1"));
    expect(twice.waiting).toEqual(["auth"]);
    expect(twice.config.access.auth).toEqual(["a:c"]);
  });
});
