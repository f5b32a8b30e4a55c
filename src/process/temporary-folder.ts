// A folder for one run: new, this user's alone, and gone with the process, which removes what it made and nothing else.

import { lstatSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complain, EXIT_CANNOT_SERVE } from "../cli/answer.ts";
import { removeFolder } from "./folder-removal.ts";

/** Its path, mode 0700; ends the process with one line when there is no place for it. */
export function makeTemporaryFolder(): string {
  let path: string;
  try {
    path = mkdtempSync(join(tmpdir(), "mini-http-"));
  } catch (error) {
    const reason = (error as Error).message;
    process.exit(complain(`--tmp needs a place for a folder; set TMPDIR to one (${reason}).`, EXIT_CANNOT_SERVE));
  }
  const { dev, ino } = lstatSync(path);
  process.on("exit", () => {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.dev === dev && there.ino === ino) remove(path);
  });
  return path;
}

function remove(path: string): void {
  try {
    removeFolder(path);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    complain(`The folder of --tmp could not be removed (${code}); what is left is in ${path}.`, EXIT_CANNOT_SERVE);
  }
}
