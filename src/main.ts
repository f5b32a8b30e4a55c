#!/usr/bin/env -S bun --config=/dev/null --no-env-file --tsconfig-override=/dev/null
// From the command line to a running server, and from a signal to its end.

import { availableParallelism } from "node:os";
import { createCoordinator, createDispatch, createKeeper } from "./app.ts";
import { answer, complain, EXIT_CANNOT_SERVE, EXIT_MISTAKE, EXIT_STOPPED } from "./cli/answer.ts";
import { capabilityNote } from "./cli/capabilities.ts";
import { descriptorLimit, planDescriptors } from "./cli/descriptor-limit.ts";
import { inspectDirectory } from "./cli/directory.ts";
import { findIllness } from "./cli/healthcheck.ts";
import { shareOfMemory } from "./cli/memory-limit.ts";
import { describeListenFault } from "./cli/listen-fault.ts";
import { ownFilesNotes } from "./cli/own-files.ts";
import { type Config, parseConfig } from "./config.ts";
import { Crew } from "./crew/crew.ts";
import { WORKER_WORD } from "./crew/messages.ts";
import { followSignals } from "./crew/signals.ts";
import { followParent, isWorker } from "./crew/worker.ts";
import { addressesOf } from "./net/host-addresses.ts";
import { Server, type ServerOptions } from "./net/server.ts";
import { TcpListener } from "./net/tcp-listener.ts";
import { AccessLog } from "./observe/access-log.ts";
import type { Coordinator } from "./storage/coordinator.ts";
import { Housekeeper } from "./storage/housekeeper.ts";

/** One process is one server; it is told to stop once. */
const lifecycle = { isDraining: false };

main(process.argv.slice(2));

function main(argv: readonly string[]): void {
  if (isWorker(argv, WORKER_WORD)) return work();
  const request = parseConfig(argv, process.env);
  if (request.kind === "healthcheck") return void checkHealth(request.host, request.port);
  if (request.kind !== "serve") process.exit(answer(request));
  const { config, notes } = request;
  const folder = config.directory === null ? null : inspectDirectory(config.directory, config.files.readOnly);
  if (folder?.kind === "mistake") process.exit(complain(folder.line, EXIT_MISTAKE));
  const log = openLog(config, wantedWorkers(config) > 1);
  for (const note of notes) log.warning(note);
  if (folder?.kind === "missing") log.warning(folder.warning);
  noteStart(config, log);
  void serve(config, log);
}

async function serve(config: Config, log: AccessLog): Promise<void> {
  const workers = countWorkers(config, log);
  const keeper = new Housekeeper(createKeeper(config), log);
  // Nobody may see half a group that a killed server was making visible.
  await keeper.recover();
  const addresses = await findAddresses(config, log);
  if (workers === 1) serveAlone(config, log, addresses, keeper);
  else await serveTogether(config, log, addresses, workers, keeper);
}

async function findAddresses(config: Config, log: AccessLog): Promise<readonly string[]> {
  try {
    return await addressesOf(config.host);
  } catch (error) {
    return cannotListen(error, config, log);
  }
}

function cannotListen(error: unknown, config: Config, log: AccessLog): never {
  log.close();
  process.exit(complain(describeListenFault(error, config.host, config.port), EXIT_CANNOT_SERVE));
}

async function checkHealth(host: string, port: number): Promise<void> {
  const illness = await findIllness(host, port);
  process.exit(illness === null ? EXIT_STOPPED : complain(illness, EXIT_CANNOT_SERVE));
}

function openLog(config: Config, isShared: boolean): AccessLog {
  const log = new AccessLog({ quiet: config.quiet, servesFiles: config.directory !== null, isShared });
  // A fault that nobody caught is ours; serving everyone else is better than serving nobody.
  process.on("uncaughtException", (error) => log.fault(error));
  process.on("unhandledRejection", (error) => log.fault(error));
  return log;
}

