// A server that is this process alone.

import { FailureTable } from "../admission/failures.ts";
import { createTools } from "../app.ts";
import { MetricsMemory } from "../observe/metrics-memory.ts";
import { AppMetrics } from "./app-metrics.ts";
import { Observers } from "../observe/observers.ts";
import { attend } from "./attendance.ts";
import { type Stop, stopOnSignals } from "./ending.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LocalServer } from "./local-server.ts";
import { createListeners, listenOrGiveUp } from "./place.ts";
import { OwnCount, RequestCount } from "./request-count.ts";
import { renewer, type Run } from "./run.ts";

/** Serves until a signal ends the process, or ends it with one line when it cannot. */
export function serveAlone(run: Run): void {
  const { config, place, renewal, log, coordinator, evictions } = run;
  coordinator.prepare();
  const lifecycle = new Lifecycle();
  const listeners = createListeners(place, renewal.tls, config);
  const tools = createTools(config);
  const failures = new FailureTable();
  const metrics = config.log.metrics ? metricsOfOne(new MetricsMemory()) : null;
  evictions.meters = metrics;
  const { maxRequests } = config.life;
  const counter = maxRequests === null ? null : new RequestCount(maxRequests, new OwnCount(), () => stop());
  const observer = counter === null ? log : new Observers([log, counter], [log]);
  const server = new LocalServer({
    config,
    listeners,
    coordinator,
    tools,
    observer,
    lifecycle,
    renewal,
    failures,
    metrics,
  });
  const reload = renewer(
    run,
    () => log.reopen(),
    (renewed) => server.renew(renewed),
  );
  // Before the port opens: a signal right behind the start line must find its handler.
  const stop: Stop = stopOnSignals(run, lifecycle, {
    drain: () => server.drain(),
    kill: () => {},
    reload,
    get connectionCount() {
      return server.connectionCount;
    },
  });
  const urls = listenOrGiveUp(() => server.listen(), listeners.ports, log);
  // Who asks has a turn of the loop, which is all that there is to hang.
  attend(run, urls, stop, async () => true);
}

function metricsOfOne(memory: MetricsMemory): AppMetrics {
  return new AppMetrics(memory, [memory]);
}
