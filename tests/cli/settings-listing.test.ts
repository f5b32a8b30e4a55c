import { describe, expect, test } from "bun:test";
import { inFolder } from "../../src/cli/flag-row.ts";
import { ALL_FLAGS, CONFIG_FLAGS, QUESTION_FLAGS } from "../../src/cli/flags.ts";
import { listSettings } from "../../src/cli/settings-listing.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { COMPANIONS, SAMPLES } from "../support/flag-samples.ts";

type Env = Readonly<Record<string, string>>;

/** What --print-config prints at /work. */
function listing(argv: readonly string[], env: Env = {}, file = ""): string {
  const intent = parseConfig([...argv, "--print-config"], env, () => file);
  if (intent.kind !== "print-config") throw new Error(JSON.stringify(intent));
  return listSettings(intent.settings, "/work");
}

function settings(argv: readonly string[], file = ""): Config {
  const intent = parseConfig(argv, {}, () => file);
  if (intent.kind !== "serve") throw new Error(JSON.stringify(intent));
  return intent.config;
}

/** The line of a flag, whether it sets it or not. */
function lineOf(flag: string, text: string): string {
  return text.split("\n").find((line) => line.replace(/^# /, "").startsWith(`${flag} = `)) ?? "";
}

/** Those that a file can hold. */
const rows = [...ALL_FLAGS.values()].filter(
  (row) => ![CONFIG_FLAGS, QUESTION_FLAGS].some((table) => Object.values<unknown>(table).includes(row)),
);

describe("what is printed reads back as the same settings", () => {
  const shown = rows.filter(({ isSecret }) => !isSecret).map((row): [string, typeof row] => [row.flag, row]);

  test.each(shown)("with --%s", (flag, row) => {
    const sample = row.placeholder === null ? "yes" : SAMPLES[row.placeholder]!;
    const words = [`--${flag}=${inFolder(row, "/a", "b") === "/a/b" ? `/${sample}` : sample}`];
    if (flag in COMPANIONS) words.push(COMPANIONS[flag]!.replace("c.pem", "/c.pem"));
    const text = listing(words);
    expect(lineOf(flag, text)).toEndWith("  # flag");
    expect(settings(["--config", "/x/http.toml"], text)).toEqual(settings(words));
  });

  const cases: [why: string, words: string[]][] = [
    ["of nobody", []],
    ["of a switch that says no", ["--quiet=no", "--no-listing=no"]],
    ["of a list with several items", ["--allowed-host", "a,b", "--allowed-host", "c"]],
    ["of a field with commas and quotes", ["--header", 'X-A: a, "b" \\ c', "--header", "X-B: d"]],
    ["of a folder whose name needs escapes", ["-d", "/a\n\u007f\u202e\u0085\"'\\\u{1f4a9}#"]],
    ["of a folder given alone", ["/a b"]],
    ["of a drop box", ["--upload-only"]],
    ["of a cache", ["--evict", "1M"]],
    ["of a number with zeros before it", ["--port", "0080"]],
    ["of a count that is a word", ["--workers", "auto"]],
  ];
  test.each(cases)("%s", (_, words) => {
    const text = listing(words);
    expect(settings(["--config", "/x/http.toml"], text)).toEqual(settings(words));
    // What reads back is printed the same again, but for where it comes from.
    const again = listing(["--config", "/x/http.toml"], {}, text);
    const bare = (each: string): string => each.replace(/ {2}# .*/g, "");
    expect(bare(again)).toBe(bare(text));
  });
});

describe("each line says where its value comes from", () => {
  const FILE = '# mine\nport = 81\nbind = "::1"\nlog-file = "log"\ncors = []';
  const cases: [why: string, argv: string[], env: Env, flag: string, line: string][] = [
    ["the default", [], {}, "port", "port = 4221  # default"],
    ["a default with a unit", [], {}, "grace", 'grace = "9s"  # default'],
    ["a list of nothing", [], {}, "cors", "cors = []  # default"],
    ["nothing", [], {}, "quota", "# quota = SIZE  # default"],
    ["no folder", [], {}, "directory", "# directory = DIR  # default"],
    ["plain connections", [], {}, "tls", "# tls = self-signed  # default"],
    ["a flag", ["-p", "80"], {}, "port", "port = 80  # flag"],
    ["an alias", ["--bind", "::1"], {}, "host", 'host = ["::1"]  # flag'],
    ["DIRECTORY, from where the program was started", ["a"], {}, "directory", 'directory = "/work/a"  # DIRECTORY'],
    ["a variable", [], { MINI_HTTP_PORT: "80" }, "port", "port = 80  # environment MINI_HTTP_PORT"],
    ["an alias as variable", [], { MINI_HTTP_BIND: "a" }, "host", 'host = ["a"]  # environment MINI_HTTP_BIND'],
    ["the file", ["--config", "/x/y.toml"], {}, "port", "port = 81  # /x/y.toml:2"],
    ["an alias in the file", ["--config", "/x/y.toml"], {}, "host", 'host = ["::1"]  # /x/y.toml:3'],
    ["a path of the file", ["--config", "/x/y.toml"], {}, "log-file", 'log-file = "/x/log"  # /x/y.toml:4'],
    ["a path of a file near by", ["--config", "y.toml"], {}, "log-file", 'log-file = "/work/log"  # y.toml:4'],
    ["the flag before the file", ["--config", "y", "-p", "1"], {}, "port", "port = 1  # flag"],
    ["an empty list of the file", ["--config", "y.toml"], {}, "cors", "cors = []  # default"],
    ["another flag", ["--upload-only"], {}, "on-duplicate", 'on-duplicate = "rename"  # since --upload-only'],
    ["the cache", ["--evict=1M"], {}, "max-body-size", 'max-body-size = "1M"  # since --evict'],
    ["a file with an odd name", ["--config", "a\nport = 1"], {}, "port", "port = 81  # a?port = 1:2"],
  ];
  test.each(cases)("%s", (_, argv, env, flag, line) => {
    expect(lineOf(flag, listing(argv, env, FILE))).toBe(line);
  });

  test("of a run, what the command prefers", () => {
    const intent = parseConfig(["run", "--print-config", "--", "true"], {});
    if (intent.kind !== "print-config") throw new Error(intent.kind);
    expect(lineOf("port", listSettings(intent.settings, "/"))).toBe("port = 0  # run");
  });

  test("every flag has a line, and no other has", () => {
    const text = listing([]);
    for (const { flag } of rows) expect(lineOf(flag, text), flag).not.toBe("");
    for (const flag of ["config", "print-config", "help", "version"]) expect(lineOf(flag, text)).toBe("");
  });
});

describe("no secret is printed, and its line sets nothing:", () => {
  const cases: [why: string, argv: string[], env: Env, line: string][] = [
    ["a password", ["--auth", "bob:hunter2"], {}, "# auth = [1 masked]  # flag; secret, so this line does not set it"],
    [
      "two in a variable",
      [],
      { MINI_HTTP_AUTH: "a:hunter2\nb:hunter2" },
      "# auth = [2 masked]  # environment MINI_HTTP_AUTH; ",
    ],
    ["one in a file", ["--config", "y"], {}, "# token = [1 masked]  # y:1; "],
  ];
  test.each(cases)("%s", (_, argv, env, line) => {
    const text = listing(argv, env, 'token = ["hunter2hunter2hunter2"]');
    expect(text).toContain(line);
    expect(text).not.toContain("hunter2");
    expect(settings(["--config", "z"], text).access.auth).toEqual([]);
  });

  test("none in any flag that may hold one", () => {
    const secret = rows.filter(({ isSecret }) => isSecret);
    expect(secret.length).toBeGreaterThan(1);
    for (const { flag } of secret) expect(listing([`--${flag}`, "bob:hunter2hunter2x"])).not.toContain("hunter2");
  });
});

describe("a mistake is none the less one", () => {
  test.each([
    ["in a flag", ["--port", "x"], ""],
    ["in a file", ["--config", "y"], "port = 70000"],
    ["between two", ["--read-only", "--upload-only"], ""],
  ])("%s", (_, argv, file) => {
    expect(parseConfig([...argv, "--print-config"], {}, () => file).kind).toBe("usage-error");
  });

  test("help is asked for first, and no means no", () => {
    expect(parseConfig(["--print-config", "--help"], {}).kind).toBe("help");
    expect(parseConfig(["--print-config=no"], {}).kind).toBe("serve");
    expect(parseConfig([], { MINI_HTTP_PRINT_CONFIG: "yes" })).toMatchObject({
      kind: "serve",
      notes: [expect.any(String)],
    });
  });
});

test("what is worth a warning is told beside it", () => {
  const intent = parseConfig(["files", "--host", "0.0.0.0", "--print-config"], {});
  expect(intent).toMatchObject({ kind: "print-config", notes: [expect.stringContaining("may upload")] });
});
