import { describe, expect, test } from "bun:test";
import { type ConfigFile, readConfigFile } from "../../src/cli/config-file.ts";
import { inFolder, takesNumber } from "../../src/cli/flag-row.ts";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { type Config, type Intent, parseConfig } from "../../src/config.ts";

type Env = Readonly<Record<string, string>>;

/** What a command line with `--config FILE` asks for, of a file that holds this text. */
function parse(text: string, argv: readonly string[] = [], env: Env = {}, path = "/etc/mini/http.toml"): Intent {
  return parseConfig([...argv, "--config", path], env, () => text);
}

function settings(text: string, argv: readonly string[] = [], env: Env = {}, path?: string): Config {
  const intent = parse(text, argv, env, path);
  if (intent.kind !== "serve" && intent.kind !== "run") throw new Error(`not accepted: ${JSON.stringify(intent)}`);
  return intent.config;
}

function usageError(text: string, path?: string): string {
  const intent = parse(text, [], {}, path);
  if (intent.kind !== "usage-error") throw new Error(`accepted: ${JSON.stringify(intent)}`);
  return intent.line;
}

describe("a key sets its flag", () => {
  const cases: [text: string, read: (config: Config) => unknown, value: unknown][] = [
    ["port = 8080", (c) => c.port, 8080],
    ['port = "8080"', (c) => c.port, 8080],
    ["port = 0x1F90", (c) => c.port, 8080],
    ["quiet = true", (c) => c.quiet, true],
    ["quiet = false", (c) => c.quiet, false],
    ["no-listing = true", (c) => c.files.listing, false],
    ["no-listing = false", (c) => c.files.listing, true],
    ["workers = 4", (c) => c.workers, 4],
    ['workers = "auto"', (c) => c.workers, "auto"],
    ['bind = "::1"', (c) => c.hosts, ["::1"]],
    ['"host" = "::1"', (c) => c.hosts, ["::1"]],
    ['host = ["::1", "127.0.0.1"]', (c) => c.hosts, ["::1", "127.0.0.1"]],
    ["grace = 3", (c) => c.graceMs, 3000],
    ['grace = "500ms"', (c) => c.graceMs, 500],
    ["quota = 1_000", (c) => c.files.quotaBytes, 1000],
    ['quota = "10M"', (c) => c.files.quotaBytes, 10 * 1024 ** 2],
    ['max-body-size = "2G"', (c) => c.limits.maxBody, 2 * 1024 ** 3],
    ["cache = 60", (c) => c.files.cacheSeconds, 60],
    ['chmod = "0640"', (c) => c.files.mode, 0o640],
    ['tls = "self-signed"', (c) => c.tls.selfSigned, true],
    ['auth = ["anna:pw@/x:read", "bob:pw"]', (c) => c.access.auth, ["anna:pw@/x:read", "bob:pw"]],
    ['header = ["X-A: b, c"]', (c) => c.access.ownFields, ["X-A: b, c"]],
    ['cors = ["https://A.example", "https://b.example"]', (c) => c.admission.readOrigins.length, 2],
    ["cors = []", (c) => c.admission.readOrigins, []],
    ["auth = []", (c) => c.access.auth, []],
    ["", (c) => c.port, 4221],
  ];
  test.each(cases)("%s", (text, read, value) => {
    expect(read(settings(text))).toEqual(value);
  });
});

