// The log of this process, and of the faults that nobody caught.

import { isatty } from "node:tty";
import type { Config } from "../config.ts";
import { AccessLog, openFault } from "../observe/access-log.ts";
import { type LogOutput, openLogFile } from "../observe/log-output.ts";

const STANDARD_ERROR = 2;

/** One for a process. `isShared` when other processes write to the same place. Throws one line when it has no file. */
export function openLog(config: Config, isShared: boolean): AccessLog {
  const { format, file: path, isVerbose } = config.log;
  const log = new AccessLog({
    quiet: config.quiet,
    servesFiles: config.directory !== null,
    isShared,
    format,
    isVerbose,
    onTerminal: isatty(STANDARD_ERROR) ? { isColoured: showsColours(process.env) } : null,
    file: path === null ? null : { path, output: openFile(path) },
  });
  // A fault that nobody caught is ours; serving everyone else is better than serving nobody.
  process.on("uncaughtException", (error) => log.fault(error));
  process.on("unhandledRejection", (error) => log.fault(error));
  return log;
}

function openFile(path: string): LogOutput {
  try {
    return openLogFile(path);
  } catch (error) {
    throw new Error(openFault(path, error));
  }
}

/** Whatever NO_COLOR holds means it, unless that is nothing (no-color.org). */
function showsColours({ NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return !NO_COLOR && TERM !== "dumb";
}
