// A newcomer's terminal: a copy of the project, a home of its own, and commands that are typed one after the other.

import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Subprocess } from "bun";
import manifest from "../../package.json" with { type: "json" };
import { freePort } from "../support/free-port.ts";
import { programEnvironment } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ROOT } from "./markdown.ts";

/** What the commands use of the project; of its tests only those that take no time. */
const COPIED = [
  "src",
  "tests/http",
  "tests/support",
  "build.sh",
  "bunfig.toml",
  "package.json",
  "README.md",
  "LICENSE",
];
/** The port where it is written as one: behind a colon, or as an argument of its own. */
const SHOWN_PORT = /(?<=:|localhost )4221\b/g;
const POLL_MS = 5;

/** What a command left behind. */
export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

/** Disposing of it stops the server that runs and removes everything. */
export class Shell implements AsyncDisposable {
  readonly #outer = tempFolder();
  readonly #project = join(this.#outer.path, "mini-http");
  readonly #home = join(this.#outer.path, "home");
  readonly #port = String(freePort());
  #server: Subprocess<"ignore", "pipe", "pipe"> | null = null;

  constructor() {
    for (const path of COPIED) {
      mkdirSync(dirname(join(this.#project, path)), { recursive: true });
      cpSync(join(ROOT, path), join(this.#project, path), { recursive: true });
    }
    const bin = join(this.#home, "bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(process.execPath, join(bin, "bun"));
    // Only what npx would fetch: nothing comes from the network here, and no other program is run.
    const npx = `#!/bin/sh\n[ "$1 $2" = "--yes ${manifest.packageManager}" ] || exit 99\nshift 2\nexec bun "$@"\n`;
    writeFileSync(join(bin, "npx"), npx);
    chmodSync(join(bin, "npx"), 0o755);
    // An answer of 400 or more is a failure of the command.
    writeFileSync(join(this.#home, ".curlrc"), "fail\nsilent\nshow-error\n");
  }

  /** Runs a command to its end. Only the port is another than the one that is written. */
  async run(command: string): Promise<Outcome> {
    const child = this.#spawn(command);
    const [exitCode, out, error] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    return { exitCode, output: out + error };
  }

  /** Starts a server in the place of the one before, and resolves with its log when it listens. */
  async serve(command: string): Promise<string> {
    await this.stopServer();
    const child = this.#spawn(command);
    this.#server = child;
    const decoder = new TextDecoder();
    let log = "";
    const reading = (async (): Promise<void> => {
      for await (const bytes of child.stderr) log += decoder.decode(bytes, { stream: true });
    })();
    while (!log.includes("Listening on") && child.exitCode === null) await Bun.sleep(POLL_MS);
    if (child.exitCode !== null) await reading;
    return log;
  }

  /** Ends the server as Ctrl-C does: the whole group gets the signal. */
  async stopServer(): Promise<void> {
    const child = this.#server;
    this.#server = null;
    if (child === null || child.exitCode !== null) return;
    process.kill(-child.pid, "SIGINT");
    await child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServer();
    this.#outer[Symbol.dispose]();
  }

  #spawn(command: string): Subprocess<"ignore", "pipe", "pipe"> {
    const home = this.#home;
    const path = [join(home, "bin"), join(home, ".local/bin"), process.env["PATH"]].join(":");
    return Bun.spawn(["bash", "-c", command.replaceAll(SHOWN_PORT, this.#port)], {
      cwd: this.#project,
      env: { ...programEnvironment(), PATH: path, HOME: home, CURL_HOME: home, MINI_HTTP_PORT: this.#port },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  }
}