describe("the flag beats the variable, which beats the file, which beats what a command prefers", () => {
  const port = (c: Config): unknown => c.port;
  const cases: [
    why: string,
    argv: string[],
    env: Env,
    text: string,
    read: (config: Config) => unknown,
    value: unknown,
  ][] = [
    ["a flag", ["-p", "1"], { MINI_HTTP_PORT: "2" }, "port = 3", port, 1],
    ["a variable", [], { MINI_HTTP_PORT: "2" }, "port = 3", port, 2],
    ["a variable that is empty", [], { MINI_HTTP_PORT: "" }, "port = 3", port, 3],
    ["an alias on the command line", ["--bind", "a"], {}, 'host = "b"', (c) => c.hosts, ["a"]],
    ["an alias in the file", ["--host", "a"], {}, 'bind = "b"', (c) => c.hosts, ["a"]],
    ["a switch that says no", ["--quiet=no"], {}, "quiet = true", (c) => c.quiet, false],
    ["a list, which does not add up", ["--auth", "a:b"], {}, 'auth = ["c:d"]', (c) => c.access.auth, ["a:b"]],
    ["DIRECTORY", ["b"], {}, 'directory = "a"', (c) => c.directory, "b"],
    ["the file of a run", ["run"], {}, "port = 3\nquiet = false", (c) => [c.port, c.quiet], [3, false]],
    ["the run itself", ["run"], {}, "", (c) => [c.port, c.quiet], [0, true]],
    ["the variable of a run", ["run"], { MINI_HTTP_PORT: "2" }, "port = 3", port, 2],
  ];
  test.each(cases)("%s", (_, argv, env, text, read, value) => {
    const words = argv[0] === "run" ? ["run", "--config", "x.toml", "--", "true"] : [...argv, "--config", "x.toml"];
    const intent = parseConfig(words, env, () => text);
    expect(read((intent as { readonly config: Config }).config)).toEqual(value);
  });

  test("a value that is beaten need not be right", () => {
    expect(settings("port = 70000", ["-p", "1"]).port).toBe(1);
  });

  test("a mistake is one all the same when it is no value at all", () => {
    expect(parse("port = true", ["-p", "1"]).kind).toBe("usage-error");
  });
});

describe("which file it is", () => {
  const read = (argv: readonly string[], env: Env): readonly string[] => {
    const asked: string[] = [];
    parseConfig(argv, env, (path) => {
      asked.push(path);
      return "";
    });
    return asked;
  };
  test.each([
    ["none", [], {}, []],
    ["the flag's", ["--config", "a"], {}, ["a"]],
    ["the last flag's", ["--config", "a", "--config=b"], {}, ["b"]],
    ["the variable's", [], { MINI_HTTP_CONFIG: "a" }, ["a"]],
    ["none of a variable that is empty", [], { MINI_HTTP_CONFIG: "" }, []],
    ["the flag's before the variable's", ["--config", "b"], { MINI_HTTP_CONFIG: "a" }, ["b"]],
    ["that of a run, and not of its command", ["run", "--config", "a", "--", "x", "--config", "b"], {}, ["a"]],
    ["that of a health check", ["healthcheck", "--config", "a"], {}, ["a"]],
    ["none for the help", ["--config", "a", "--help"], {}, []],
    ["none for the version", ["-V"], { MINI_HTTP_CONFIG: "a" }, []],
  ])("%s", (_, argv, env, asked) => {
    expect(read(argv, env as Env)).toEqual(asked);
  });

  test("a health check asks where the file says", () => {
    const intent = parseConfig(["healthcheck", "--config", "a"], {}, () => 'host = "::1"\nport = 81');
    expect(intent).toMatchObject({ kind: "healthcheck", port: 81 });
  });

  test("one that cannot be had is a mistake", () => {
    const intent = parseConfig(["--config", "a"], {}, () => new UsageError("It is gone."));
    expect(intent).toEqual({ kind: "usage-error", line: "It is gone. Try --help." });
    expect(parseConfig(["--config", ""], {})).toMatchObject({
      line: "--config must be a path, not empty. Try --help.",
    });
  });
});

