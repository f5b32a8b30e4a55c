// A server that is several processes on one port, of which this one is the parent.

import { createCoordinator } from "../app.ts";
import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
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
  keeper: Housekeeper,
): Promise<void> {
  const coordinator = createCoordinator(config, keeper.storage);
  coordinator.prepare();
  const lifecycle = new Lifecycle();
  const shared = sharePlace(place, log);
  let supervisor: Supervisor | null = null;
  try {
    const workerDied = async (): Promise<void> => {
      await keeper.recover();
      keeper.sweep();
    };
    const options = { config, place: shared, size, coordinator, observer: log, lifecycle, workerDied };
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
