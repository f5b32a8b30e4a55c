// A server that is several processes on one port, of which this one is the parent.

import { createRecorder } from "../app.ts";
import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { LocalCoordinator } from "../storage/coordinator.ts";
import type { Housekeeper } from "../storage/housekeeper.ts";
import { giveUp, stopOnSignals } from "./ending.ts";
import { Lifecycle } from "./lifecycle.ts";
import { type Place, sharePlace } from "./place.ts";
import { Supervisor } from "./supervisor.ts";

/** Serves with so many workers until a signal ends the process, or ends it with one line when it cannot. */
export async function serveTogether(
  config: Config,
  place: Place,
  size: number,
  log: AccessLog,
  coordinator: LocalCoordinator,
  keeper: Housekeeper,
): Promise<void> {
  coordinator.prepare();
  const lifecycle = new Lifecycle();
  const shared = sharePlace(place, log);
  let supervisor: Supervisor | null = null;
  try {
    const workerDied = (locked: readonly string[]): Promise<void> => keeper.takeOver(locked);
    const recorder = createRecorder(config);
    const options = { config, place: shared, size, coordinator, recorder, observer: log, lifecycle, workerDied };
    const started = new Supervisor(options);
    supervisor = started;
    stopOnSignals(log, lifecycle, { drain: () => started.drain(), kill: () => started.kill() });
    log.started(await started.start());
    keeper.begin();
  } catch (error) {
    supervisor?.kill();
    giveUp(log, (error as Error).message);
  }
}
