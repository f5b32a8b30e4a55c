// The parent of several workers, each a process of its own on the same port: it starts them, starts them again when
// they die, agrees for them on who may write what, and ends them.

import type { Subprocess } from "bun";
import type { Config } from "../config.ts";
import type { Meters } from "../observe/meters.ts";
import { Metrics } from "../observe/metrics.ts";
import type { Observer } from "../observe/observer.ts";
import type { Coordinator } from "../storage/coordinator.ts";
import { CoordinatorDesk } from "../storage/remote-coordinator.ts";
import type { FaultRule } from "../testing/fault-rule.ts";
import { KeyCounts } from "../testing/key-counts.ts";
import type { Recorder } from "../testing/recorder.ts";
import { RecorderDesk } from "../testing/remote-recorder.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { type ParentMessage, WORKER_WORD, type WorkerMessage } from "./messages.ts";
import { handedOn, type Place } from "./place.ts";
import type { Renewal } from "./renewal.ts";
import { RestartPause } from "./restart-pause.ts";
import { PAGE_DESCRIPTOR, Scoreboard, ScoreboardPage } from "./scoreboard.ts";

/** What a supervisor works with. */
export interface SupervisorOptions {
  readonly config: Config;
  /** Where the workers listen, together. */
  readonly place: Place;
  /** What they begin with; `renew` changes it. */
  readonly renewal: Renewal;
  /** How many workers. */
  readonly size: number;
  readonly coordinator: Coordinator;
  readonly recorder: Recorder;
  readonly observer: Observer;
  readonly lifecycle: Lifecycle;
  /**
   * A worker died that had locked these names, and may have left unfinished uploads behind. Resolves when groups of files
   * are whole again; until then the names stay locked.
   */
  readonly workerDied: (locked: readonly string[]) => Promise<void>;
  /** All workers together have answered as many requests as were asked for. */
  readonly enoughAnswered: () => void;
}

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
  readonly recorderDesk: RecorderDesk;
  readonly startedAt: number;
  /** Resolved by its end: `process.exited` fails where the starter had children ignored (SIGCHLD). */
  readonly gone: PromiseWithResolvers<void>;
  /** Resolved by its answer to the last question whether it lives. */
  answered: PromiseWithResolvers<void>;
}

/** A worker's place: when it dies, the next one comes into it. */
interface Slot {
  /** From 0; people count from 1. */
  readonly number: number;
  readonly pause: RestartPause;
  /** Null between a death and the next start. */
  worker: Worker | null;
  /** One of its workers listens, or has listened. */
  hasListened: boolean;
}

