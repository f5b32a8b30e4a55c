// Everything that a server begins with, whether it is one process or several.

import { type SettingMap, withPlaces } from "../cli/settings.ts";
import { printable, UsageError } from "../cli/usage-error.ts";
import type { Config, Served } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { LocalCoordinator } from "../storage/coordinator.ts";
import type { Evictor } from "../storage/evictor.ts";
import type { Housekeeper } from "../storage/housekeeper.ts";
import type { Command } from "./command.ts";
import type { EvictionReport } from "./eviction-report.ts";
import { configNotes } from "./config-notes.ts";
import type { Place } from "./place.ts";
import { isRenewable, loadRenewal, type Renewal, Unfit } from "./renewal.ts";
import { renewConfig } from "./renewed-config.ts";
import type { ServiceManager } from "./service-manager.ts";

/** One run. */
export interface Run {
  readonly config: Config;
  /** What the command line and its file asked for, from which `config` was made. */
  readonly asked: Served;
  readonly place: Place;
  readonly renewal: Renewal;
  readonly log: AccessLog;
  readonly coordinator: LocalCoordinator;
  readonly keeper: Housekeeper;
  /** Null when no file goes by itself. */
  readonly evictor: Evictor | null;
  readonly evictions: EvictionReport;
  /** Null when nobody wants to hear how the server does. */
  readonly manager: ServiceManager | null;
  /** For which it serves; null when it serves until somebody ends it. */
  readonly command: Command | null;
  /** From now on somebody else follows the signals. */
  readonly endStart: () => void;
}

/**
 * What to do when the server is told to read again, and that its log has moved; null when there is nothing that could have
 * changed. What is faulty changes nothing.
 */
export function renewer(run: Run, reopenLog: () => void, renew: (renewal: Renewal) => void): (() => void) | null {
  const { asked, log } = run;
  const renews = asked.file !== null || isRenewable(run.config);
  if (!renews && run.config.log.file === null) return null;
  let { config, renewal } = run;
  return () => {
    reopenLog();
    if (!renews) return;
    const reread = readAgain(asked, config);
    if (reread instanceof Unfit) return goOn(log, reread.line);
    const loaded = loadRenewal(reread.config, renewal);
    if (loaded instanceof Unfit) return goOn(log, withPlaces(loaded.line, reread.settings));
    ({ config } = reread);
    ({ renewal } = loaded);
    renew(renewal);
    const renewed = isRenewable(config) ? ["The certificate and the accounts were read again."] : [];
    for (const note of [...renewed, ...reread.notes, ...loaded.notes]) log.warning(note);
  };
}

function goOn(log: AccessLog, reason: string): void {
  log.warning(`Nothing was read again, the server goes on as it was: ${reason}`);
}

/** Settings to go on with, where they come from, and what a person should know of them, a sentence each. */
interface Reread {
  readonly config: Config;
  readonly settings: SettingMap;
  readonly notes: readonly string[];
}

function readAgain({ file, settings }: Served, current: Config): Reread | Unfit {
  if (file === null) return { config: current, settings, notes: [] };
  const fresh = file.reread();
  if (fresh instanceof UsageError) return new Unfit(fresh.sentence);
  const { config, waiting } = renewConfig(current, settings, fresh);
  const shown = printable(file.path);
  const pronoun = waiting.length === 1 ? "it" : "them";
  const waits = `${waiting.join(", ")} changed in ${shown}: restart to use ${pronoun}.`;
  const notes = [`${shown} was read again.`, ...(waiting.length === 0 ? [] : [waits])];
  return { config, settings: fresh.settings, notes: [...notes, ...configNotes(fresh, current.directory)] };
}
