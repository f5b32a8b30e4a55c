import { describe, expect, test } from "bun:test";
import { type Config, parseConfig } from "../src/config.ts";
import { DEFAULT_LIMITS, LIMIT_TABLE } from "../src/http/limits.ts";

type Env = Readonly<Record<string, string>>;

/** The settings of a command line that must be accepted. */
function settings(argv: readonly string[], env: Env = {}): Config {
  const intent = parseConfig(argv, env);
  if (intent.kind !== "serve") throw new Error(`not accepted: ${JSON.stringify(intent)}`);
  return intent.config;
}

/** The line about a command line that must not be accepted. */
function usageError(argv: readonly string[], env: Env = {}): string {
  const intent = parseConfig(argv, env);
  if (intent.kind !== "usage-error") throw new Error(`accepted: ${JSON.stringify(intent)}`);
  return intent.line;
}

function notes(argv: readonly string[], env: Env = {}): readonly string[] {
  const intent = parseConfig(argv, env);
  return intent.kind === "serve" ? intent.notes : [intent.kind];
}

test("without flags everything has its documented default", () => {
  expect(parseConfig([], {})).toEqual({
    kind: "serve",
    notes: [],
    file: null,
    settings: expect.any(Map),
    config: {
      hosts: ["localhost"],
      socketMode: 0o660,
      port: 4221,
      directory: null,
      workers: 1,
      quiet: false,
      qr: false,
      open: false,
      testing: false,
      recordedRequests: 500,
      faults: [],
      graceMs: 9000,
      drainDelayMs: 0,
      limits: DEFAULT_LIMITS,
      life: {
        readyFile: null,
        stopAfterMs: null,
        maxRequests: null,
        exitOnStdinClose: false,
        tmp: false,
        reusePort: false,
      },
      log: { format: "text", file: null, isVerbose: false, givesIds: false, metrics: false },
      tls: {
        selfSigned: false,
        certFile: null,
        keyFile: null,
        stateFolder: null,
        clientAuthorityFile: null,
        redirectPort: null,
        hstsMs: null,
      },
      access: {
        auth: [],
        authFile: null,
        tokens: [],
        anonymous: [],
        ownFields: [],
        allowedNetworks: [],
        deniedNetworks: [],
        trustedProxies: [],
        proxyProtocol: false,
      },
      files: {
        cacheSeconds: 0,
        precompressed: false,
        listing: true,
        index: false,
        hidden: false,
        followSymlinks: false,
        readOnly: false,
        uploadOnly: false,
        allowDelete: false,
        onDuplicate: "overwrite",
        quotaBytes: null,
        evictBytes: null,
        expireMs: null,
        maxFiles: null,
        minFreeBytes: 0,
        fsync: false,
        mode: null,
      },
      admission: { allowedHosts: [], readOrigins: [], writeOrigins: [] },
    },
  });
});

