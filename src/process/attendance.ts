// What goes with a server that listens: whoever waits for it is told, and whatever is to end it is watched.

import { resolve } from "node:path";
import { VERSION } from "../cli/version.ts";
import type { Config } from "../config.ts";
import { giveUp, type Stop } from "./ending.ts";
import { greet } from "./greeting.ts";
import { describeWriteFault, writeReadyFile } from "./ready-file.ts";
import type { Run } from "./run.ts";

/** The server listens at these URLs, and `isAlive` resolves when it does not hang. Ends the process with one line when that cannot be told to who waits for it. */
export function attend(run: Run, urls: readonly string[], stop: Stop, isAlive: () => Promise<boolean>): void {
  const { config, log, keeper, manager, command } = run;
  const directory = config.directory === null ? null : resolve(config.directory);
  log.started(urls);
  keeper.begin();
  if (config.life.readyFile !== null) {
    try {
      writeReadyFile(config.life.readyFile, { pid: process.pid, urls, directory, version: VERSION });
    } catch (error) {
      giveUp(log, describeWriteFault(error));
    }
  }
  manager?.ready(urls);
  manager?.watch(isAlive);
  greet(run, urls);
  stopLater(config.life, stop);
  command?.start({ urls, isSecure: run.renewal.tls !== null, directory, certificate: ownCertificate(run) }, stop);
}

function stopLater({ stopAfterMs, exitOnStdinClose }: Config["life"], stop: Stop): void {
  if (stopAfterMs !== null) setTimeout(stop, stopAfterMs).unref();
  if (!exitOnStdinClose) return;
  // One that was never open has ended, too.
  for (const event of ["end", "close", "error"]) process.stdin.on(event, () => stop());
  process.stdin.resume();
}

/** Nobody else vouches for it, so clients have to be given it. */
function ownCertificate({ config, renewal }: Run): string | null {
  return config.tls.selfSigned ? (renewal.tls?.cert ?? null) : null;
}
