// The metrics of a server: those of this process where it serves alone, of all where several serve together.

import type { AppMeters } from "../app.ts";
import { VERSION } from "../cli/version.ts";
import { Metrics } from "../observe/metrics.ts";
import type { MetricsMemory } from "../observe/metrics-memory.ts";
import { formatMetrics } from "../observe/metrics-text.ts";

/** Counts for the application too, and tells. */
export class AppMetrics extends Metrics implements AppMeters {
  readonly #all: readonly MetricsMemory[];
  #paths: readonly string[] = [];

  /** `own` is one of `all`. */
  constructor(own: MetricsMemory, all: readonly MetricsMemory[]) {
    super(own);
    this.#all = all;
  }

  useRoutes(paths: readonly string[]): void {
    this.#paths = paths;
    this.routes = paths;
  }

  readonly format: AppMeters["format"] = (format) =>
    formatMetrics({ memories: this.#all, routes: this.#paths, version: VERSION }, format);
}