describe("a flag sets its value", () => {
  const cases: [argv: string[], read: (config: Config) => unknown, value: unknown][] = [
    [["files"], (c) => c.directory, "files"],
    [["--directory", "files"], (c) => c.directory, "files"],
    [["--directory=files"], (c) => c.directory, "files"],
    [["--directory=-odd"], (c) => c.directory, "-odd"],
    [["-d", "files"], (c) => c.directory, "files"],
    [["-dfiles"], (c) => c.directory, "files"],
    [["files", "--directory", "files"], (c) => c.directory, "files"],
    [["--", "--odd"], (c) => c.directory, "--odd"],
    [["--host", "0.0.0.0"], (c) => c.hosts, ["0.0.0.0"]],
    [["--testing"], (c) => c.testing, true],
    [["--workers", "4"], (c) => c.workers, 4],
    [["--workers", "auto"], (c) => c.workers, "auto"],
    [["--precompressed"], (c) => c.files.precompressed, true],
    [["--no-listing"], (c) => c.files.listing, false],
    [["--index"], (c) => c.files.index, true],
    [["--hidden"], (c) => c.files.hidden, true],
    [["--follow-symlinks"], (c) => c.files.followSymlinks, true],
    [["--allow-delete"], (c) => c.files.allowDelete, true],
    [["--upload-only"], (c) => [c.files.uploadOnly, c.files.onDuplicate], [true, "rename"]],
    [["--upload-only", "--on-duplicate", "rename"], (c) => c.files.onDuplicate, "rename"],
    [["--on-duplicate", "error"], (c) => c.files.onDuplicate, "error"],
    [["--quota", "10M"], (c) => c.files.quotaBytes, 10 * 1024 ** 2],
    [["--evict", "10M"], (c) => [c.files.evictBytes, c.limits.maxBody], [10 * 1024 ** 2, 10 * 1024 ** 2]],
    [["--evict", "1T", "--max-body-size", "8K"], (c) => [c.files.evictBytes, c.limits.maxBody], [1024 ** 4, 8192]],
    [["--expire", "30d"], (c) => c.files.expireMs, 30 * 86_400_000],
    [["--min-free", "1T"], (c) => c.files.minFreeBytes, 1024 ** 4],
    [["--max-files", "12"], (c) => c.files.maxFiles, 12],
    [["--fsync"], (c) => c.files.fsync, true],
    [["--chmod", "640"], (c) => c.files.mode, 0o640],
    [["--chmod", "0o644"], (c) => c.files.mode, 0o644],
    [["--bind", "files.lan"], (c) => c.hosts, ["files.lan"]],
    [["-b", "::1"], (c) => c.hosts, ["::1"]],
    [["--host", "[::1]"], (c) => c.hosts, ["::1"]],
    [["--host", "fe80::1%eth0"], (c) => c.hosts, ["fe80::1%eth0"]],
    [["--host", "a,[::1]", "-b", "b"], (c) => c.hosts, ["a", "::1", "b"]],
    [["--port", "8080"], (c) => c.port, 8080],
    [["-p", "0"], (c) => c.port, 0],
    [["-p65535"], (c) => c.port, 65535],
    [["--quiet"], (c) => c.quiet, true],
    [["-q"], (c) => c.quiet, true],
    [["--quiet=no"], (c) => c.quiet, false],
    [["-qp", "81"], (c) => [c.quiet, c.port], [true, 81]],
    [["--grace", "500ms"], (c) => c.graceMs, 500],
    [["--grace", "3"], (c) => c.graceMs, 3000],
    [["--drain-delay", "1.5s"], (c) => c.drainDelayMs, 1500],
    [["--max-body-size", "2G"], (c) => c.limits.maxBody, 2 * 1024 ** 3],
    [["--max-body-size", "0"], (c) => c.limits.maxBody, 0],
    [["--idle-timeout", "2m"], (c) => c.limits.idleTimeout, 120_000],
    [["--min-body-rate", "1k"], (c) => c.limits.minBodyRate, 1024],
    [["--max-fields", "7"], (c) => c.limits.maxFields, 7],
    [["--cache", "60"], (c) => c.files.cacheSeconds, 60],
    [["--cache", "2m"], (c) => c.files.cacheSeconds, 120],
    [["--cache", "31536000"], (c) => c.files.cacheSeconds, 31_536_000],
    [["--read-only"], (c) => c.files.readOnly, true],
    [
      ["--allowed-host", "A.lan,b.lan", "--allowed-host", "c."],
      (c) => c.admission.allowedHosts,
      ["a.lan", "b.lan", "c"],
    ],
    [["--cors-write", "https://App.Example:443/"], (c) => c.admission.writeOrigins, ["https://app.example"]],
    [["--cors-write", "tauri://localhost"], (c) => c.admission.writeOrigins, ["tauri://localhost"]],
    [["--port", "1", "--port", "2"], (c) => c.port, 2],
  ];
  test.each(cases)("%j", (argv, read, value) => {
    expect(read(settings(argv))).toEqual(value);
  });
});

