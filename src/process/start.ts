// From the settings of a run to one process or several that serve: what is to be found out, said and mended before.

import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { createCoordinator, createEvictor, createKeeper } from "../app.ts";
import { complain, EXIT_USAGE_ERROR } from "../cli/answer.ts";
import { capabilityNote } from "../cli/capabilities.ts";
import { inspectDirectory } from "../cli/directory.ts";
import { ownFilesNotes } from "../cli/own-files.ts";
import type { Config } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { Housekeeper } from "../storage/housekeeper.ts";
import { serveTogether } from "./many-processes.ts";
import { serveAlone } from "./one-process.ts";
import { openLog } from "./open-log.ts";
import { findPlace } from "./place.ts";
import { loadRenewal, Unfit } from "./renewal.ts";

/** The executable, or the folder of the sources; Bun looks for its settings where it starts, unless they are built in. */
const OWN_FILES = Bun.isStandaloneExecutable
  ? { program: process.execPath, startFolder: null }
  : { program: dirname(import.meta.dir), startFolder: "." };

/** Serves until the process ends, which ends it with one line when it cannot. `notes` are worth a warning each. */
export async function serve(config: Config, notes: readonly string[]): Promise<void> {
  const folder = config.directory === null ? null : inspectDirectory(config.directory, config.files.readOnly);
  if (folder?.kind === "usage-error") process.exit(complain(folder.line, EXIT_USAGE_ERROR));
  const loaded = loadRenewal(config, null);
  if (loaded instanceof Unfit) process.exit(complain(loaded.line, EXIT_USAGE_ERROR));
  const log = openLog(config, wantedWorkers(config) > 1);
  const warnings = [
    ...notes,
    ...(folder === null || folder.warning === null ? [] : [folder.warning]),
    ...startNotes(config),
    ...loaded.notes,
  ];
  for (const warning of warnings) log.warning(warning);
  const workers = countWorkers(config, log);
  const coordinator = createCoordinator(config, () => keeper.measure());
  const keeper: Housekeeper = new Housekeeper(createKeeper(config, coordinator), log);
  const evictor = createEvictor(config, keeper.storage, log);
  coordinator.ledger = evictor;
  // Nobody may see half a group that a killed server was making visible.
  await keeper.recover();
  const place = await findPlace(config, log);
  void evictor?.begin();
  const run = { config, place, renewal: loaded.renewal, log, coordinator, keeper };
  if (workers === 1) serveAlone(run);
  else await serveTogether(run, workers);
}

/** What the person who starts the server should know of the start itself. */
function startNotes({ access, directory, files, tls }: Config): readonly string[] {
  const right = capabilityNote();
  const secrets = [access.authFile, tls.keyFile ?? tls.certFile, tls.stateFolder].filter((path) => path !== null);
  const own = directory === null ? [] : ownFilesNotes(directory, files.readOnly, { ...OWN_FILES, secrets });
  return right === null ? own : [right, ...own];
}

function wantedWorkers({ workers }: Config): number {
  return workers === "auto" ? availableParallelism() : workers;
}

function countWorkers(config: Config, log: AccessLog): number {
  const wanted = wantedWorkers(config);
  if (wanted === 1 || process.platform === "linux") return wanted;
  log.warning("Several workers can share a port on Linux only; this server has one.");
  return 1;
}
