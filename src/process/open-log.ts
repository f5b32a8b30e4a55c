// The log of this process, and of the faults that nobody caught.

import type { Config } from "../config.ts";
import { AccessLog } from "../observe/access-log.ts";

/** One for a process. `isShared` when other processes write to the same place. */
export function openLog(config: Config, isShared: boolean): AccessLog {
  const log = new AccessLog({ ...config, servesFiles: config.directory !== null, isShared });
  // A fault that nobody caught is ours; serving everyone else is better than serving nobody.
  process.on("uncaughtException", (error) => log.fault(error));
  process.on("unhandledRejection", (error) => log.fault(error));
  return log;
}
