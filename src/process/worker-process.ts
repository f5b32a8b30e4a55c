// A worker: one of several processes that serve together. Signals of the terminal reach the whole group, so it waits for
// its parent's word; when the parent is gone, it goes too.

import { FailureTable } from "../admission/failures.ts";
import { evicts, faultRules, usageLimits } from "../app.ts";
import { EXIT_STOPPED } from "../cli/answer.ts";
import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { Observer } from "../observe/observer.ts";
import { Observers } from "../observe/observers.ts";
import { hasLimits } from "../storage/coordinator.ts";
import { type CoordinatorRequest, RemoteCoordinator } from "../storage/remote-coordinator.ts";
import { FaultBook } from "../testing/fault-book.ts";
import { RemoteCounts } from "../testing/key-counts.ts";
import { RemoteRecorder } from "../testing/remote-recorder.ts";
import { AppMetrics } from "./app-metrics.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LocalServer } from "./local-server.ts";
import { type ParentMessage, WORKER_WORD, type WorkerMessage, type WorkerOrders } from "./messages.ts";
import { openLog } from "./open-log.ts";
import { createListeners, placeFault } from "./place.ts";
import { RequestCount } from "./request-count.ts";
import { PAGE_DESCRIPTOR, Scoreboard } from "./scoreboard.ts";
import { outliveSignals } from "./signals.ts";

/** True when this process was started as a worker. */
export function isWorker(argv: readonly string[]): boolean {
  return argv[0] === WORKER_WORD && process.send !== undefined;
}

/** Does what the parent says until the end of the process. */
export function followParent(): void {
  const worker = new WorkerProcess();
  process.on("message", (message: ParentMessage) => worker.receive(message));
  process.on("disconnect", () => worker.parentGone());
  outliveSignals();
}

class WorkerProcess {
  readonly #lifecycle = new Lifecycle();
  #coordinator: RemoteCoordinator | null = null;
  #recorder: RemoteRecorder | null = null;
  #faults: FaultBook | null = null;
  readonly #faultCounts = new RemoteCounts((id, key) => tell({ kind: "fault-count", id, key }));
  #server: LocalServer | null = null;
  #log: AccessLog | null = null;

  receive(message: ParentMessage): void {
    switch (message.kind) {
      case "start":
        return tell(this.#start(message.orders));
      case "answer":
        this.#coordinator?.receive(message.answer);
        return;
      case "renew":
        this.#server?.renew(message.renewal);
        return;
      case "reopen-log":
        this.#log?.reopen();
        return;
      case "recorder-answer":
        this.#recorder?.receive(message.answer);
        return;
      case "faults":
        this.#faults?.replace(message.rules);
        return;
      case "fault-count":
        this.#faultCounts.receive(message.id, message.count);
        return;
      case "are-you-alive":
        return tell({ kind: "alive" });
      case "drain":
        void this.#end();
    }
  }

  #start(orders: WorkerOrders): WorkerMessage {
    try {
      return { kind: "listening", urls: this.#serve(orders) };
    } catch (error) {
      return { kind: "failed", line: error instanceof Error ? error.message : String(error) };
    }
  }

  parentGone(): void {
    this.#coordinator?.parentGone();
    void this.#end();
  }

  /** Begins to serve, with a coordinator that asks the parent; gives the URLs. Throws one line when it cannot. */
  #serve({ config, place, renewal, failureKey, number }: WorkerOrders): readonly string[] {
    const scoreboard = new Scoreboard(PAGE_DESCRIPTOR, number);
    const ask = (request: CoordinatorRequest): void => tell({ kind: "ask", request });
    const coordinator = new RemoteCoordinator(hasLimits(usageLimits(config)), scoreboard, ask, evicts(config));
    const log = openLog(config, true);
    const recorder = new RemoteRecorder(config.recordedRequests, (message) => tell({ kind: "recorder", message }));
    const faults = new FaultBook(faultRules(config), {
      publish: (rules) => tell({ kind: "faults", rules }),
      next: (key) => this.#faultCounts.next(key),
    });
    const server = new LocalServer({
      config,
      listeners: createListeners(place, renewal.tls, config),
      coordinator,
      tools: { recorder, faults },
      observer: countingAnswers(log, config.life.maxRequests, scoreboard),
      lifecycle: this.#lifecycle,
      scoreboard,
      renewal,
      failures: new FailureTable(scoreboard.failureMemory, failureKey),
      metrics: metricsOf(config, scoreboard),
    });
    this.#coordinator = coordinator;
    this.#recorder = recorder;
    this.#faults = faults;
    this.#log = log;
    this.#server = server;
    try {
      return server.listen();
    } catch (error) {
      throw new Error(placeFault(error));
    }
  }

  /** Finishes what is in hand, and ends the process. */
  async #end(): Promise<void> {
    if (this.#lifecycle.isDraining) return;
    await this.#server?.drain();
    await this.#log?.settle();
    process.exit(EXIT_STOPPED);
  }
}

function metricsOf({ log }: Config, { metrics, ownMetrics }: Scoreboard): AppMetrics | null {
  return log.metrics && ownMetrics !== null ? new AppMetrics(ownMetrics, metrics) : null;
}

/** With somebody who tells the parent when it is to stop, where somebody wants that. */
function countingAnswers(log: AccessLog, most: number | null, scoreboard: Scoreboard): Observer {
  if (most === null) return log;
  const counter = new RequestCount(most, scoreboard, () => tell({ kind: "enough-answered" }));
  return new Observers([log, counter], [log]);
}

/** A parent that is gone is told nothing; `disconnect` comes. */
function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}
