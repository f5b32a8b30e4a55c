// Where log lines leave the process, and how far a write there can be trusted not to wait.

import { closeSync, constants, fstatSync, openSync } from "node:fs";

/** A descriptor to write to. */
export interface LogOutput {
  readonly fd: number;
  /**
   * "at once": a write takes what fits and gives EAGAIN for the rest, it never waits.
   * "on disk": a regular file; a write may wait for the disk but always ends.
   * "any time": a write may wait forever for whoever reads.
   */
  readonly writes: "at once" | "on disk" | "any time";
}

/** Others on the machine need not read who asked for what. */
const FILE_MODE = 0o640;

/**
 * A file to write behind what is there, made when it is not: however many write, and whoever cuts it, each write goes to
 * its end. A pipe with a name needs its reader first. Throws the system's error.
 */
export function openLogFile(path: string): LogOutput {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;
  // Non-blocking, so that a pipe that nobody reads is an error at once; a file does not mind.
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, FILE_MODE);
  try {
    return { fd, writes: fstatSync(fd).isFile() ? "on disk" : "at once" };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * The best way to write to `fd`. A pipe or terminal is opened a second time, non-blocking: setting that on `fd` itself
 * would set it for every process that shares it, such as the shell that started us. Never throws.
 */
export function openLogOutput(fd: number): LogOutput {
  try {
    const stats = fstatSync(fd);
    if (stats.isFile()) return { fd, writes: "on disk" };
    if (stats.isFIFO() || stats.isCharacterDevice()) {
      const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      // Elsewhere than on Linux /dev/fd gives the same open file again, and O_NONBLOCK with it to all who share it.
      if (process.platform === "linux") return { fd: openSync(`/proc/self/fd/${fd}`, flags), writes: "at once" };
    }
  } catch {
    // A closed descriptor, a pipe without a reader, another user's terminal, no /proc: the first write will tell.
  }
  return { fd, writes: "any time" };
}
