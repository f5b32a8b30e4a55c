// How a server process ends: in order when a signal asks for it, at once when it cannot serve.

import { complain, EXIT_CANNOT_SERVE, EXIT_STOPPED } from "../cli/answer.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { sayWhatIsLeft } from "./greeting.ts";
import type { Run } from "./run.ts";
import { followSignals, type SignalDuties } from "./signals.ts";

/** What has to end with the process. */
export interface Stoppable {
  /** Resolves when all that was in hand is done. */
  drain(): Promise<void>;
  /** Connections that are open. */
  readonly connectionCount: number;
  /** Ends at once what would outlive this process. */
  kill(): void;
  /** Reads again what may have changed; null when there is nothing. */
  readonly reload: (() => void) | null;
}

/** Beyond the time for what is in hand: for workers that have to be killed, for a disk that hangs, and for the log. */
const ENDING_MS = 10_000;

/** Ends the server in order, once, and the process with this exit code, or as one that did what it was asked to do. */
export type Stop = (exitCode?: number) => void;

/**
 * The first wish ends the server in order, the second at once; the signals of a server with a command are the command's.
 * Gives what ends it without a signal.
 */
export function stopOnSignals(
  { config, log, evictor, evictions, manager, command, endStart }: Run,
  lifecycle: Lifecycle,
  server: Stoppable,
): Stop {
  const duties: SignalDuties = {
    end: async (exitCode) => {
      manager?.stopping(config.graceMs + config.drainDelayMs + ENDING_MS);
      const isDone = sayWhatIsLeft(log, config.graceMs, () => server.connectionCount);
      await server.drain();
      isDone();
      await evictor?.writeLog();
      evictions.end();
      log.stopped();
      await log.settle();
      process.exit(exitCode);
    },
    endAtOnce: (exitCode) => {
      server.kill();
      log.close();
      process.exit(exitCode);
    },
    reload: manager === null ? server.reload : () => manager.reload(server.reload ?? noteNothing(log)),
    note: (line) => log.warning(line),
  };
  const stop = (exitCode = EXIT_STOPPED): void => {
    if (!lifecycle.isDraining) duties.end(exitCode);
  };
  if (command === null) followSignals(lifecycle, duties);
  else command.passSignals(stop, duties.endAtOnce);
  endStart();
  return stop;
}

/** A service is asked to read again as a matter of course: that there is nothing is no reason to end. */
function noteNothing(log: AccessLog): () => void {
  return () => log.warning("There is nothing to read again.");
}

/** Ends the process with one line that says why it cannot serve. */
export function giveUp(log: AccessLog, line: string): never {
  log.close();
  process.exit(complain(line, EXIT_CANNOT_SERVE));
}
