// Whether the folder that someone wants to serve can be served, found out before the port opens.

import { accessSync, constants, statSync } from "node:fs";
import { Mistake, quoted } from "./mistake.ts";

/** What is there: a folder; nothing yet, with a sentence about it; or something that cannot be served. */
export type DirectoryState =
  | { readonly kind: "ready" }
  | { readonly kind: "missing"; readonly warning: string }
  | { readonly kind: "mistake"; readonly line: string };

/** Looks at `path`. A folder that does not exist may still come, unless nobody could ever create it (`readOnly`). */
export function inspectDirectory(path: string, readOnly: boolean): DirectoryState {
  const shown = quoted(path);
  const mistake = (sentence: string): DirectoryState => ({ kind: "mistake", line: new Mistake(sentence).line });
  try {
    if (!statSync(path).isDirectory()) return mistake(`"${shown}" is not a folder; give the folder that holds it.`);
    accessSync(path, constants.R_OK | constants.X_OK);
    return { kind: "ready" };
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case "ENOENT":
        if (readOnly) return mistake(`There is no folder "${shown}"; create it first, --read-only never will.`);
        return { kind: "missing", warning: `There is no folder "${path}" yet; the first upload creates it.` };
      case "EACCES":
      case "EPERM":
        return mistake(`The folder "${shown}" cannot be read; give this user read and search permission.`);
      case "ENOTDIR":
        return mistake(`"${shown}" leads through a file; give a folder.`);
      default:
        return mistake(`The folder "${shown}" cannot be opened (${systemReason(error)}).`);
    }
  }
}

function systemReason(error: unknown): string {
  return error instanceof Error ? quoted(error.message) : "unknown reason";
}
