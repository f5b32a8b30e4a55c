// The server of this process: the whole application behind a listener, within what the system lets a process have.

import { AccessControl } from "../admission/access-gate.ts";
import type { FailureTable } from "../admission/failures.ts";
import { createDispatch } from "../app.ts";
import type { Config } from "../config.ts";
import { type ConnectionScoreboard, Server } from "../net/server.ts";
import type { Observer } from "../observe/observer.ts";
import type { Coordinator } from "../storage/coordinator.ts";
import { Observers } from "../observe/observers.ts";
import { RefusalRecorder } from "../testing/refusal-recorder.ts";
import { SYSTEM_TIMER } from "../testing/timer.ts";
import { tapRaw } from "../testing/raw-request.ts";
import type { TestingTools } from "../testing/tools.ts";
import type { AppMetrics } from "./app-metrics.ts";
import { descriptorLimit, planDescriptors } from "./descriptor-plan.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { shareOfMemory } from "./memory-share.ts";
import type { PlaceListeners } from "./place.ts";
import type { Renewal } from "./renewal.ts";
import { watchVitalSigns } from "./vital-signs.ts";

/** What it is made of. */
export interface LocalServerOptions {
  readonly config: Config;
  readonly listeners: PlaceListeners;
  readonly coordinator: Coordinator;
  /** What --testing works with. */
  readonly tools: TestingTools;
  readonly observer: Observer;
  readonly lifecycle: Lifecycle;
  readonly renewal: Renewal;
  /** Of all processes that serve together. */
  readonly failures: FailureTable;
  /** When other processes serve with this one. */
  readonly scoreboard?: ConnectionScoreboard;
  /** With `--metrics`: where they are counted. */
  readonly metrics: AppMetrics | null;
}

/** One for a process. */
export class LocalServer {
  readonly #server: Server;
  readonly #config: Config;
  readonly #lifecycle: Lifecycle;
  readonly #listeners: PlaceListeners;
  /** Null when everyone may do everything; that does not change in a run. */
  readonly #access: AccessControl | null;

  constructor({
    config,
    listeners,
    coordinator,
    tools,
    observer,
    lifecycle,
    scoreboard,
    renewal,
    failures,
    metrics,
  }: LocalServerOptions) {
    this.#config = config;
    this.#lifecycle = lifecycle;
    this.#listeners = listeners;
    const warn = (line: string): void => observer.warning(line);
    this.#access = renewal.access === null ? null : new AccessControl(renewal.access, config.files, failures, warn);
    const plan = planDescriptors(descriptorLimit(), config.limits.maxConnections);
    const maxBuffered = Math.min(config.limits.maxBuffered, shareOfMemory());
    this.#server = new Server({
      listeners: listeners.listeners,
      limits: { ...config.limits, maxConnections: plan.connections, maxBuffered },
      maxTurnedAway: plan.turnedAway,
      dispatch: createDispatch(config, plan.files, coordinator, lifecycle, warn, tools, this.#access, metrics),
      observer: withOthers(observer, config.testing ? tools : null, metrics),
      lifecycle,
      wiretap: config.testing ? tapRaw : undefined,
      scoreboard,
    });
    if (metrics !== null) watchVitalSigns(metrics.memory, () => this.#server.inHand);
  }

  /** Starts; gives the URLs. Throws a `ListenFault` when it cannot. */
  listen(): readonly string[] {
    return this.#server.listen();
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#server.connectionCount;
  }

  /** Goes on with what was read again. */
  renew({ tls, access }: Renewal): void {
    if (access !== null) this.#access?.renew(access);
    if (tls !== null) this.#listeners.renew(tls);
  }

  /** Tells balancers, then takes no new clients and finishes what is in hand. Resolves when no connection is left. */
  async drain(): Promise<void> {
    this.#lifecycle.leave();
    await Bun.sleep(this.#config.drainDelayMs);
    await this.#server.drain(this.#config.graceMs);
  }
}

/** The recorder hears of what was refused, and the metrics of everything. */
function withOthers(observer: Observer, tools: TestingTools | null, metrics: AppMetrics | null): Observer {
  if (tools === null && metrics === null) return observer;
  const refusals = tools === null ? [] : [new RefusalRecorder(tools.recorder, SYSTEM_TIMER)];
  return new Observers([...(metrics === null ? [] : [metrics]), observer, ...refusals], [observer]);
}