test("every row of the limit table has a flag and a variable that set it and nothing else", () => {
  for (const [name, row] of Object.entries(LIMIT_TABLE)) {
    const changed = { ...DEFAULT_LIMITS, [name]: row.unit === "milliseconds" ? 77_000 : 77 };
    expect(settings([`--${row.flag}`, "77"]).limits).toEqual(changed);
    const variable = `MINI_HTTP_${row.flag.toUpperCase().replaceAll("-", "_")}`;
    expect(settings([], { [variable]: "77" }).limits).toEqual(changed);
  }
});

describe("the environment", () => {
  const cases: [why: string, argv: string[], env: Env, read: (config: Config) => unknown, value: unknown][] = [
    ["sets a flag", [], { MINI_HTTP_PORT: "8080" }, (c) => c.port, 8080],
    ["is beaten by the flag", ["-p", "1"], { MINI_HTTP_PORT: "2" }, (c) => c.port, 1],
    ["is beaten even where it is wrong", ["-p", "1"], { MINI_HTTP_PORT: "many" }, (c) => c.port, 1],
    ["sets the folder", [], { MINI_HTTP_DIRECTORY: "a" }, (c) => c.directory, "a"],
    ["gives way to DIRECTORY", ["b"], { MINI_HTTP_DIRECTORY: "a" }, (c) => c.directory, "b"],
    ["knows aliases", [], { MINI_HTTP_BIND: "::1" }, (c) => c.hosts, ["::1"]],
    ["takes lists of hosts", [], { MINI_HTTP_HOST: "a, ::1" }, (c) => c.hosts, ["a", "::1"]],
    ["is overruled, not added to", ["-b", "b"], { MINI_HTTP_HOST: "a" }, (c) => c.hosts, ["b"]],
    ["prefers names to aliases", [], { MINI_HTTP_BIND: "::1", MINI_HTTP_HOST: "a" }, (c) => c.hosts, ["a"]],
    ["turns a switch on with yes", [], { MINI_HTTP_QUIET: "Yes" }, (c) => c.quiet, true],
    ["turns a switch on with 1", [], { MINI_HTTP_READ_ONLY: "1" }, (c) => c.files.readOnly, true],
    ["turns a switch on with 1 that says no", [], { MINI_HTTP_NO_LISTING: "1" }, (c) => c.files.listing, false],
    ["turns a switch off with false", [], { MINI_HTTP_QUIET: "false" }, (c) => c.quiet, false],
    ["is beaten by a switch that says no", ["--quiet=no"], { MINI_HTTP_QUIET: "yes" }, (c) => c.quiet, false],
    ["holds lists", [], { MINI_HTTP_ALLOWED_HOST: "a, b" }, (c) => c.admission.allowedHosts, ["a", "b"]],
    [
      "is no addition to a list",
      ["--allowed-host", "c"],
      { MINI_HTTP_ALLOWED_HOST: "a" },
      (c) => c.admission.allowedHosts,
      ["c"],
    ],
    ["counts as unset when empty", [], { MINI_HTTP_PORT: "" }, (c) => c.port, 4221],
    ["ignores service links", [], { MINI_HTTP_PORT: "tcp://10.0.0.1:80" }, (c) => c.port, 4221],
    ["ignores other programs", [], { PORT: "1", MINI_HTTPD_PORT: "2" }, (c) => c.port, 4221],
  ];
  test.each(cases)("%s", (_, argv, env, read, value) => {
    expect(read(settings(argv, env))).toEqual(value);
  });

  test("a wrong value is a mistake that names the variable", () => {
    expect(usageError([], { MINI_HTTP_PORT: "many" })).toBe(
      'MINI_HTTP_PORT must be a whole number from 0 to 65535, not "many". Try --help.',
    );
    expect(usageError([], { MINI_HTTP_QUIET: "maybe" })).toStartWith("MINI_HTTP_QUIET must be true, 1 or yes");
  });

  test("what is ignored is noted, in one line for the links and one for the unknown", () => {
    const env = {
      MINI_HTTP_PORT: "tcp://10.0.0.1:80",
      MINI_HTTP_PORT_80_TCP: "tcp://10.0.0.1:80",
      MINI_HTTP_PORT_80_TCP_ADDR: "10.0.0.1",
      MINI_HTTP_SERVICE_HOST: "10.0.0.1",
      MINI_HTTP_SERVICE_PORT_WEB: "80",
      MINI_HTTP_QIET: "yes",
      MINI_HTTP_HELP: "yes",
      MINI_HTTP_XYZZY: "1",
    };
    expect(notes([], env)).toEqual([
      "Ignored container service links in the environment: MINI_HTTP_PORT, MINI_HTTP_PORT_80_TCP, " +
        "MINI_HTTP_PORT_80_TCP_ADDR, MINI_HTTP_SERVICE_HOST, MINI_HTTP_SERVICE_PORT_WEB.",
      "Ignored in the environment, since no flag has this name: MINI_HTTP_HELP, " +
        "MINI_HTTP_QIET (did you mean MINI_HTTP_QUIET?), MINI_HTTP_XYZZY.",
    ]);
  });
});

