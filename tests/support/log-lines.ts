// The lines of a log in a file, when all of them are there: at its end a log waits 200 ms for a disk, and tests wait longer.

import { readFileSync } from "node:fs";
import type { AccessLog } from "../../src/observe/access-log.ts";
import { until } from "./patience.ts";

const END = "The end of the test.";

/** All so far, one char per byte and without their line ends. `path` is where the log goes, with all that it warns of. */
export async function linesWhenWritten(log: AccessLog, path: string): Promise<string[]> {
  log.warning(END);
  const lines = (): string[] => readFileSync(path, "latin1").split("\n");
  await until(() => lines().at(-2)?.includes(END) === true && lines().at(-1) === "");
  return lines().slice(0, -2);
}
