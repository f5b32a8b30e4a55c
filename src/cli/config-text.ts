// The text of the file of --config, from the disk. Whatever the path names, it is read at once or refused: nothing waits.

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readBounded } from "./bounded-file.ts";
import { editedText } from "./edited-text.ts";
import { printable, quoted, UsageError } from "./usage-error.ts";

/** Nobody writes more; a mistaken path may name anything. */
const MOST_BYTES = 1024 * 1024;

/** All of it, or why there is none, as a sentence. */
export function readConfigText(path: string): string | UsageError {
  const shown = `The file of --config, "${printable(path)}",`;
  try {
    const bytes = readBytes(path);
    if (bytes === null) return new UsageError(`${shown} is no regular file.`);
    if (bytes.length > MOST_BYTES) return new UsageError(`${shown} is longer than 1 MiB, and no such file.`);
    return editedText(bytes) ?? new UsageError(`${shown} holds bytes that are no UTF-8.`);
  } catch (error) {
    return new UsageError(`${shown} ${describeFault(error)}.`);
  }
}

/** Up to one more than may be; null for what is no regular file. A pipe without a writer would keep us waiting. */
function readBytes(path: string): Buffer | null {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return fstatSync(file).isFile() ? readBounded(file, MOST_BYTES) : null;
  } finally {
    closeSync(file);
  }
}

function describeFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return "does not exist";
    case "EACCES":
    case "EPERM":
      return "cannot be read; give this user read permission";
    case "ENXIO":
      return "is no regular file";
    default:
      return `cannot be read (${quoted(message)})`;
  }
}
