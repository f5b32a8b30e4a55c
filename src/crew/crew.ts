// The parent of several workers, each a process of its own on the same port: it starts them, starts them again when
// they die, agrees for them on who may write what, and ends them.

import type { Subprocess } from "bun";
import type { Config } from "../config.ts";
import type { Observer } from "../observe/observer.ts";
import type { Coordinator } from "../storage/coordinator.ts";
import { CoordinatorDesk } from "../storage/remote-coordinator.ts";
import { CensusPage } from "./census.ts";
import { type ParentMessage, WORKER_WORD, type WorkerMessage } from "./messages.ts";

/** What a crew is made of. */
export interface CrewOptions {
  /** With a port that is free, not 0. */
  readonly config: Config;
  /** Where its workers listen. */
  readonly addresses: readonly string[];
  readonly size: number;
  readonly coordinator: Coordinator;
  readonly observer: Observer;
  /** A worker died, and may have left unfinished uploads behind. Resolves when groups of files are whole again. */
  readonly workerDied: () => Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A worker that lived for so long did not die of its start. */
const HEALTHY_MS = 10_000;
/** Beyond the time that workers have to drain. */
const PATIENCE_MS = 2000;

/**
 * From source, Bun would obey bunfig.toml, .env and tsconfig.json of the current folder: what was uploaded there since the
 * start of the parent would run when a worker is started again.
 */
const HEED_NOTHING = ["--config=/dev/null", "--no-env-file", "--tsconfig-override=/dev/null"];
const PROGRAM = Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, ...HEED_NOTHING, Bun.main];

interface Worker {
  readonly process: Subprocess;
  readonly desk: CoordinatorDesk;
  readonly startedAt: number;
  /** Resolved by its end: `process.exited` fails where the starter had children ignored (SIGCHLD). */
  readonly gone: PromiseWithResolvers<void>;
}

/** The workers of one server. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #page = new CensusPage();
  readonly #workers: (Worker | null)[];
  readonly #pauses: number[];
  #isEnding = false;
  #started = Promise.withResolvers<readonly string[]>();
  /** Whose worker listens, or has listened. */
  readonly #listening = new Set<number>();

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.size }, () => null);
    this.#pauses = this.#workers.map(() => FIRST_PAUSE_MS);
  }

  /** Starts all workers. Resolves with the URLs when all listen; rejects with one line when one cannot. */
  async start(): Promise<readonly string[]> {
    for (const [slot] of this.#workers.entries()) this.#startWorker(slot);
    return this.#started.promise;
  }

  /** Lets the workers finish what they have in hand, and ends those that do not. */
  async drain(): Promise<void> {
    this.#isEnding = true;
    const { graceMs, drainDelayMs } = this.#options.config;
    const alive = this.#workers.filter((worker) => worker !== null);
    for (const { process } of alive) tell(process, { kind: "drain" });
    const late = setTimeout(() => this.kill(), graceMs + drainDelayMs + PATIENCE_MS);
    await Promise.all(alive.map(({ gone }) => gone.promise));
    clearTimeout(late);
  }

  /** Ends all workers at once. */
  kill(): void {
    this.#isEnding = true;
    for (const worker of this.#workers) worker?.process.kill("SIGKILL");
  }

  #startWorker(slot: number): void {
    const child = Bun.spawn([...PROGRAM, WORKER_WORD], {
      // The last is PAGE_DESCRIPTOR.
      stdio: ["ignore", "inherit", "inherit", this.#page.descriptor],
      serialization: "advanced",
      ipc: (message: WorkerMessage) => this.#receive(slot, message),
      onExit: (_, exitCode, signal) => this.#ended(slot, signal ?? exitCode ?? "nobody knows how"),
    });
    const desk = new CoordinatorDesk(this.#options.coordinator, (answer) => tell(child, { kind: "answer", answer }));
    this.#workers[slot] = { process: child, desk, startedAt: performance.now(), gone: Promise.withResolvers<void>() };
    const { config, addresses } = this.#options;
    tell(child, { kind: "start", orders: { config, addresses, number: slot } });
  }

  #receive(slot: number, message: WorkerMessage): void {
    switch (message.kind) {
      case "listening":
        this.#listening.add(slot);
        if (this.#listening.size === this.#workers.length) this.#started.resolve(message.urls);
        return;
      case "failed":
        // Nobody waits for the first start any more when one was started again: it says so, and is tried once more.
        if (this.#listening.has(slot)) this.#options.observer.warning(`Worker ${slot + 1}: ${message.line}`);
        this.#started.reject(new Error(message.line));
        this.#workers[slot]?.process.kill("SIGKILL");
        return;
      case "ask":
        this.#workers[slot]?.desk
          .receive(message.request)
          .catch((error: unknown) => this.#options.observer.fault(error));
    }
  }

  #ended(slot: number, reason: number | string): void {
    const worker = this.#workers[slot];
    if (worker === null || worker === undefined) return;
    this.#workers[slot] = null;
    worker.gone.resolve();
    void this.#cleanUp(slot, worker.desk);
    if (this.#isEnding) return;
    if (performance.now() - worker.startedAt > HEALTHY_MS) this.#pauses[slot] = FIRST_PAUSE_MS;
    this.#startLater(slot, `ended (${reason})`);
  }

  /** What the worker held is let go of when the groups that it was making visible are whole. */
  async #cleanUp(slot: number, desk: CoordinatorDesk): Promise<void> {
    const census = this.#page.clear(slot);
    const left = census.ownGroups;
    if (left === 0 || this.#isEnding) desk.close();
    if (this.#isEnding) return;
    await this.#options.workerDied();
    desk.close();
    census.endGroups(left);
  }

  /** After a pause that grows with each attempt. */
  #startLater(slot: number, why: string): void {
    const pause = this.#pauses[slot]!;
    this.#pauses[slot] = Math.min(pause * 2, LONGEST_PAUSE_MS);
    this.#options.observer.warning(`Worker ${slot + 1} ${why}; another one starts in ${pause} ms.`);
    setTimeout(() => {
      if (this.#isEnding) return;
      try {
        this.#startWorker(slot);
      } catch (error) {
        // The executable was replaced just now, or the system has no process to spare.
        this.#startLater(slot, `cannot start (${(error as Error).message})`);
      }
    }, pause);
  }
}

/** A worker that is gone is told nothing; its end is reported elsewhere. */
function tell(child: Subprocess, message: ParentMessage): void {
  try {
    child.send(message);
  } catch {
    // Its channel closed before its exit was noticed.
  }
}