describe("help and version win over what else is said", () => {
  const cases: [argv: string[], kind: string][] = [
    [["--help"], "help"],
    [["-h"], "help"],
    [["-V"], "version"],
    [["--version"], "version"],
    [["--version", "--help"], "help"],
    [["--port", "70000", "-h"], "help"],
    [["a", "b", "c", "--version"], "version"],
    [["--help=no"], "serve"],
  ];
  test.each(cases)("%j", (argv, kind) => {
    expect(parseConfig(argv, {}).kind).toBe(kind as never);
  });
});

describe("a mistake is one line that says what to do", () => {
  const cases: [argv: string[], line: string][] = [
    [["--prot", "1"], "Unknown flag --prot; did you mean --port?"],
    [["--prot=1"], "Unknown flag --prot; did you mean --port?"],
    [["--dir", "a"], "Unknown flag --dir; did you mean --directory?"],
    [["--max-body", "1"], "Unknown flag --max-body; did you mean --max-body-size?"],
    [["-port", "1"], "Unknown flag -port; did you mean --port?"],
    [["--PORT", "1"], "Unknown flag --PORT; did you mean --port?"],
    [["--xyzzy"], "Unknown flag --xyzzy."],
    [["-z"], "Unknown flag -z."],
    [["--__proto__"], "Unknown flag --__proto__."],
    [["--\u001b[31mred"], "Unknown flag --?[31mred."],
    [["--port"], "--port needs a value: --port PORT."],
    [["--port", "--quiet"], "--port needs a value: --port PORT."],
    [["-p"], "-p needs a value: -p PORT."],
    [["--port="], "--port must be a whole number from 0 to 65535, not empty."],
    [["--port", "65536"], '--port must be a whole number from 0 to 65535, not "65536".'],
    [["--port", "-1"], '--port must be a whole number from 0 to 65535, not "-1".'],
    [["--port", "80.5"], '--port must be a whole number from 0 to 65535, not "80.5".'],
    [["--port", "0x50"], '--port must be a whole number from 0 to 65535, not "0x50".'],
    [
      ["--host", "localhost:80"],
      '--host must be a name or an address alone (the port goes to --port), not "localhost:80".',
    ],
    [["--host", "http://a"], '--host must be a name or an address such as localhost, 0.0.0.0 or ::1, not "http://a".'],
    [["--host", "1:2"], '--host must be a name or an address alone (the port goes to --port), not "1:2".'],
    [["--host", "a,"], '--host must be a name or an address such as localhost, 0.0.0.0 or ::1, not "a,".'],
    [["--host", ":::"], '--host must be a name or an address such as localhost, 0.0.0.0 or ::1, not ":::".'],
    [["--host", "[a]"], '--host must be a name or an address such as localhost, 0.0.0.0 or ::1, not "[a]".'],
    [["--quiet=maybe"], '--quiet must be true, 1 or yes, or false, 0 or no, not "maybe".'],
    [["--grace", "5x"], '--grace must be a duration such as 500ms, 10s or 2m, not "5x".'],
    [["--grace", "0.5ms"], '--grace must be a duration such as 500ms, 10s or 2m, not "0.5ms".'],
    [["--grace", "600h"], '--grace must be at most 576h, not "600h".'],
    [["--head-timeout", "0"], '--head-timeout must be at least 1ms, not "0".'],
    [["--max-head", "8"], '--max-head must be at least 64, not "8".'],
    [["--max-head", "8KB"], '--max-head must be a size such as 4096, 8K, 1.5M or 2G, not "8KB".'],
    [["--max-connections", "0"], '--max-connections must be a whole number, at least 1, not "0".'],
    [["--cache", "1500ms"], '--cache must be whole seconds, not "1500ms".'],
    [["--fault", "503"], '--fault must be a rule with a path and a fault: GET /files/* reset@50% p=0.1, not "503".'],
    [
      ["--fault", "/a reset@200%"],
      '--fault must be a rule with a place in the content: reset@1000 or reset@50%, not "/a reset@200%".',
    ],
    [["--cors-write", "*"], '--cors-write must be an origin such as https://app.example.org, not "*".'],
    [
      ["--cors-write", "https://a/b"],
      '--cors-write must be an origin such as https://app.example.org, not "https://a/b".',
    ],
    [
      ["--allowed-host", "a:80"],
      '--allowed-host must be a host name without scheme and port, such as files.example.org, not "a:80".',
    ],
    [[""], "DIRECTORY must be the path of a folder."],
    [["--directory", ""], "--directory must be the path of a folder, not empty."],
    [["--on-duplicate", "keep"], '--on-duplicate must be overwrite, error or rename, not "keep".'],
    [["--workers", "0"], '--workers must be auto or a whole number from 1 to 256, not "0".'],
    [["--chmod", "0888"], '--chmod must be an octal mode from 0 to 0777, such as 0644, not "0888".'],
    [["--chmod", "4755"], '--chmod must be an octal mode from 0 to 0777, such as 0644, not "4755".'],
    [["--read-only", "--upload-only"], "--read-only and --upload-only contradict each other; leave one out."],
    [["--read-only", "--allow-delete"], "--read-only and --allow-delete contradict each other; leave one out."],
    [["--read-only", "--evict", "1G"], "--read-only and --evict contradict each other; leave one out."],
    [["--read-only", "--expire", "7d"], "--read-only and --expire contradict each other; leave one out."],
    [
      ["--evict", "1G", "--quota", "1023M"],
      "--quota below --evict would refuse uploads before anything goes; leave one out.",
    ],
    [["--upload-only", "--allow-delete"], "--upload-only and --allow-delete contradict each other; leave one out."],
    [
      ["--upload-only", "--on-duplicate", "error"],
      "--upload-only always renames; leave out --on-duplicate error, which would tell which names exist.",
    ],
    [["a", "b"], 'Only one DIRECTORY can be served, not both "a" and "b".'],
    [["a", "--directory", "b"], 'Give the folder once: DIRECTORY is "a", but --directory is "b".'],
  ];
  test.each(cases)("%j", (argv, sentence) => {
    expect(usageError(argv)).toBe(`${sentence} Try --help.`);
  });

  test("a long word is not repeated whole", () => {
    expect(usageError(["--port", "9".repeat(5000)]).length).toBeLessThan(200);
  });
});

