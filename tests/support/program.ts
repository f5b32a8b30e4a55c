// Starts mini-http as users do: the compiled file that MINI_HTTP_BINARY names, or src/main.ts with this Bun;
// MINI_HTTP_SOURCE names the main.ts of another checkout.

import { resolve } from "node:path";
import type { Subprocess } from "bun";
import { PATIENCE_MS } from "./patience.ts";

const ROOT = resolve(import.meta.dir, "../..");
const BINARY = process.env["MINI_HTTP_BINARY"];

/** True when the compiled file is tested. */
export const IS_BINARY = BINARY !== undefined && BINARY !== "";

/** Keeps Bun from what lies in the current folder; the same as in the first line of src/main.ts. */
const HEED_NOTHING = ["--config=/dev/null", "--no-env-file", "--tsconfig-override=/dev/null"];

/** The words that start the program, from any folder. */
export const COMMAND: readonly string[] = IS_BINARY
  ? [resolve(ROOT, BINARY ?? "")]
  : [process.execPath, ...HEED_NOTHING, "run", resolve(ROOT, process.env["MINI_HTTP_SOURCE"] ?? "src/main.ts")];

/** How to start it. */
export interface ProgramOptions {
  /** Added to an environment that has no MINI_HTTP_ variable. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Bash before it becomes the program, such as `trap "" HUP` or `ulimit -n 64`. */
  readonly before?: string;
  /** Words before its own, of a program that becomes it with `exec`, such as `setpriv` or `prlimit`. */
  readonly under?: readonly string[];
  /** Of ours; it has them from 3 on. */
  readonly descriptors?: readonly number[];
}

/** What a program that ended by itself left behind. */
export interface FinishedProgram {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const POLL_MS = 2;

/** The environment of a started program: ours without what would set its flags. */
export function programEnvironment(added: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("MINI_HTTP_"));
  return { ...Object.fromEntries(own), ...added };
}

function commandOf(flags: readonly string[], { before }: ProgramOptions): string[] {
  const starter = before === undefined ? [] : ["bash", "-c", `${before}; exec "$@"`, "bash"];
  return [...starter, ...COMMAND, ...flags];
}

/** Runs the program to its end. */
export async function runProgram(flags: readonly string[], options: ProgramOptions = {}): Promise<FinishedProgram> {
  const child = Bun.spawn(commandOf(flags, options), {
    env: programEnvironment(options.env),
    cwd: options.cwd ?? ROOT,
    stdio: ["ignore", "pipe", "pipe", ...(options.descriptors ?? [])],
    timeout: PATIENCE_MS,
  });
  const [exitCode, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { exitCode, stdout, stderr };
}

/** A server that runs. `await using` kills it at the end of the test. */
export class RunningProgram {
  readonly #child: Subprocess<"ignore", "ignore", "pipe">;
  readonly #logEnd: Promise<void>;
  #log = "";
  #isLogWhole = false;

  private constructor(child: Subprocess<"ignore", "ignore", "pipe">) {
    this.#child = child;
    this.#logEnd = this.#collect();
  }

  /** Starts it on a free port (unless `flags` choose one) and waits until it says that it listens. */
  static async start(flags: readonly string[] = [], options: ProgramOptions = {}): Promise<RunningProgram> {
    const chosen = flags.some((flag) => /^(-p|--port)/.test(flag)) ? flags : ["--port", "0", ...flags];
    const child = Bun.spawn([...(options.under ?? []), ...commandOf(chosen, options)], {
      env: programEnvironment(options.env),
      cwd: options.cwd ?? ROOT,
      stdio: ["ignore", "ignore", "pipe", ...(options.descriptors ?? [])],
    });
    const program = new RunningProgram(child);
    await program.untilLog((log) => log.includes("[SERVER STARTED]") || log.includes('"event":"start"'));
    return program;
  }

  /** From the line that says where it listens. */
  get port(): number {
    return Number(/Listening on https?:\/\/\S*:(\d+)/.exec(this.#log)?.[1] ?? Number.NaN);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All that it has written to standard error. */
  get log(): string {
    return this.#log;
  }

  /** The exit code, when the log is whole; 128 and the signal's number when a signal killed it. */
  get exited(): Promise<number> {
    return this.#logEnd.then(() => this.#child.exited);
  }

  /** `http://localhost:PORT` and the path. */
  url(path: string): string {
    return `http://localhost:${this.port}${path}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the log when `done` holds; throws with the log when the program ends or takes too long before. */
  async untilLog(done: (log: string) => boolean, withinMs = PATIENCE_MS): Promise<string> {
    const deadline = performance.now() + withinMs;
    while (!done(this.#log)) {
      const isLate = performance.now() > deadline;
      if (this.#isLogWhole || isLate) throw new Error(`the program did not say it; its log:\n${this.#log}`);
      await Bun.sleep(POLL_MS);
    }
    return this.#log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder("latin1");
    for await (const bytes of this.#child.stderr) this.#log += decoder.decode(bytes);
    this.#isLogWhole = true;
  }
}
