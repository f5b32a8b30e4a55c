// What the person who starts the server should know of the file of --config: who else could read or change it.

import { statSync } from "node:fs";
import { holdsPassword } from "../admission/access-rules.ts";
import { ACCESS_FLAGS } from "../cli/access-flags.ts";
import type { FlagFace } from "../cli/flag-row.ts";
import { liesBeside } from "../cli/own-files.ts";
import { printable } from "../cli/usage-error.ts";
import type { Served } from "../config.ts";

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;

/** A sentence each; none without a file. */
export function configNotes({ config, settings, file }: Served, directory: string | null): readonly string[] {
  if (file === null) return [];
  const shown = printable(file.path);
  const mode = statSync(file.path, { throwIfNoEntry: false })?.mode ?? 0;
  const isOfFile = ({ flag }: FlagFace): boolean => settings.get(flag)?.source.kind === "file";
  const { auth, tokens } = config.access;
  const secrets = [
    ...(isOfFile(ACCESS_FLAGS.auth) ? auth.filter(holdsPassword) : []),
    ...(isOfFile(ACCESS_FLAGS.tokens) ? tokens : []),
  ];
  const notes: string[] = [];
  if ((mode & OTHERS_WRITE) !== 0)
    notes.push(`Other users of this machine can change ${shown}, and with it what this server does; chmod o-w.`);
  if ((mode & OTHERS_READ) !== 0 && secrets.length > 0)
    notes.push(
      `Other users of this machine can read the secrets in ${shown}; chmod 600, or hash them (hash-password).`,
    );
  if (directory !== null && liesBeside(file.path, directory))
    notes.push(`The file of --config, "${shown}", lies in the served folder, where others may read or replace it.`);
  return notes;
}
