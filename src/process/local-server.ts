// The server of this process: the whole application behind a listener, within what the system lets a process have.

import { createDispatch } from "../app.ts";
import type { Config } from "../config.ts";
import type { Listener } from "../net/listener.ts";
import { type ConnectionScoreboard, Server } from "../net/server.ts";
import type { Observer } from "../observe/observer.ts";
import type { Coordinator } from "../storage/coordinator.ts";
import { Observers } from "../observe/observers.ts";
import { RefusalRecorder } from "../testing/refusal-recorder.ts";
import { SYSTEM_TIMER } from "../testing/timer.ts";
import { tapRaw } from "../testing/raw-request.ts";
import type { TestingTools } from "../testing/tools.ts";
import { descriptorLimit, planDescriptors } from "./descriptor-plan.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { shareOfMemory } from "./memory-share.ts";

/** What it is made of. */
export interface LocalServerOptions {
  readonly config: Config;
  readonly listener: Listener;
  readonly coordinator: Coordinator;
  /** What --testing works with. */
  readonly tools: TestingTools;
  readonly observer: Observer;
  readonly lifecycle: Lifecycle;
  /** When other processes serve with this one. */
  readonly scoreboard?: ConnectionScoreboard;
}

/** One for a process. */
export class LocalServer {
  readonly #server: Server;
  readonly #config: Config;
  readonly #lifecycle: Lifecycle;

  constructor({ config, listener, coordinator, tools, observer, lifecycle, scoreboard }: LocalServerOptions) {
    this.#config = config;
    this.#lifecycle = lifecycle;
    const plan = planDescriptors(descriptorLimit(), config.limits.maxConnections);
    const maxBuffered = Math.min(config.limits.maxBuffered, shareOfMemory());
    this.#server = new Server({
      listeners: [listener],
      limits: { ...config.limits, maxConnections: plan.connections, maxBuffered },
      maxTurnedAway: plan.turnedAway,
      dispatch: createDispatch(config, plan.files, coordinator, lifecycle, (line) => observer.warning(line), tools),
      observer: config.testing ? withRefusals(observer, tools) : observer,
      lifecycle,
      wiretap: config.testing ? tapRaw : undefined,
      scoreboard,
    });
  }

  /** Starts; gives the URLs. Throws the system's error when it cannot listen. */
  listen(): readonly string[] {
    return this.#server.listen();
  }

  /** Tells balancers, then takes no new clients and finishes what is in hand. Resolves when no connection is left. */
  async drain(): Promise<void> {
    this.#lifecycle.leave();
    await Bun.sleep(this.#config.drainDelayMs);
    await this.#server.drain(this.#config.graceMs);
  }
}

/** The recorder hears of what was refused, too. */
function withRefusals(observer: Observer, { recorder }: TestingTools): Observer {
  return new Observers([observer, new RefusalRecorder(recorder, SYSTEM_TIMER)], [observer]);
}
