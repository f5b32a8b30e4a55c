#!/usr/bin/env bun
// From the command line to a running server, and from a signal to its end.

import { createDispatch, sweepDirectory } from "./app.ts";
import { answer, complain, EXIT_CANNOT_SERVE, EXIT_MISTAKE, EXIT_STOPPED } from "./cli/answer.ts";
import { descriptorLimit, planDescriptors } from "./cli/descriptor-limit.ts";
import { inspectDirectory } from "./cli/directory.ts";
import { describeListenFault } from "./cli/listen-fault.ts";
import { type Config, parseConfig } from "./config.ts";
import { Server } from "./net/server.ts";
import { AccessLog } from "./observe/access-log.ts";

/** A process that was killed by a signal of this number ends with 128 more, as shells count. */
const EXIT_SIGNAL = 128;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

main();

function main(): void {
  const request = parseConfig(process.argv.slice(2), process.env);
  if (request.kind !== "serve") process.exit(answer(request));
  const { config, notes } = request;
  const folder = config.directory === null ? null : inspectDirectory(config.directory, config.files.readOnly);
  if (folder?.kind === "mistake") process.exit(complain(folder.line, EXIT_MISTAKE));
  const log = new AccessLog({ quiet: config.quiet, servesFiles: config.directory !== null });
  for (const note of notes) log.warning(note);
  if (folder?.kind === "missing") log.warning(folder.warning);
  serve(config, log);
}

function serve(config: Config, log: AccessLog): void {
  const plan = planDescriptors(descriptorLimit(), config.limits.maxConnections);
  const server = new Server({
    host: config.host,
    port: config.port,
    limits: { ...config.limits, maxConnections: plan.connections },
    maxTurnedAway: plan.turnedAway,
    dispatch: createDispatch(config, plan.files),
    observer: log,
  });
  // Before the port opens: a signal right behind the start line must find its handler.
  stopOnSignals(server, config, log);
  // A fault that nobody caught is ours; serving everyone else is better than serving nobody.
  process.on("uncaughtException", (error) => log.fault(error));
  process.on("unhandledRejection", (error) => log.fault(error));
  try {
    log.started(server.listen());
    void sweepDirectory(config).then((swept) => {
      if (swept > 0) log.warning(`Removed ${swept} unfinished uploads that a server before this one left behind.`);
    });
  } catch (error) {
    log.close();
    process.exit(complain(describeListenFault(error, config.host, config.port), EXIT_CANNOT_SERVE));
  }
}

/** The first signal ends the server in order, the second at once. */
function stopOnSignals(server: Server, config: Config, log: AccessLog): void {
  let isStopping = false;
  const stop = async (signal: keyof typeof SIGNAL_NUMBERS): Promise<void> => {
    if (isStopping) {
      log.close();
      process.exit(EXIT_SIGNAL + SIGNAL_NUMBERS[signal]);
    }
    isStopping = true;
    await Bun.sleep(config.drainDelayMs);
    await server.drain(config.graceMs);
    log.stopped();
    await log.settle();
    process.exit(EXIT_STOPPED);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  // A closed terminal ends the server as a signal would; a broken log pipe does not.
  process.on("SIGHUP", () => void stop("SIGTERM"));
  process.on("SIGPIPE", () => {});
}
