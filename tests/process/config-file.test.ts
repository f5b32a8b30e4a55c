// --config and --print-config of a whole process.

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { untilOpen } from "../support/until-open.ts";

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

describe("a file of --config that is none ends the process with one line and 2:", () => {
  const cases: [why: string, make: (path: string) => void, words: string][] = [
    ["that is not there", () => {}, "does not exist. Try --help."],
    ["a pipe without a writer", (path) => Bun.spawnSync(["mkfifo", path]), "is no regular file. Try --help."],
    ["a folder", (path) => mkdirSync(path), "is no regular file. Try --help."],
    ["with a mistake", (path) => writeFileSync(path, "\nport = many"), ":2: port has no value of TOML: "],
  ];
  test.each(cases)("%s", async (why, make, words) => {
    const path = at(why.replaceAll(" ", "-"));
    make(path);
    for (const env of [{}, { MINI_HTTP_CONFIG: path }]) {
      const argv = "MINI_HTTP_CONFIG" in env ? ["--print-config"] : ["--config", path];
      const { exitCode, stdout, stderr } = await runProgram(argv, { env });
      expect({ exitCode, stdout, lines: stderr.trimEnd().split("\n").length }).toEqual({
        exitCode: 2,
        stdout: "",
        lines: 1,
      });
      expect(stderr).toStartWith("mini-http: ");
      expect(stderr).toContain(words);
    }
  });
});

test("--print-config prints settings on standard output, warnings on standard error, and ends with 0", async () => {
  writeFileSync(at("print.toml"), 'directory = "files"\nhost = "0.0.0.0"\n');
  const options = { cwd: folder.path, env: { MINI_HTTP_QIET: "1" } };
  const { exitCode, stdout, stderr } = await runProgram(
    ["--config", "print.toml", "--print-config", "-p", "81"],
    options,
  );
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`\ndirectory = "${folder.path}/files"  # print.toml:1\n`);
  expect(stdout).toContain("\nport = 81  # flag\n");
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^mini-http: Ignored in the environment.*MINI_HTTP_QIET/),
    expect.stringMatching(/^mini-http: Everyone who can reach 0\.0\.0\.0 may upload/),
  ]);
  writeFileSync(at("again.toml"), stdout);
  const again = await runProgram(["--config", "again.toml", "--print-config"], { cwd: folder.path });
  expect(again.stdout).toContain(`\ndirectory = "${folder.path}/files"  # again.toml:`);
  expect(again.exitCode).toBe(0);
});

test("a run serves what the file says", async () => {
  mkdirSync(at("served"));
  writeFileSync(at("served/hello"), "hello");
  writeFileSync(at("run.toml"), 'directory = "served"\n');
  const script = "console.log(await (await fetch(process.env.MINI_HTTP_URL + '/files/hello')).text())";
  const words = ["run", "--config", at("run.toml"), "--", process.execPath, "-e", script];
  expect(await runProgram(words)).toEqual({ exitCode: 0, stdout: "hello\n", stderr: "" });
});

describe("whoever starts the server is told", () => {
  const HASH = `$2b$10$${"a".repeat(53)}`;
  const READ = "can read the secrets in";
  const cases: [why: string, text: string, mode: number, words: string, isTold: boolean][] = [
    ["that others can read a password", 'auth = ["bob:pw"]', 0o644, READ, true],
    ["that others can read one password among hashes", `auth = ["ada:${HASH}", "bob:pw"]`, 0o604, READ, true],
    ["that others can read a token", 'token = ["0123456789abcdef"]', 0o644, READ, true],
    ["of no password that the group alone can read", 'auth = ["bob:pw"]', 0o640, READ, false],
    ["of no password that is the owner's", 'auth = ["bob:pw"]', 0o600, READ, false],
    ["of no hash", `auth = ["ada:${HASH}"]`, 0o644, READ, false],
    ["of nothing in a file without secrets", "port = 0", 0o644, "Other users", false],
    ["that others can change the file", "port = 0", 0o646, "can change", true],
  ];
  test.each(cases)("%s", async (_, text, mode, words, isTold) => {
    writeFileSync(at("mode.toml"), text);
    chmodSync(at("mode.toml"), mode);
    await using program = await RunningProgram.start(["--config", at("mode.toml")]);
    expect(program.log.includes(words)).toBe(isTold);
    expect(program.log).not.toContain("pw");
  });

  test.each([
    ["when it lies in the served folder", "open/c.toml", "open", true],
    ["when a link to it does", "open/link.toml", "open", true],
    ["and not when it lies beside it", "aside.toml", "open", false],
  ])("%s", async (_, file, directory, isTold) => {
    mkdirSync(at("open"), { recursive: true });
    writeFileSync(at("open/c.toml"), "");
    writeFileSync(at("aside.toml"), "");
    if (!existsSync(at("open/link.toml"))) symlinkSync(at("aside.toml"), at("open/link.toml"));
    await using program = await RunningProgram.start([at(directory), "--config", at(file)]);
    expect(program.log.includes("lies in the served folder, where others may read or replace it")).toBe(isTold);
  });
});

