// What the command line answers when nothing is to be served: a text, the stream it belongs to and an exit code.

import { writeFileSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { completionScript, type Shell } from "./completions.ts";
import { helpText } from "./help.ts";
import { manualPage } from "./manual.ts";
import { listSettings } from "./settings-listing.ts";
import type { SettingMap } from "./settings.ts";
import { versionLine } from "./version.ts";

/** Exit codes; scripts depend on them. */
export const EXIT_STOPPED = 0;
export const EXIT_CANNOT_SERVE = 1;
export const EXIT_USAGE_ERROR = 2;

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

/** A command line that asks for no server. */
export type Question =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completions"; readonly shell: Shell }
  | { readonly kind: "man" }
  | { readonly kind: "print-config"; readonly settings: SettingMap; readonly notes: readonly string[] }
  | { readonly kind: "usage-error"; readonly line: string };

/** A pipe that somebody else has made non-blocking is asked again so much later. */
const RETRY_MS = 5;
/** Nobody reads (`mini-http --help | true`), which is no fault. */
const UNREAD: ReadonlySet<unknown> = new Set(["EPIPE", "EBADF"]);

/** Prints the answer and gives the exit code. */
export function answer(question: Question): number {
  switch (question.kind) {
    case "help":
      return deliver(helpText(isatty(STANDARD_OUTPUT) ? process.stdout.columns : undefined));
    case "version":
      return deliver(`${versionLine()}\n`);
    case "completions":
      return deliver(completionScript(question.shell));
    case "man":
      return deliver(manualPage());
    case "print-config":
      for (const note of question.notes) complain(note, EXIT_STOPPED);
      return deliver(listSettings(question.settings, process.cwd()));
    case "usage-error":
      return complain(question.line, EXIT_USAGE_ERROR);
  }
}

/** Prints what was asked for, and gives the exit code: a file that is not whole is a failure, for scripts too. */
export function deliver(text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(STANDARD_OUTPUT, bytes, written);
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      if (UNREAD.has(code)) break;
      if (code !== "EAGAIN") return complain(`Standard output did not take all of it (${code}).`, EXIT_CANNOT_SERVE);
      Bun.sleepSync(RETRY_MS);
    }
  }
  return EXIT_STOPPED;
}

/** Prints one line, about why the program ends or what is worth a warning, and gives the exit code back. */
export function complain(line: string, exitCode: number): number {
  try {
    writeFileSync(STANDARD_ERROR, `mini-http: ${line}\n`);
  } catch {
    // There is nobody left to tell.
  }
  return exitCode;
}
