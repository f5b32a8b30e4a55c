// Everything that a server begins with, whether it is one process or several.

import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { LocalCoordinator } from "../storage/coordinator.ts";
import type { Evictor } from "../storage/evictor.ts";
import type { Housekeeper } from "../storage/housekeeper.ts";
import type { Command } from "./command.ts";
import type { EvictionReport } from "./eviction-report.ts";
import type { Place } from "./place.ts";
import { isRenewable, loadRenewal, type Renewal, Unfit } from "./renewal.ts";

/** One run. */
export interface Run {
  readonly config: Config;
  readonly place: Place;
  readonly renewal: Renewal;
  readonly log: AccessLog;
  readonly coordinator: LocalCoordinator;
  readonly keeper: Housekeeper;
  /** Null when no file goes by itself. */
  readonly evictor: Evictor | null;
  readonly evictions: EvictionReport;
  /** For which it serves; null when it serves until somebody ends it. */
  readonly command: Command | null;
}

/** What to do when the server is told to read again, and that its log has moved; null when there is nothing that could have changed. */
export function renewer(
  { config, log, renewal }: Run,
  reopenLog: () => void,
  renew: (renewal: Renewal) => void,
): (() => void) | null {
  const renews = isRenewable(config);
  if (!renews && config.log.file === null) return null;
  let last = renewal;
  return () => {
    reopenLog();
    if (!renews) return;
    const loaded = loadRenewal(config, last);
    if (loaded instanceof Unfit)
      return log.warning(`Nothing was read again, the server goes on as it was: ${loaded.line}`);
    last = loaded.renewal;
    renew(last);
    for (const note of ["The certificate and the accounts were read again.", ...loaded.notes]) log.warning(note);
  };
}