async function status(port: number, fields: string, path = "/files/"): Promise<number> {
  const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`;
  return Number((await exchange(port, head)).slice(9, 12));
}

/** A server with a file that a test changes. */
class ConfiguredServer {
  readonly program: RunningProgram;
  readonly path: string;

  private constructor(program: RunningProgram, path: string) {
    this.program = program;
    this.path = path;
  }

  static async start(workers: string, text: string, flags: readonly string[] = []): Promise<ConfiguredServer> {
    const path = at(`hang-up-${workers}.toml`);
    writeFileSync(path, text, { mode: 0o600 });
    const words = [folder.path, "--workers", workers, "--config", path, ...flags];
    return new ConfiguredServer(await RunningProgram.start(words), path);
  }

  /** Writes another text and gives what is logged about it. */
  async hangUp(text: string): Promise<string> {
    const before = this.program.log.length;
    writeFileSync(this.path, text);
    this.program.kill("SIGHUP");
    // The last line about a file that lies where these do, or the only one about a file with a mistake.
    const last = /(?:lies in the served folder|Nothing was read again).*\n/;
    return (await this.program.untilLog((log) => last.test(log.slice(before)))).slice(before);
  }

  /** The status for `bob` with this password. */
  async login(password: string): Promise<number> {
    const secret = Buffer.from(`bob:${password}`).toString("base64");
    return status(this.program.port, `Authorization: Basic ${secret}\r\n`);
  }

  /** Waits until all workers let everyone in there. */
  untilOpen(path: string): Promise<void> {
    return untilOpen(this.program.port, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

describe.each([
  ["one process", "1"],
  ["two workers", "2"],
])("SIGHUP, with %s,", (_, workers) => {
  const BOB = 'auth = ["bob:one"]';
  const TWO = 'auth = ["bob:two"]\nanonymous = ["ro@/two"]';

  test("takes up accounts and tokens, and takes them away", async () => {
    await using server = await ConfiguredServer.start(workers, BOB);
    expect(await server.login("one")).toBe(200);
    expect(await server.hangUp(`${TWO}\ntoken = ["0123456789abcdef"]`)).not.toContain("restart");
    await server.untilOpen("/files/two/");
    expect([await server.login("two"), await server.login("one")]).toEqual([200, 401]);
    expect(await status(server.program.port, "Authorization: Bearer 0123456789abcdef\r\n")).toBe(200);
    await server.hangUp('anonymous = ["ro@/"]');
    await server.untilOpen("/files/");
    expect(await server.login("two")).toBe(401);
  });

  test("names what waits for a restart in one line, and each time again", async () => {
    await using server = await ConfiguredServer.start(workers, `${BOB}\ngrace = "8s"`);
    for (let times = 0; times < 2; times++) {
      const log = await server.hangUp(`${TWO}\nread-only = true\ngrace = "7s"\n`);
      expect(log).toContain(`grace, read-only changed in ${server.path}: restart to use them.`);
      expect(log.match(/restart/g)).toHaveLength(1);
    }
    await server.untilOpen("/files/two/");
    expect(await server.login("two")).toBe(200);
    const log = await server.hangUp(`${TWO}\ngrace = "8s"\nmax-head = "16K"`);
    expect(log).toContain(`max-head changed in ${server.path}: restart to use it.`);
  });

  test("leaves everything as it was for a file with a mistake, and says where that is", async () => {
    await using server = await ConfiguredServer.start(workers, BOB);
    const cases: [text: string, words: string][] = [
      [`${TWO}\ngrace = "5x"`, ':3: grace must be a duration such as 500ms, 10s or 2m, not "5x".'],
      [`${TWO}\nprot = 1`, ':3: There is no key "prot"; did you mean port?'],
      ['auth = ["bob:two"\nport = 1', ":2: auth has no value of TOML"],
      ['\nauth = ["bob:two@/x:all"]', ":2 sets auth."],
      [`${TWO}\nauth-file = "none"`, "none cannot be read"],
      [`${TWO}\ntls-key = "k"`, ":3 sets tls-key."],
    ];
    for (const [text, words] of cases) {
      const log = await server.hangUp(text);
      expect(log).toContain("Nothing was read again, the server goes on as it was: ");
      expect(log).toContain(words);
      expect(log).not.toContain("--help");
    }
    expect([await server.login("one"), await server.login("two")]).toEqual([200, 401]);
    expect(server.program.log).not.toContain("bob:");
    await server.hangUp(TWO);
    await server.untilOpen("/files/two/");
    expect(await server.login("two")).toBe(200);
  });

  test("opens no server to everyone, and shuts none that is open", async () => {
    await using closed = await ConfiguredServer.start(workers, BOB);
    expect(await closed.hangUp("auth = []")).toContain(`auth changed in ${closed.path}: restart`);
    expect([await closed.login("one"), await status(closed.program.port, "")]).toEqual([200, 401]);
    await using open = await ConfiguredServer.start(workers, "");
    expect(await open.hangUp(BOB)).toContain(`auth changed in ${open.path}: restart`);
    expect(await status(open.program.port, "")).toBe(200);
  });

  test("does not take up what a flag overrules", async () => {
    await using server = await ConfiguredServer.start(workers, BOB, ["--auth", "bob:typed"]);
    expect(await server.hangUp('auth = ["bob:two"]\nport = 1')).not.toContain("restart");
    expect([await server.login("typed"), await server.login("two")]).toEqual([200, 401]);
  });

  test("opens the log again, too", async () => {
    const log = at(`log-${workers}`);
    await using server = await ConfiguredServer.start(workers, `log-file = "log-${workers}"`);
    renameSync(log, `${log}.old`);
    server.program.kill("SIGHUP");
    await untilFile(log, "was read again");
    expect(readFileSync(`${log}.old`, "utf8")).toContain("Listening");
  });
});

function untilFile(path: string, words: string): Promise<void> {
  return until(
    () => existsSync(path) && readFileSync(path, "utf8").includes(words),
    PATIENCE_MS,
    () => `${path} never said ${words}`,
  );
}
