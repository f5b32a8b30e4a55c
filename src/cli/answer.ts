// What the command line answers when nothing is to be served: a text, the stream it belongs to and an exit code.

import { writeFileSync } from "node:fs";
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

/** Prints the answer and gives the exit code. */
export function answer(question: Question): number {
  switch (question.kind) {
    case "help":
      print(STANDARD_OUTPUT, helpText(isatty(STANDARD_OUTPUT) ? process.stdout.columns : undefined));
      return EXIT_STOPPED;
    case "version":
      print(STANDARD_OUTPUT, `${versionLine()}\n`);
      return EXIT_STOPPED;
    case "completions":
      print(STANDARD_OUTPUT, completionScript(question.shell));
      return EXIT_STOPPED;
    case "man":
      print(STANDARD_OUTPUT, manualPage());
      return EXIT_STOPPED;
    case "print-config":
      for (const note of question.notes) complain(note, EXIT_STOPPED);
      print(STANDARD_OUTPUT, listSettings(question.settings, process.cwd()));
      return EXIT_STOPPED;
    case "usage-error":
      return complain(question.line, EXIT_USAGE_ERROR);
  }
}

/** Prints one line, about why the program ends or what is worth a warning, and gives the exit code back. */
export function complain(line: string, exitCode: number): number {
  print(STANDARD_ERROR, `mini-http: ${line}\n`);
  return exitCode;
}

/** Synchronous, since the process ends next. Nobody reading (`mini-http --help | true`) is no fault. */
function print(fd: number, text: string): void {
  try {
    writeFileSync(fd, text);
  } catch {
    // There is nobody left to tell.
  }
}
