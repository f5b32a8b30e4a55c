// When all workers of a server have heard of new rights.

import { statusOf, withoutBody } from "./ask.ts";
import { PATIENCE_MS, until } from "./patience.ts";

/** A connection is any worker's: after so many in a row, nobody is left whom the news has not reached. */
const IN_A_ROW = 12;

/** Resolves when everybody is let in at a path that was shut before. No login is tried: a failed one would count. */
export async function untilOpen(port: number, path: string): Promise<void> {
  let row = 0;
  await until(
    async () => {
      row = (await statusOf(port, withoutBody("GET", path))) === 401 ? 0 : row + 1;
      return row === IN_A_ROW;
    },
    PATIENCE_MS,
    () => `${path} never opened`,
  );
}