describe("a path begins at the folder of the file", () => {
  const cases: [path: string, text: string, expected: string][] = [
    ["/etc/mini/http.toml", 'directory = "files"', "/etc/mini/files"],
    ["/etc/mini/http.toml", 'directory = "."', "/etc/mini"],
    ["/etc/mini/http.toml", 'directory = "../srv"', "/etc/srv"],
    ["/etc/mini/http.toml", 'directory = "/srv"', "/srv"],
    ["conf/http.toml", 'directory = "files"', "conf/files"],
    ["../http.toml", 'directory = "files"', "../files"],
    ["http.toml", 'directory = "files"', "files"],
    ["http.toml", 'directory = "-odd"', "-odd"],
  ];
  test.each(cases)("%s: %s", (path, text, expected) => {
    expect(settings(text, [], {}, path).directory).toBe(expected);
  });

  test("of every flag that takes one", () => {
    const rows = [...ALL_FLAGS.values()].filter((row) => inFolder(row, "/a", "b") === "/a/b" && row.flag !== "config");
    expect(rows.length).toBeGreaterThan(6);
    for (const { flag } of rows) {
      const file = readConfigFile("/etc/mini/http.toml", `${flag} = "x/y"`);
      expect((file as ConfigFile).texts.get(flag), flag).toEqual({ key: flag, line: 1, text: "/etc/mini/x/y" });
    }
  });

  test("of a unix socket too, which is a host among others", () => {
    const hosts = 'host = ["localhost", "unix:run/s", "unix:/run/s", "unix:@s"]';
    const there = ["localhost", "unix:/etc/mini/run/s", "unix:/run/s", "unix:@s"];
    expect(settings(hosts, [], {}, "/etc/mini/http.toml").hosts).toEqual(there);
  });

  test.each([
    ['host = "localhost, unix:run/s,unix:@s"', ["localhost", "unix:/etc/mini/run/s", "unix:@s"]],
    ['host = ["unix:a, unix:b", "::1"]', ["unix:/etc/mini/a", "unix:/etc/mini/b", "::1"]],
    ['bind = "unix:a"', ["unix:/etc/mini/a"]],
  ])("of each unix socket in a text with commas: %s", (text, there) => {
    expect(settings(text).hosts).toEqual(there);
  });

  test("one of the command line or the environment begins where the program was started", () => {
    expect(settings('directory = "a"', ["-d", "b"]).directory).toBe("b");
    expect(settings('directory = "a"', [], { MINI_HTTP_DIRECTORY: "b" }).directory).toBe("b");
  });
});

describe("a mistake has file, line and key", () => {
  const cases: [text: string, sentence: string][] = [
    ["\nport = 70000", ':2: port must be a whole number from 0 to 65535, not "70000".'],
    ["port = -1", ':1: port must be a whole number from 0 to 65535, not "-1".'],
    ["port = true", ":1: port must be a whole number, or a text in quotes, not true."],
    ["port = [80]", ":1: port must be a whole number, or a text in quotes, not a list."],
    ["port = 80.5", ":1: port must be a whole number, or a text in quotes, not 80.5."],
    ["port = inf", ":1: port must be a whole number, or a text in quotes, not Infinity."],
    ["port = 1979-05-27", ":1: port must be a whole number, or a text in quotes, not a date or time."],
    ["grace = 07:32:00", ":1: grace must be a whole number, or a text in quotes, not a date or time."],
    ['grace = "5x"', ':1: grace must be a duration such as 500ms, 10s or 2m, not "5x".'],
    ["port.number = 80", ":1: port must be a whole number, or a text in quotes, not a table."],
    ["port = { number = 80 }", ":1: port must be a whole number, or a text in quotes, not a table."],
    ['quiet = "yes"', ":1: quiet must be true or false, not a text."],
    ["quiet = 1", ":1: quiet must be true or false, not 1."],
    ["host = 1", ':1: host must be a text in quotes, or a list such as ["...", "..."], not 1.'],
    ['bind = ":::"', ':1: bind must be a name or an address such as localhost, 0.0.0.0 or ::1, not ":::".'],
    ["chmod = 0o644", ":1: chmod must be a text in quotes, not 420."],
    ["tls = true", ":1: tls must be a text in quotes, not true."],
    ["cors = true", ':1: cors must be a text in quotes, or a list such as ["...", "..."], not true.'],
    [
      "cors = [1]",
      ':1: cors must be a text in quotes, or a list such as ["...", "..."], not a list of something else.',
    ],
    ['cors = ["x"]', ':1: cors must be an origin such as https://app.example.org, not "x".'],
    ["token = 12345678", ':1: token must be a text in quotes, or a list such as ["...", "..."], not a number.'],
    ['directory = ""', ":1: directory must be the path of a folder, not empty."],
    ['log-file = ""', ":1: log-file must be a path, not empty."],
    ["prot = 80", ':1: There is no key "prot"; did you mean port?'],
    ["--port = 80", ':1: There is no key "--port"; did you mean port?'],
    ["max_body_size = 80", ':1: There is no key "max_body_size"; did you mean max-body-size?'],
    ["xyzzy = 80", ':1: There is no key "xyzzy".'],
    ['"\\u001b[31m" = 80', ':1: There is no key "?[31m".'],
    ["__proto__ = 80", ':1: There is no key "__proto__".'],
    ['"" = 80', ':1: There is no key "".'],
    ["port = 80\n# again\nport = 81", ":3: port is set in line 1 already."],
    ["cors = []\ncors = []", ":2: cors is set in line 1 already."],
    ['host = "a"\nbind = "b"', ":2: bind is another name for --host, which host sets in line 1 already."],
    ['config = "other.toml"', ":1: config has its place on the command line, not in a file."],
    ["help = true", ":1: help has its place on the command line, not in a file."],
    ["version = true", ":1: version has its place on the command line, not in a file."],
    ["[server]\nport = 80", ":1: There are no tables here: each key stands alone, as the flag is called."],
    ["port = 10M", ":1: port has no value of TOML: Unexpected character after a value: 'M'. Texts stand in quotes."],
    ["port 80", ":1: Expected '=' after a key but found '8'."],
  ];
  test.each(cases)("%j", (text, sentence) => {
    expect(usageError(text)).toBe(`/etc/mini/http.toml${sentence} Try --help.`);
  });

  test("a long path as a whole", () => {
    const path = `/${"long/".repeat(100)}http.toml`;
    expect(usageError("x", path)).toStartWith(`${path}:1: `);
  });

  test("a path for a terminal", () => {
    expect(usageError("x", "\u001b[31m.toml")).toStartWith("?[31m.toml:1: ");
  });

  test("and no secret", () => {
    for (const row of ["auth", "token"]) {
      for (const value of ["hunter2", '"hunter2', '["hunter2", 3]', '["x"', "['x' hunter2]"]) {
        expect(usageError(`${row} = ${value}`)).not.toContain("hunter2");
      }
    }
  });
});

