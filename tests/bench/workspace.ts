// What a run leaves on the machine while it goes, all of it gone at its end: a folder and processes.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processTree } from "./process-cost.ts";

/** How long a server with workers has to end them. */
const ORDER_MS = 1000;
const POLL_MS = 5;
const EXIT_SIGNAL = 128;
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A temporary folder and the processes that work in it. */
export class Workspace {
  readonly #folder: string;
  readonly #pids = new Set<number>();

  /** Makes the folder below `parent`, the system's folder for such things if null. */
  constructor(parent: string | null) {
    this.#folder = mkdtempSync(join(parent ?? tmpdir(), "mini-http-bench-"));
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Makes a folder in the folder. */
  makeFolder(name: string): string {
    mkdirSync(this.path(name), { recursive: true });
    return this.path(name);
  }

  /** From now on the process dies with the run. */
  adopt(pid: number): void {
    this.#pids.add(pid);
  }

  /** Ends a process and all that it started: a server's workers would outlive it. */
  kill(pid: number): void {
    const members = processTree(pid);
    // A parent that ends in order waits for its children; a killed one would leave them to whoever adopts orphans.
    if (members.length > 1) signal(pid, "SIGTERM");
    for (let waited = 0; processTree(pid).length > 1 && waited < ORDER_MS; waited += POLL_MS) Bun.sleepSync(POLL_MS);
    for (const member of new Set([...members, ...processTree(pid)])) signal(member, "SIGKILL");
    this.#pids.delete(pid);
  }

  /** Also when the user has seen enough. */
  clearOnSignals(): void {
    for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
      process.on(name, () => {
        this[Symbol.dispose]();
        process.exit(EXIT_SIGNAL + number);
      });
    }
  }

  [Symbol.dispose](): void {
    for (const pid of this.#pids) this.kill(pid);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}
