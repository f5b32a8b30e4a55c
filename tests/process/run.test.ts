// `mini-http run`: a server for as long as a command runs.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { COMMAND, programEnvironment, RunningProgram, runProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({ linux: true, programs: ["sh", "curl"] });

/** Open files beside the standard ones that are somebody else's. */
const FOREIGN = " ([3-9]|[0-9]{2,}) -> (socket|.*deleted)";

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when a process has no child any more: `run` waits for what is in hand. */
async function untilGone(pid: number): Promise<void> {
  await until(() => childrenOf(pid) === "");
}

/** Their numbers, with spaces between them. */
function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
}

async function run(flags: readonly string[], script: string, input = ""): Promise<Ran> {
  const child = Bun.spawn([...COMMAND, "run", ...flags, "--", "sh", "-c", script], {
    env: programEnvironment(),
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE_MS,
  });
  const [exitCode, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { exitCode, stdout, stderr };
}

describe.skipIf(skip)("the command", () => {
  const cases: [what: string, flags: string[], script: string, exitCode: number, stdout: string][] = [
    ["finds the server", [], `curl -sS "$MINI_HTTP_URL/echo/hello"`, 0, "hello"],
    ["finds workers", ["--workers", "2"], `curl -sS "$MINI_HTTP_URL/echo/hello"`, 0, "hello"],
    ["finds one on every address", ["--host", "0.0.0.0"], `curl -sS "$MINI_HTTP_URL/echo/hello"`, 0, "hello"],
    [
      "finds the first of several hosts",
      ["-b", "::,localhost"],
      `echo "$MINI_HTTP_URL" | cut -d: -f2`,
      0,
      "//localhost\n",
    ],
    [
      "finds a secure one, and what proves it",
      ["--tls", "self-signed"],
      `curl -sS --cacert "$MINI_HTTP_CA_FILE" "$MINI_HTTP_URL/echo/hello"; printf %.8s "$MINI_HTTP_URL"`,
      0,
      "hellohttps://",
    ],
    [
      "shares a folder with it",
      ["--tmp"],
      `echo x > "$MINI_HTTP_DIRECTORY/f"; curl -sS "$MINI_HTTP_URL/files/f"`,
      0,
      "x\n",
    ],
    ["is told of no folder when there is none", [], `echo "$MINI_HTTP_DIRECTORY"`, 0, "\n"],
    ["reads its own input", [], "cat", 0, "input"],
    ["ends with its exit code", [], "exit 7", 7, ""],
    ["ends with the highest exit code", [], "exit 255", 255, ""],
    ["is killed", [], "kill -KILL $$", 137, ""],
    ["is ended", [], "kill -TERM $$", 143, ""],
    ["breaks a pipe", [], "kill -PIPE $$", 141, ""],
    ["leaves somebody behind who holds its output", [], "sleep 200 >&- 2>&- & exit 3", 3, ""],
    ["inherits no socket and no memory", ["--workers", "2"], `ls -l /proc/self/fd | grep -E '${FOREIGN}'`, 1, ""],
  ];
  test.each(cases)("%s", async (_what, flags, script, exitCode, stdout) => {
    const ran = await run(flags, script, "input");
    expect([ran.exitCode, ran.stdout]).toEqual([exitCode, stdout]);
    const told = flags.some((flag) => flag === "--tls" || flag === "--host") ? /^(?:\S+ \S+ \[WARNING\] .*\n)*$/ : /^$/;
    expect(ran.stderr).toMatch(told);
  });

  test("may leave somebody behind: nobody waits for who only holds the output", async () => {
    const child = Bun.spawn([...COMMAND, "run", "--", "sh", "-c", "sleep 200 & echo $!; exit 3"], {
      env: programEnvironment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: PATIENCE_MS,
    });
    expect(await child.exited).toBe(3);
    const { value } = await child.stdout.getReader().read();
    process.kill(Number(Buffer.from(value!).toString()), "SIGKILL");
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1"] as const)(
    "gets %s, and says what it means",
    async (signal) => {
      const script = `trap 'echo heard; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
      const child = Bun.spawn([...COMMAND, "run", "--", "sh", "-c", script], {
        env: programEnvironment(),
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        timeout: PATIENCE_MS,
      });
      let said = "";
      for await (const bytes of child.stdout) {
        said += Buffer.from(bytes).toString();
        if (said === "ready\n") child.kill(signal);
      }
      expect([said, await child.exited, await child.stderr.text()]).toEqual(["ready\nheard\n", 5, ""]);
    },
  );

  test("that does not hear a signal ends by it, and so does the server", async () => {
    const child = Bun.spawn([...COMMAND, "run", "--", "sh", "-c", "echo ready; exec sleep 200"], {
      env: programEnvironment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    await child.stdout.getReader().read();
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "is not left to itself when %s comes while the workers start",
    async (signal) => {
      const words = ["run", "--tmp", "--workers", "2", "--", "sh", "-c", "sleep 0.3; echo alone"];
      const child = Bun.spawn([...COMMAND, ...words], {
        env: programEnvironment(),
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
        timeout: PATIENCE_MS,
      });
      await until(() => childrenOf(child.pid) !== "");
      child.kill(signal);
      expect([await child.exited, await child.stdout.text()]).toEqual([128 + constants.signals[signal], ""]);
    },
  );

  const handed: [what: string, line: string, said: string][] = [
    ["at descriptor 3", `"$@" cat /proc/self/fd/3 3< <(echo three)`, "three\n"],
    ["with gaps between them", `"$@" sh -c 'cat <&9 <&5; ls /proc/self/fd | wc -l' 5<<<five 9</dev/null`, "five\n6\n"],
    ["that bash has made of other commands", `"$@" cat <(echo one) <(echo two)`, "one\ntwo\n"],
    ["to write to", `{ "$@" sh -c 'echo four >&4' 4>&1 >/dev/null; } | cat`, "four\n"],
  ];
  test.each(handed)("has the open files of its starter %s", async (_what, line, said) => {
    for (const flags of [[], ["--workers", "2", "--tmp"]]) {
      const words = ["bash", "-c", line, "bash", ...COMMAND, "run", ...flags, "--"];
      const child = Bun.spawn(words, { env: programEnvironment(), timeout: PATIENCE_MS, stderr: "pipe" });
      expect([await child.stdout.text(), await child.stderr.text()]).toEqual([said, ""]);
    }
  });

  test.skipIf(needs({ programs: ["make"] }).skip)("shares the jobs of the make that started it", async () => {
    using folder = tempFolder();
    const makefile = 'all:\n\t+@"$$@" run -- $(MAKE) -f $(word 1,$(MAKEFILE_LIST)) inner\ninner:\n\t@echo done\n';
    writeFileSync(join(folder.path, "makefile"), makefile.replace('"$$@"', COMMAND.join(" ")));
    const child = Bun.spawn(["make", "-s", "-j2", "-f", join(folder.path, "makefile")], {
      env: programEnvironment(),
      stderr: "pipe",
      timeout: PATIENCE_MS,
    });
    expect([await child.stdout.text(), await child.stderr.text()]).toEqual(["done\n", ""]);
  });

  const ignored: [what: string, before: string, signals: NodeJS.Signals[]][] = [
    ["under nohup", 'trap "" HUP', ["SIGHUP"]],
    ["in the background of a script", 'trap "" INT QUIT', ["SIGINT", "SIGQUIT"]],
    ["by whoever wants it deaf", 'trap "" TERM HUP USR1', ["SIGTERM", "SIGHUP", "SIGUSR1"]],
  ];
  test.each(ignored)(
    "that was started %s ignores what it should, and so does the server",
    async (_w, before, signals) => {
      const script = "sed -n 's/SigIgn:.//p' /proc/self/status; read -r line; exit 5";
      const child = Bun.spawn(
        ["bash", "-c", `${before}; exec "$@"`, "bash", ...COMMAND, "run", "--", "sh", "-c", script],
        {
          env: programEnvironment(),
          stdin: "pipe",
          stdout: "pipe",
          stderr: "pipe",
          timeout: PATIENCE_MS,
        },
      );
      const { value } = await child.stdout.getReader().read();
      const set = signals.reduce((all, signal) => all | (1n << BigInt(constants.signals[signal] - 1)), 0n);
      expect(BigInt(`0x${Buffer.from(value!).toString().trim()}`)).toBe(set);
      for (const signal of signals) child.kill(signal);
      child.stdin.write("go on\n");
      await child.stdin.end();
      expect([await child.exited, await child.stderr.text()]).toEqual([5, ""]);
    },
  );

  const asked: [first: NodeJS.Signals, second: NodeJS.Signals][] = [
    ["SIGINT", "SIGINT"],
    ["SIGTERM", "SIGINT"],
    ["SIGQUIT", "SIGTERM"],
  ];
  test.each(asked)("may leave something in hand: %s lets it finish, %s behind that does not", async (first, second) => {
    using place = tempFolder();
    const upload = `head -c 100000 /dev/zero | curl -sS --limit-rate 1k -T - "$MINI_HTTP_URL/files/f"`;
    const untilThere = `until ls -A "$MINI_HTTP_DIRECTORY" | grep -q .; do sleep 0.02; done`;
    const script = `${upload} 2>&- >&- & ${untilThere}; echo ended; exit 3`;
    const child = Bun.spawn([...COMMAND, "run", "--tmp", "--grace", "60s", "--", "sh", "-c", script], {
      env: programEnvironment({ TMPDIR: place.path }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: PATIENCE_MS,
    });
    await child.stdout.getReader().read();
    await untilGone(child.pid);
    child.kill(first);
    await Bun.sleep(100);
    expect(child.exitCode).toBeNull();
    // Two of one kind are one to a system that has not delivered the first yet.
    await until(() => (child.kill(second), child.exitCode !== null));
    expect([await child.exited, readdirSync(place.path)]).toEqual([3, []]);
  });

  test("leaves no file behind", async () => {
    using place = tempFolder();
    await runProgram(["run", "--tmp", "--tls", "self-signed", "--", "true"], { env: { TMPDIR: place.path } });
    expect(readdirSync(place.path)).toEqual([]);
  });

  test("hears of the server when it is asked to: --quiet=no", async () => {
    expect((await run(["--quiet=no"], `curl -sS "$MINI_HTTP_URL/echo/a"`)).stderr).toContain("[SERVER STARTED]");
  });

  const inner = (...words: string[]): string[] => [...COMMAND, "run", ...words];
  const nested: [what: string, outer: string[], command: string[], stdout: RegExp][] = [
    ["another one", [], inner("--", "sh", "-c", 'curl -sS "$MINI_HTTP_URL/echo/a"'), /^a$/],
    [
      "another one with a folder of its own",
      ["--tmp"],
      inner("--tmp", "--", "sh", "-c", "echo $MINI_HTTP_DIRECTORY"),
      /^\/.+\n$/,
    ],
    [
      "one that serves nothing",
      ["--tmp"],
      inner("--", "sh", "-c", 'curl -sS "$MINI_HTTP_URL/files/"'),
      /^No directory is served/,
    ],
    ["one that was told of no folder", ["--tmp"], inner("--", "sh", "-c", "echo [$MINI_HTTP_DIRECTORY]"), /^\[\]\n$/],
    [
      "one that needs no certificate",
      ["--tls", "self-signed"],
      inner("--", "sh", "-c", "echo [$MINI_HTTP_CA_FILE]"),
      /^\[\]\n$/,
    ],
    [
      "a third one",
      ["--tmp"],
      inner("--tmp", "--", ...inner("--", "sh", "-c", 'curl -sS "$MINI_HTTP_URL/files/"')),
      /^No directory/,
    ],
  ];
  test.each(nested)("may be %s", async (_what, outer, command, stdout) => {
    const ran = await runProgram(["run", ...outer, "--", ...command]);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(stdout);
    // What the outer one says of its certificate, and nothing else.
    expect(ran.stderr).toMatch(outer.includes("--tls") ? /^(?:.*self-signed.*\n.*pinnedpubkey.*\n)$/ : /^$/);
  });

  test("gets none of the variables that set flags of the server, and all others", async () => {
    const port = freePort();
    const env = {
      MINI_HTTP_PORT: String(port),
      MINI_HTTP_BIND: "127.0.0.1",
      MINI_HTTP_AUTH: "ada:secret@/:rw",
      MINI_HTTP_LOG_FORMAT: "json",
      MINI_HTTP_SERVICE_HOST: "10.0.0.1",
      MINI_HTTP_OWN_THING: "own",
      NOT_MINI_HTTP_PORT: "7",
    };
    const script = `env | grep MINI_HTTP | sort; ${COMMAND.join(" ")} run -- sh -c 'echo $MINI_HTTP_URL'`;
    const { exitCode, stdout } = await runProgram(["run", "--", "sh", "-c", script], { env });
    const lines = stdout.trimEnd().split("\n");
    const own = `http://127.0.0.1:${port}`;
    expect(lines.slice(0, -1)).toEqual([
      "MINI_HTTP_OWN_THING=own",
      "MINI_HTTP_SERVICE_HOST=10.0.0.1",
      `MINI_HTTP_URL=${own}`,
      "NOT_MINI_HTTP_PORT=7",
    ]);
    expect([exitCode, lines.at(-1) === own]).toEqual([0, false]);
  });

  test("sets what it likes for another one", async () => {
    using place = tempFolder();
    writeFileSync(join(place.path, "there"), "there");
    const script = `MINI_HTTP_DIRECTORY=${place.path} ${COMMAND.join(" ")} run -- sh -c 'curl -sS $MINI_HTTP_URL/files/there'`;
    expect((await runProgram(["run", "--tmp", "--", "sh", "-c", script])).stdout).toBe("there");
  });
});

describe.skipIf(skip)("no command runs", () => {
  const faults: [what: string, words: string[], exitCode: number, line: RegExp][] = [
    ["when there is none of that name", ["--", "no-such-program"], 127, /There is no program "no-such-program"\./],
    ["when it is no program", ["--", "/etc/passwd"], 126, /"\/etc\/passwd" cannot be run/],
    ["when it is a folder", ["--", "/tmp"], 126, /"\/tmp" cannot be run/],
    ["when none is given", [], 2, /run needs a command behind "--"/],
    ["when none follows the dashes", ["--"], 2, /run needs a command behind "--"/],
    ["when the dashes are missing", ["true"], 2, /run needs a command behind "--"/],
    ["after a mistake in a flag", ["--bogus", "--", "echo", "x"], 2, /Unknown flag --bogus/],
    ["when the folder cannot be served", ["/etc/passwd", "--", "echo", "x"], 2, /is not a folder/],
    ["beside --stop-after", ["--stop-after", "1s", "--", "echo", "x"], 2, /leave out --stop-after/],
    ["beside --max-requests", ["--max-requests", "1", "--", "echo", "x"], 2, /leave out --max-requests/],
    [
      "beside --exit-on-stdin-close",
      ["--exit-on-stdin-close", "--", "echo", "x"],
      2,
      /leave out --exit-on-stdin-close/,
    ],
    ["beside --tmp and a folder", ["--tmp", ".", "--", "echo", "x"], 2, /--tmp makes the folder/],
  ];
  test.each(faults)("%s", async (_what, words, exitCode, line) => {
    const ended = await runProgram(["run", ...words]);
    expect(ended).toMatchObject({ exitCode, stdout: "" });
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  test.skipIf(needs({ linux: true }).skip).each(["/nonexistent", "/proc", "/dev/null"])(
    "when its certificate has no place: TMPDIR=%s",
    async (place) => {
      const ended = await runProgram(["run", "--tls", "self-signed", "--", "echo", "x"], { env: { TMPDIR: place } });
      expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
      expect(ended.stderr).toMatch(/^mini-http: The certificate for the command needs a place.* set TMPDIR to one/m);
    },
  );

  test("when the port is taken", async () => {
    await using other = await RunningProgram.start();
    const ended = await runProgram(["run", "--port", String(other.port), "--", "echo", "x"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test("whose interpreter is missing: 127, as shells have it", async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "script"), "#!/no/such/interpreter\n", { mode: 0o755 });
    expect((await runProgram(["run", "--", join(folder.path, "script")])).exitCode).toBe(127);
  });
});