/** What the person who starts the server should know of the start itself. */
function noteStart({ directory, files }: Config, log: AccessLog): void {
  const right = capabilityNote();
  if (right !== null) log.warning(right);
  if (directory === null) return;
  const own = Bun.isStandaloneExecutable
    ? { program: process.execPath, startFolder: null }
    : { program: import.meta.dir, startFolder: "." };
  for (const note of ownFilesNotes(directory, files.readOnly, own)) log.warning(note);
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

// ── One process ──

function serveAlone(config: Config, log: AccessLog, addresses: readonly string[], keeper: Housekeeper): void {
  const coordinator = createCoordinator(config, keeper.storage);
  coordinator.prepare();
  const listener = new TcpListener({ ...config, addresses });
  const server = buildServer(config, log, { listeners: [listener] }, coordinator);
  // Before the port opens: a signal right behind the start line must find its handler.
  stopOnSignals(log, {
    drain: async () => {
      lifecycle.isDraining = true;
      await Bun.sleep(config.drainDelayMs);
      await server.drain(config.graceMs);
    },
    kill: () => {},
  });
  log.started(listenOrExit(() => server.listen(), listener, config, log));
  keeper.begin();
}

function buildServer(
  config: Config,
  log: AccessLog,
  options: Pick<ServerOptions, "listeners" | "scoreboard">,
  coordinator: Coordinator,
): Server {
  const plan = planDescriptors(descriptorLimit(), config.limits.maxConnections);
  return new Server({
    limits: {
      ...config.limits,
      maxConnections: plan.connections,
      maxBuffered: Math.min(config.limits.maxBuffered, shareOfMemory()),
    },
    maxTurnedAway: plan.turnedAway,
    dispatch: createDispatch(config, plan.files, coordinator, lifecycle, (line) => log.warning(line)),
    observer: log,
    ...options,
  });
}

function listenOrExit<Result>(listen: () => Result, listener: TcpListener, config: Config, log: AccessLog): Result {
  try {
    const result = listen();
    noteAbsentAddresses(listener, config, log);
    return result;
  } catch (error) {
    return cannotListen(error, config, log);
  }
}

/** Many machines have no IPv6, and nobody who says localhost misses it. */
function noteAbsentAddresses({ absentAddresses }: TcpListener, { host }: Config, log: AccessLog): void {
  if (absentAddresses.length === 0 || host === "localhost") return;
  log.warning(`${host} also stands for ${absentAddresses.join(", ")}, which this machine does not have.`);
}

// ── Several processes ──

async function serveTogether(
  config: Config,
  log: AccessLog,
  addresses: readonly string[],
  size: number,
  keeper: Housekeeper,
): Promise<void> {
  const coordinator = createCoordinator(config, keeper.storage);
  coordinator.prepare();
  // Workers share the port with whoever else shares it: first make sure that nobody has it, and choose it if need be.
  const probe = new TcpListener({ ...config, addresses });
  listenOrExit(() => probe.listen<undefined>({ data() {} }), probe, config, log);
  const { port } = probe;
  probe.stop();
  let crew: Crew | null = null;
  try {
    const workerDied = async (): Promise<void> => {
      await keeper.recover();
      keeper.sweep();
    };
    const started = new Crew({ config: { ...config, port }, addresses, size, coordinator, observer: log, workerDied });
    crew = started;
    stopOnSignals(log, { drain: () => started.drain(), kill: () => started.kill() });
    log.started(await started.start());
    keeper.begin();
  } catch (error) {
    crew?.kill();
    log.close();
    process.exit(complain((error as Error).message, EXIT_CANNOT_SERVE));
  }
}

function work(): void {
  let stop = (): void => process.exit(EXIT_STOPPED);
  followParent({
    start: ({ config, addresses }, coordinator, scoreboard) => {
      const log = openLog(config, true);
      const listener = new TcpListener({ ...config, addresses, sharesPort: true });
      const server = buildServer(config, log, { listeners: [listener], scoreboard }, coordinator);
      stop = () => void endWorker(server, config, log);
      try {
        return server.listen();
      } catch (error) {
        throw new Error(describeListenFault(error, config.host, config.port));
      }
    },
    drain: () => stop(),
  });
}

async function endWorker(server: Server, config: Config, log: AccessLog): Promise<void> {
  lifecycle.isDraining = true;
  await Bun.sleep(config.drainDelayMs);
  await server.drain(config.graceMs);
  await log.settle();
  process.exit(EXIT_STOPPED);
}

// ── The end ──

/** The first wish ends the server in order, the second at once. */
function stopOnSignals(log: AccessLog, server: { drain(): Promise<void>; kill(): void }): void {
  followSignals({
    end: async (exitCode) => {
      await server.drain();
      log.stopped();
      await log.settle();
      process.exit(exitCode);
    },
    endAtOnce: (exitCode) => {
      server.kill();
      log.close();
      process.exit(exitCode);
    },
    note: (line) => log.warning(line),
  });
}
