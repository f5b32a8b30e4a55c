// Whether the folder that someone wants to serve can be served, found out before the port opens.

import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError, quoted } from "./usage-error.ts";

/** What stands in a text for bytes that are none. */
const REPLACEMENT = "\ufffd";
/** The words and variables that this process was started with, byte by byte; on Linux only. */
const STARTED_WITH = ["/proc/self/cmdline", "/proc/self/environ"];

/** What is there: a folder; nothing yet, with a sentence about it; or something that cannot be served. */
export type DirectoryState =
  | { readonly kind: "ready"; readonly warning: string | null }
  | { readonly kind: "missing"; readonly warning: string }
  | { readonly kind: "usage-error"; readonly line: string };

/**
 * Looks at `path`. A folder that does not exist may still come, unless nobody could ever create it (`readOnly`). Paths are
 * texts in this program: one whose bytes are no UTF-8 would name another folder, so it is a mistake.
 */
export function inspectDirectory(path: string, readOnly: boolean): DirectoryState {
  const shown = quoted(path);
  const usageError = (sentence: string): DirectoryState => ({
    kind: "usage-error",
    line: new UsageError(sentence).line,
  });
  const misspelt = `The path "${shown}" holds bytes that are no UTF-8, which cannot be served; rename that part of it.`;
  if (isMisread(path)) return usageError(misspelt);
  try {
    if (!isText(realpathSync(nearest(path), "buffer"))) return usageError(misspelt);
    if (!statSync(path).isDirectory()) return usageError(`"${shown}" is not a folder; give the folder that holds it.`);
    accessSync(path, constants.R_OK | constants.X_OK);
    return { kind: "ready", warning: readOnly || isWritable(path) ? null : unwritable(path) };
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case "ENOENT":
        if (readOnly) return usageError(`There is no folder "${shown}"; create it first, --read-only never will.`);
        return { kind: "missing", warning: `There is no folder "${path}" yet; the first upload creates it.` };
      case "EACCES":
      case "EPERM":
        return usageError(`The folder "${shown}" cannot be read; give this user read and search permission.`);
      case "ENOTDIR":
        return usageError(`"${shown}" leads through a file; give a folder.`);
      default:
        return usageError(`The folder "${shown}" cannot be opened (${systemReason(error)}).`);
    }
  }
}

function unwritable(path: string): string {
  return `The folder "${path}" cannot be written to: uploads will fail until this user has write permission.`;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** True for a path that nobody wrote: a byte of it is no UTF-8, and came here as a replacement. */
function isMisread(path: string): boolean {
  if (!path.includes(REPLACEMENT)) return false;
  try {
    return !STARTED_WITH.some((source) => readFileSync(source).includes(path));
  } catch {
    return false;
  }
}

/** The path itself or, where nothing is there yet, the folder in which it would be. */
function nearest(path: string): string {
  const outer = dirname(path);
  return existsSync(path) || outer === path ? path : nearest(outer);
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString("utf8")).equals(bytes);
}

function systemReason(error: unknown): string {
  return error instanceof Error ? quoted(error.message) : "unknown reason";
}
