// Whether what is served could change how this program starts the next time: what was uploaded would run as the person
// who starts it. And whether it holds what nobody else should know.

import { realpathSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { quoted } from "./usage-error.ts";

/** What the next start depends on. */
export interface OwnFiles {
  /** The executable, or the folder of the sources. */
  readonly program: string;
  /** Where Bun looks for its settings; null for the executable, which looks for none. */
  readonly startFolder: string | null;
  /** Where keys and passwords are: files, or folders of them. */
  readonly secrets: readonly string[];
}

/** One sentence for each danger in serving `directory`. */
export function ownFilesNotes(directory: string, readOnly: boolean, own: OwnFiles): readonly string[] {
  const notes: string[] = [];
  if (own.startFolder !== null && liesIn(own.startFolder, directory)) {
    notes.push(
      `Bun obeys bunfig.toml, tsconfig.json and .env where it starts, in the served folder "${quoted(directory)}": ` +
        "whoever can put files there runs code at the next start. Start it in another folder.",
    );
  }
  if (!readOnly && liesIn(own.program, directory)) {
    notes.push(
      `This program lies in the served folder "${quoted(directory)}", where an upload can replace it; ` +
        "move one of them, or add --read-only.",
    );
  }
  for (const secret of own.secrets.filter((path) => liesIn(path, directory))) {
    notes.push(
      `Secrets lie in the served folder "${quoted(directory)}", where others may read or replace them: ` +
        `move "${quoted(secret)}" elsewhere.`,
    );
  }
  return notes;
}

/** The same for the file that says where the server is to be reached, and may not be there yet. */
export function readyFileNotes(directory: string, readyFile: string): readonly string[] {
  if (!liesBeside(readyFile, directory)) return [];
  const shown = quoted(readyFile);
  return [`The file of --ready-file, "${shown}", lies in the served folder, where others may read or replace it.`];
}

/** True when a file, or the link that stands for it, is in the folder or would be there. */
export function liesBeside(path: string, directory: string): boolean {
  return liesIn(dirname(path), directory) || liesIn(path, directory);
}

/** By real paths. A folder that is not there yet holds nothing. */
function liesIn(path: string, directory: string): boolean {
  try {
    const way = relative(realpathSync(directory), realpathSync(path));
    return way !== ".." && !way.startsWith(".." + sep);
  } catch {
    return false;
  }
}
