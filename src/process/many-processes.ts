// A server that is several processes on one port, of which this one is the parent.

import { createRecorder } from "../app.ts";
import { attend } from "./attendance.ts";
import { giveUp, type Stop, stopOnSignals } from "./ending.ts";
import { Lifecycle } from "./lifecycle.ts";
import { holdSockets, placeFault, sharePorts } from "./place.ts";
import { renewer, type Run } from "./run.ts";
import { Supervisor } from "./supervisor.ts";

/** Serves with so many workers until a signal ends the process, or ends it with one line when it cannot. */
export async function serveTogether(run: Run, size: number): Promise<void> {
  const { config, place, renewal, log, coordinator, keeper, evictor, evictions } = run;
  coordinator.prepare();
  const lifecycle = new Lifecycle();
  const shared = place.ports?.sharesPort === true ? place : sharePorts(place, log);
  const held = holdSockets(shared, log);
  let supervisor: Supervisor | null = null;
  try {
    const workerDied = async (locked: readonly string[]): Promise<void> => {
      await keeper.takeOver(locked);
      // What it wrote last it may not have told.
      void evictor?.survey();
    };
    const recorder = createRecorder(config);
    const options = {
      config,
      place: held.place,
      renewal,
      size,
      coordinator,
      recorder,
      observer: log,
      lifecycle,
      workerDied,
      enoughAnswered: () => stop(),
    };
    const started = new Supervisor(options);
    supervisor = started;
    evictions.meters = started.meters;
    const reload = renewer(
      run,
      () => {
        log.reopen();
        started.reopenLogs();
      },
      (renewed) => started.renew(renewed),
    );
    const stop: Stop = stopOnSignals(run, lifecycle, {
      drain: () => {
        // When the workers take no more clients, nobody shall wait for one that does.
        setTimeout(() => held.close(), config.drainDelayMs);
        return started.drain();
      },
      kill: () => started.kill(),
      reload,
      get connectionCount() {
        return started.connectionCount;
      },
    });
    const urls = await started.start();
    // Who was told to stop meanwhile does that, and begins nothing.
    if (lifecycle.isDraining) return;
    held.publish();
    attend(run, urls, stop, () => started.isAlive());
  } catch (error) {
    supervisor?.kill();
    giveUp(log, placeFault(error));
  }
}