describe("what everyone who reaches the port can do, or nobody, is noted", () => {
  const cases: [argv: string[], noted: boolean][] = [
    [["files"], false],
    [["files", "--host", "127.0.0.2"], false],
    [["files", "--host", "::1"], false],
    [["files", "--host", "a.localhost"], false],
    [["--host", "0.0.0.0"], false],
    [["files", "--host", "localhost,::1"], false],
    [["files", "--host", "localhost,0.0.0.0"], true],
    [["files", "--host", "0.0.0.0", "--read-only"], false],
    [["files", "--host", "0.0.0.0"], true],
    [["files", "--host", "0.0.0.0", "--upload-only"], true],
    [["--host", "0.0.0.0", "--testing"], true],
    [["--host", "::1", "--testing"], false],
    [["--testing"], false],
    [["--testing", "--fault", "* 503"], false],
    [["--fault", "* 503"], true],
    [["files", "--host", "::"], true],
    [["files", "--host", "127.example.org"], true],
  ];
  const unseen: [argv: string[], env: Record<string, string>, line: string][] = [
    [
      ["--read-only"],
      { MINI_HTTP_ALLOW_DELETE: "1" },
      "--read-only and --allow-delete contradict each other; leave one out. MINI_HTTP_ALLOW_DELETE sets --allow-delete.",
    ],
    [["--tmp"], { MINI_HTTP_DIRECTORY: "a" }, "leave out DIRECTORY. MINI_HTTP_DIRECTORY sets --directory."],
    [[], { MINI_HTTP_TLS_KEY: "k" }, "--tls-key needs --tls-cert. MINI_HTTP_TLS_KEY sets --tls-key."],
    [["run", "--", "true"], { MINI_HTTP_STOP_AFTER: "1s" }, "--stop-after. MINI_HTTP_STOP_AFTER sets --stop-after."],
  ];
  test.each(unseen)("%j beside %j names the variable, which nobody sees", (argv, env, line) => {
    expect(usageError(argv, env)).toEndWith(`${line} Try --help.`);
  });

  test("a contradiction between a flag and a variable counts too", () => {
    expect(usageError(["--read-only"], { MINI_HTTP_ALLOW_DELETE: "1" })).toContain("contradict");
  });

  test.each(cases)("%j: %p", (argv, noted) => {
    expect(notes(argv).length).toBe(noted ? 1 : 0);
  });
});

