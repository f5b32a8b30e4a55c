// The small C programs beside these tests: attackers, tracers, file systems. Built when a test first asks for one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The programs, and what they are linked with. */
const SOURCES = {
  "exchange-loop": [],
  "kill-at": [],
  "hold-lease": [],
  "fuse-folder": ["-I/usr/include/fuse3", "-lfuse3", "-lpthread"],
} as const;

export type NativeName = keyof typeof SOURCES;

/** What `fuse-folder` cannot be built or mounted without. */
export const FUSE_PATHS: readonly string[] = ["/usr/include/fuse3/fuse.h", "/dev/fuse"];

const built = new Map<NativeName, string>();
let house: ReturnType<typeof tempFolder> | null = null;

/** The path of the built program; goes away with this process. Throws what the compiler says. */
export function nativeProgram(name: NativeName): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  if (house === null) {
    const made = tempFolder();
    process.on("exit", () => made[Symbol.dispose]());
    house = made;
  }
  const path = join(house.path, name);
  const source = join(import.meta.dir, "native", name + ".c");
  const { exitCode, stderr } = Bun.spawnSync(["gcc", "-O2", "-o", path, source, ...SOURCES[name]]);
  if (exitCode !== 0) throw new Error(`${name} is not built: ${stderr.toString()}`);
  built.set(name, path);
  return path;
}

/** A program that says "ready". `await using` kills it. */
export class Helper implements AsyncDisposable {
  readonly #child: Subprocess<"ignore", "pipe", "inherit">;
  #said = "";
  /** Nothing more will be said. */
  #isSilent = false;

  private constructor(child: Subprocess<"ignore", "pipe", "inherit">) {
    this.#child = child;
    void this.#collect();
  }

  /** Starts it and waits for the word; throws with what it said instead. */
  static async start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Helper> {
    const helper = Helper.spawn(command, env);
    try {
      await helper.untilSaid("ready");
      return helper;
    } catch (error) {
      await helper[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts one that has no word for being ready. */
  static spawn(command: readonly string[], env: Readonly<Record<string, string>> = {}): Helper {
    const child = Bun.spawn([...command], {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    return new Helper(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get said(): string {
    return this.#said;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** All it said, once it has said `word`. */
  async untilSaid(word: string, withinMs = PATIENCE_MS): Promise<string> {
    await until(
      () => this.#said.includes(word) || this.#isSilent,
      withinMs,
      () => `it said ${this.#said}`,
    );
    if (!this.#said.includes(word)) throw new Error(`it ended and said ${JSON.stringify(this.#said)}`);
    return this.#said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGCONT");
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder("latin1");
    for await (const bytes of this.#child.stdout) this.#said += decoder.decode(bytes);
    this.#isSilent = true;
  }
}

/** Runs a program to its end; throws with what it said when it fails. */
export function run(...command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { timeout: PATIENCE_MS });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}

/** The ids of the processes that a process has started. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}
