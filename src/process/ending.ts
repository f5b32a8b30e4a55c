// How a server process ends: in order when a signal asks for it, at once when it cannot serve.

import { complain, EXIT_CANNOT_SERVE } from "../cli/answer.ts";
import type { AccessLog } from "../observe/access-log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { sayWhatIsLeft } from "./greeting.ts";
import { followSignals } from "./signals.ts";

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

/** The first wish ends the server in order, the second at once. */
export function stopOnSignals(log: AccessLog, lifecycle: Lifecycle, graceMs: number, server: Stoppable): void {
  followSignals(lifecycle, {
    end: async (exitCode) => {
      const isDone = sayWhatIsLeft(log, graceMs, () => server.connectionCount);
      await server.drain();
      isDone();
      log.stopped();
      await log.settle();
      process.exit(exitCode);
    },
    endAtOnce: (exitCode) => {
      server.kill();
      log.close();
      process.exit(exitCode);
    },
    reload: server.reload,
    note: (line) => log.warning(line),
  });
}

/** Ends the process with one line that says why it cannot serve. */
export function giveUp(log: AccessLog, line: string): never {
  log.close();
  process.exit(complain(line, EXIT_CANNOT_SERVE));
}