describe("a contradiction says which keys have part in it", () => {
  const cases: [argv: string[], text: string, sentence: string][] = [
    [
      [],
      "read-only = true\nupload-only = true",
      "--read-only and --upload-only contradict each other; leave one out. /f:1 sets read-only. /f:2 sets upload-only.",
    ],
    [
      ["--read-only"],
      "\nupload-only = true",
      "--read-only and --upload-only contradict each other; leave one out. /f:2 sets upload-only.",
    ],
    [[], 'tls-key = "k"', "--tls-key needs --tls-cert. /f:1 sets tls-key."],
    [["--tmp"], 'directory = "k"', "--tmp makes the folder; leave out DIRECTORY. /f:1 sets directory."],
  ];
  test.each(cases)("%j %j", (argv, text, sentence) => {
    expect(parse(text, argv, {}, "/f")).toEqual({ kind: "usage-error", line: `${sentence} Try --help.` });
  });

  test("with a run", () => {
    const intent = parseConfig(["run", "--config", "/f", "--", "true"], {}, () => "\nmax-requests = 1");
    const line = "run ends with its command; leave out --max-requests. /f:2 sets max-requests. Try --help.";
    expect(intent).toEqual({ kind: "usage-error", line });
  });

  test("that a flag can take back", () => {
    expect(settings("read-only = true", ["--upload-only", "--read-only=no"]).files.uploadOnly).toBe(true);
  });
});

test("every flag but those of a person has a key, and takes numbers or texts where its value is one", () => {
  for (const [flag, row] of ALL_FLAGS) {
    const line = (value: string): string => JSON.stringify(parse(`${flag} = ${value}`));
    if (["config", "help", "version", "print-config"].includes(flag)) expect(line("true")).toContain("command line");
    else if (row.isList) expect(line("1")).toContain("must be a text in quotes, or a list");
    else if (row.placeholder === null) expect(line("1")).toContain("must be true or false");
    else if (takesNumber(row)) expect(line("true")).toContain("must be a whole number");
    else expect(line("1")).toContain("must be a text");
    // A default that is a number means a number can be said, save for modes, whose digits are octal.
    if (typeof row.preset === "number") expect(takesNumber(row), flag).toBe(row.placeholder !== "MODE");
  }
});
