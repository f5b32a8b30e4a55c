// A server that is this process alone.

import { createTools } from "../app.ts";
import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { LocalCoordinator } from "../storage/coordinator.ts";
import type { Housekeeper } from "../storage/housekeeper.ts";
import { stopOnSignals } from "./ending.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LocalServer } from "./local-server.ts";
import { createListener, listenOrGiveUp, type Place } from "./place.ts";

/** Serves until a signal ends the process, or ends it with one line when it cannot. */
export function serveAlone(
  config: Config,
  place: Place,
  log: AccessLog,
  coordinator: LocalCoordinator,
  keeper: Housekeeper,
): void {
  coordinator.prepare();
  const lifecycle = new Lifecycle();
  const listener = createListener(place);
  const tools = createTools(config);
  const server = new LocalServer({ config, listener, coordinator, tools, observer: log, lifecycle });
  // Before the port opens: a signal right behind the start line must find its handler.
  stopOnSignals(log, lifecycle, { drain: () => server.drain(), kill: () => {} });
  log.started(listenOrGiveUp(() => server.listen(), listener, place, log));
  keeper.begin();
}
