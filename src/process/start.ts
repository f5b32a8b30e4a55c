// From the settings of a run to one process or several that serve: what is to be found out, said and mended before.

import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { createCoordinator, createEvictor, createKeeper } from "../app.ts";
import { complain, EXIT_CANNOT_SERVE, EXIT_USAGE_ERROR } from "../cli/answer.ts";
import { capabilityNote } from "../cli/capabilities.ts";
import { inspectDirectory } from "../cli/directory.ts";
import { ownFilesNotes, readyFileNotes } from "../cli/own-files.ts";
import { withPlaces } from "../cli/settings.ts";
import type { Config, Served } from "../config.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { Housekeeper } from "../storage/housekeeper.ts";
import type { Activation } from "./activation.ts";
import { Command } from "./command.ts";
import { configNotes } from "./config-notes.ts";
import { serveTogether } from "./many-processes.ts";
import { serveAlone } from "./one-process.ts";
import { openLog } from "./open-log.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";
import { EvictionReport } from "./eviction-report.ts";
import { findPlace, NOWHERE, type Place, takePart } from "./place.ts";
import { prepareReadyFile } from "./ready-file.ts";
import { loadRenewal, Unfit } from "./renewal.ts";
import type { ServiceManager } from "./service-manager.ts";
import { followSignalsOfStart } from "./signals.ts";
import { type ServiceEnvironment, takeServiceEnvironment } from "./service-environment.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** The executable, or the folder of the sources; Bun looks for its settings where it starts, unless they are built in. */
const OWN_FILES = Bun.isStandaloneExecutable
  ? { program: process.execPath, startFolder: null }
  : { program: dirname(import.meta.dir), startFolder: "." };

/**
 * Serves until the process ends, or as long as the command runs that is given; ends the process with one line when it
 * cannot.
 */
export async function serve(asked: Served, words: readonly string[] | null = null): Promise<void> {
  const service = takeServiceEnvironment(process.env, process.pid);
  const descriptors = words === null ? [] : inheritedDescriptors(service.socketNames.length);
  const mistake = findLifeMistake(asked.config);
  if (mistake !== null) process.exit(complain(mistake, EXIT_USAGE_ERROR));
  // Before anything is made that has to go with the process.
  const endStart = followSignalsOfStart(words !== null, (exitCode) => process.exit(exitCode));
  const activation = await activateOrGiveUp(asked.config, service);
  const settled = activation?.config ?? asked.config;
  const config = settled.life.tmp ? { ...settled, directory: makeTemporaryFolder() } : settled;
  const folder = config.directory === null ? null : inspectDirectory(config.directory, config.files.readOnly);
  if (folder?.kind === "usage-error") process.exit(complain(folder.line, EXIT_USAGE_ERROR));
  const loaded = loadRenewal(config, null);
  if (loaded instanceof Unfit) process.exit(complain(withPlaces(loaded.line, asked.settings), EXIT_USAGE_ERROR));
  const log = openLogOrGiveUp(config);
  const warnings = [
    ...new Set([...asked.notes, ...service.notes, ...(activation?.notes ?? [])]),
    ...(folder === null || folder.warning === null ? [] : [folder.warning]),
    ...startNotes(config),
    ...configNotes(asked, config.directory),
    ...loaded.notes,
  ];
  for (const warning of warnings) log.warning(warning);
  const workers = countWorkers(config, log);
  const coordinator = createCoordinator(config, () => keeper.measure());
  const keeper: Housekeeper = new Housekeeper(createKeeper(config, coordinator), log);
  const evictions = new EvictionReport(log);
  const evictor = createEvictor(config, keeper.storage, evictions);
  coordinator.ledger = evictor;
  // Nobody may see half a group that a killed server was making visible.
  await keeper.recover();
  const place = activation === null ? await ownPlace(config, log) : { ...NOWHERE, inherited: activation.sockets };
  void evictor?.begin();
  const manager = await meetManager(service, log);
  const command = words === null ? null : new Command(words, descriptors);
  const { renewal } = loaded;
  const told = { log, evictions, manager, command, endStart };
  const run = { config, asked, place, renewal, coordinator, keeper, evictor, ...told };
  if (workers === 1) serveAlone(run);
  else await serveTogether(run, workers);
}

/** Null when no sockets were handed over. */
async function activateOrGiveUp(asked: Config, { socketNames }: ServiceEnvironment): Promise<Activation | null> {
  if (socketNames.length === 0) return null;
  const { activate, Unusable } = await import("./activation.ts");
  const activation = activate(asked, socketNames);
  return activation instanceof Unusable ? process.exit(complain(activation.line, EXIT_CANNOT_SERVE)) : activation;
}

/** Null when nobody wants to hear of this server. */
async function meetManager(
  { notifySocket, watchdogMs }: ServiceEnvironment,
  log: AccessLog,
): Promise<ServiceManager | null> {
  if (notifySocket === null) return null;
  const { ServiceManager } = await import("./service-manager.ts");
  return ServiceManager.at(notifySocket, watchdogMs, (line) => log.warning(line));
}

/** Where the settings say. */
async function ownPlace(config: Config, log: AccessLog): Promise<Place> {
  const found = await findPlace(config, log);
  return config.life.reusePort ? takePart(found, log) : found;
}

function openLogOrGiveUp(config: Config): AccessLog {
  try {
    return openLog(config, wantedWorkers(config) > 1);
  } catch (error) {
    process.exit(complain((error as Error).message, EXIT_USAGE_ERROR));
  }
}

/** Null when the life of this server can be bound as was asked, otherwise one line. */
function findLifeMistake({ life }: Config): string | null {
  if (life.reusePort && process.platform !== "linux") return "--reuse-port works on Linux only.";
  return life.readyFile === null ? null : prepareReadyFile(life.readyFile);
}

/** What the person who starts the server should know of the start itself. */
function startNotes({ access, directory, files, life, tls, log }: Config): readonly string[] {
  const right = capabilityNote();
  const secrets = [access.authFile, tls.keyFile ?? tls.certFile, tls.stateFolder, log.file].filter(
    (path) => path !== null,
  );
  const own = directory === null ? [] : ownFilesNotes(directory, files.readOnly, { ...OWN_FILES, secrets });
  const told = directory === null || life.readyFile === null ? [] : readyFileNotes(directory, life.readyFile);
  return [...(right === null ? [] : [right]), ...own, ...told];
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