/** The workers of one server. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #page: ScoreboardPage;
  readonly #slots: readonly Slot[];
  #renewal: Renewal;
  readonly #failureKey = crypto.getRandomValues(new Uint8Array(32));
  #faults: readonly FaultRule[] | null = null;
  readonly #faultCounts = new KeyCounts();
  readonly #started = Promise.withResolvers<readonly string[]>();

  /** Throws one line when there is no memory that workers could share. */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#renewal = options.renewal;
    this.#page = new ScoreboardPage(options.config.log.metrics ? options.size + 1 : 0);
    this.#slots = Array.from({ length: options.size }, (_, number) => {
      return { number, pause: new RestartPause(), worker: null, hasListened: false };
    });
  }

  /** Starts all workers. Resolves with the URLs when all listen; rejects with one line when one cannot. */
  async start(): Promise<readonly string[]> {
    for (const slot of this.#slots) this.#startWorker(slot);
    return this.#started.promise;
  }

  /** Where this process counts what it does itself, beside its workers; null without `--metrics`. */
  get meters(): Meters | null {
    const memory = new Scoreboard(this.#page.descriptor, this.#options.size).ownMetrics;
    return memory === null ? null : new Metrics(memory);
  }

  /** Lets the workers finish what they have in hand, and ends those that do not. */
  async drain(): Promise<void> {
    const { lifecycle, config } = this.#options;
    lifecycle.leave();
    const alive = this.#slots.flatMap(({ worker }) => worker ?? []);
    for (const { process } of alive) tell(process, { kind: "drain" });
    const late = setTimeout(() => this.kill(), config.graceMs + config.drainDelayMs + PATIENCE_MS);
    await Promise.all(alive.map(({ gone }) => gone.promise));
    clearTimeout(late);
  }

  /** Connections that all workers have open. */
  get connectionCount(): number {
    return this.#page.connectionCount;
  }

  /** Asks all workers; resolves when each has answered or is gone, with whether there are any. */
  async isAlive(): Promise<boolean> {
    const workers = this.#slots.flatMap(({ worker }) => worker ?? []);
    for (const worker of workers) {
      worker.answered = Promise.withResolvers();
      tell(worker.process, { kind: "are-you-alive" });
    }
    await Promise.all(workers.map(({ answered, gone }) => Promise.race([answered.promise, gone.promise])));
    return workers.length > 0;
  }

  /** Ends all workers at once. */
  kill(): void {
    this.#options.lifecycle.leave();
    for (const { worker } of this.#slots) worker?.process.kill("SIGKILL");
  }

  /** All workers go on with this, and those that start from now on begin with it. */
  renew(renewal: Renewal): void {
    this.#renewal = renewal;
    for (const { worker } of this.#slots) if (worker !== null) tell(worker.process, { kind: "renew", renewal });
  }

  /** The file of the log was moved away. */
  reopenLogs(): void {
    for (const { worker } of this.#slots) if (worker !== null) tell(worker.process, { kind: "reopen-log" });
  }

  #startWorker(slot: Slot): void {
    const { config, place } = this.#options;
    const child = Bun.spawn([...PROGRAM, WORKER_WORD], {
      // Numbered as they stand here: PAGE_DESCRIPTOR, then the sockets.
      stdio: ["ignore", "inherit", "inherit", this.#page.descriptor, ...place.inherited.map((each) => each.descriptor)],
      // Bun would give what this process was started with: also what has been removed since.
      env: process.env,
      serialization: "advanced",
      ipc: (message: WorkerMessage) => this.#receive(slot, message),
      onExit: (_, exitCode, signal) => this.#ended(slot, signal ?? exitCode ?? "nobody knows how"),
    });
    const desk = new CoordinatorDesk(this.#options.coordinator, (answer) => tell(child, { kind: "answer", answer }));
    const recorderDesk = new RecorderDesk(this.#options.recorder, (answer) =>
      tell(child, { kind: "recorder-answer", answer }),
    );
    const gone = Promise.withResolvers<void>();
    slot.worker = {
      process: child,
      desk,
      recorderDesk,
      startedAt: performance.now(),
      gone,
      answered: Promise.withResolvers(),
    };
    const orders = { config, renewal: this.#renewal, failureKey: this.#failureKey, number: slot.number };
    tell(child, { kind: "start", orders: { ...orders, place: handedOn(place, PAGE_DESCRIPTOR + 1) } });
    this.#tellFaults(child);
  }

  /** Rules that came at run time; those of the start, a worker has. */
  #tellFaults(child: Subprocess): void {
    if (this.#faults !== null) tell(child, { kind: "faults", rules: this.#faults });
  }

  #receive(slot: Slot, message: WorkerMessage): void {
    const { observer } = this.#options;
    switch (message.kind) {
      case "listening":
        slot.hasListened = true;
        if (this.#slots.every(({ hasListened }) => hasListened)) this.#started.resolve(message.urls);
        return;
      case "failed":
        // Nobody waits for the first start any more when one was started again: it says so, and is tried once more.
        if (slot.hasListened) observer.warning(`Worker ${slot.number + 1}: ${message.line}`);
        this.#started.reject(new Error(message.line));
        slot.worker?.process.kill("SIGKILL");
        return;
      case "ask":
        slot.worker?.desk.receive(message.request).catch((error: unknown) => observer.fault(error));
        return;
      case "recorder":
        slot.worker?.recorderDesk.receive(message.message);
        return;
      case "alive":
        slot.worker?.answered.resolve();
        return;
      case "enough-answered":
        return this.#options.enoughAnswered();
      case "fault-count": {
        const count = this.#faultCounts.next(message.key);
        if (slot.worker !== null) tell(slot.worker.process, { kind: "fault-count", id: message.id, count });
        return;
      }
      case "faults":
        this.#faults = message.rules;
        this.#faultCounts.clear();
        for (const { worker } of this.#slots) if (worker !== null) this.#tellFaults(worker.process);
    }
  }

  #ended(slot: Slot, reason: number | string): void {
    const { worker } = slot;
    if (worker === null) return;
    slot.worker = null;
    worker.gone.resolve();
    worker.recorderDesk.close();
    void this.#cleanUp(slot, worker.desk);
    if (this.#options.lifecycle.isDraining) return;
    slot.pause.ended(performance.now() - worker.startedAt);
    this.#startLater(slot, `ended (${reason})`);
  }

  /** What the worker held is let go of when the groups that it was making visible are whole. */
  async #cleanUp({ number }: Slot, desk: CoordinatorDesk): Promise<void> {
    const { lifecycle, workerDied } = this.#options;
    const scoreboard = this.#page.clear(number);
    const left = scoreboard.ownGroups;
    if (left === 0 || lifecycle.isDraining) desk.close();
    if (lifecycle.isDraining) return;
    await workerDied(desk.heldNames);
    desk.close();
    scoreboard.endGroups(left);
  }

  /** After a pause that grows with each attempt. */
  #startLater(slot: Slot, why: string): void {
    const { observer, lifecycle } = this.#options;
    const pause = slot.pause.next();
    observer.warning(`Worker ${slot.number + 1} ${why}; another one starts in ${pause} ms.`);
    setTimeout(() => {
      if (lifecycle.isDraining) return;
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