describe("HTTPS", () => {
  test.each([
    [["--tls", "self-signed", "--tls-cert", "c"], "--tls and --tls-cert contradict each other; leave one out."],
    [["--tls-key", "k"], "--tls-key needs --tls-cert."],
    [["--tls-state", "s"], "--tls-state needs --tls self-signed."],
    [["--tls-state", "s", "--tls-cert", "c"], "--tls-state needs --tls self-signed."],
    [["--tls-client-ca", "c"], "--tls-client-ca needs HTTPS: --tls self-signed, or --tls-cert FILE."],
    [["--https-redirect", "80"], "--https-redirect needs HTTPS: --tls self-signed, or --tls-cert FILE."],
    [["--hsts", "1h"], "--hsts needs HTTPS: --tls self-signed, or --tls-cert FILE."],
    [
      ["--tls", "self-signed", "--port", "0", "--https-redirect", "80"],
      "--https-redirect needs a --port to send people to, not 0.",
    ],
    [["--tls", "yes"], '--tls must be self-signed (other certificates: --tls-cert), not "yes".'],
    [["--tls-cert", ""], "--tls-cert must be a path, not empty."],
  ])("%p is a mistake", (argv, line) => {
    expect(usageError(argv)).toBe(`${line} Try --help.`);
  });

  test("is what the health check asks for when the flags of the server say so", () => {
    expect(parseConfig(["healthcheck", "--tls", "self-signed"], {})).toMatchObject({ isSecure: true });
    expect(parseConfig(["healthcheck"], {})).toMatchObject({ isSecure: false });
  });
});

describe("PROXY headers", () => {
  const flags = ["--proxy-protocol", "--trusted-proxies", "127.0.0.1"];

  test("are those of proxies that are trusted", () => {
    const line = "--proxy-protocol needs --trusted-proxies: the addresses whose PROXY headers count. Try --help.";
    expect(usageError(["--proxy-protocol"])).toBe(line);
    expect(notes(flags)).toEqual([]);
  });

  test("are sent by the health check where the server wants them", () => {
    expect(parseConfig(["healthcheck", ...flags], {})).toMatchObject({ proxies: ["127.0.0.1"] });
    expect(parseConfig(["healthcheck", ...flags.slice(1)], {})).toMatchObject({ proxies: [] });
  });
});

describe("the help of a command", () => {
  test.each([["hash-password"], ["healthcheck"]])("%s is the help", (word) => {
    for (const flag of ["--help", "-h"]) expect(parseConfig([word, flag], {})).toEqual({ kind: "help" });
  });
});
