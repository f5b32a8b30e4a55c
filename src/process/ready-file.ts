// The file that says that the server listens, and where: for jobs that start it and wait. It appears whole or not at all,
// and goes with the server, unless another one has put its own in its place.

import { accessSync, constants, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { quoted } from "../cli/usage-error.ts";

/** What it says. */
export interface Readiness {
  readonly pid: number;
  /** Where it listens, the first of them secure if any is. */
  readonly urls: readonly string[];
  /** From the root; null when none is served. */
  readonly directory: string | null;
  readonly version: string;
}

const EVERYONE_READS = 0o644;

/** Why such a file is not there, as one line. */
export function describeWriteFault(error: unknown): string {
  return `--ready-file cannot be written: ${(error as Error).message}.`;
}

/**
 * Why the path is none for such a file, as one line; null when it is. What a killed server has left there goes: nobody
 * shall take it for this one.
 */
export function prepareReadyFile(path: string): string | null {
  // Found out before a socket is taken over from a server that could go on with it.
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isFile())
      return `--ready-file must be the path of a file, and "${quoted(path)}" is something else.`;
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    return describeWriteFault(error);
  }
  const pid = pidIn(path);
  // In a container each server may have the same number as the one before.
  if (pid !== null && (pid === process.pid || !isRunning(pid))) rmSync(path, { force: true });
  return null;
}

/** Throws the system's error when it cannot be written. Removed at the end of the process. */
export function writeReadyFile(path: string, readiness: Readiness): void {
  // What a killed server left half written stands in nobody's way.
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(readiness) + "\n", { flag: "wx", mode: EVERYONE_READS });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  process.on("exit", () => {
    if (pidIn(path) === readiness.pid) rmSync(path, { force: true });
  });
}

/** Whose it is; null for what is no such file. */
function pidIn(path: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(path, "utf8")) as Partial<Readiness>;
    return typeof pid === "number" ? pid : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
