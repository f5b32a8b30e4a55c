// How a server's life is bound to that of others: of a job that waits for it, of a test that needs it for a while, of the
// server that takes its place. As rows.

import { optional, path, toggle } from "./flag-row.ts";
import { readCount, readDuration } from "./quantity.ts";

const GROUP = "Life cycle";
/** Timers know no longer time: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Workers count them in 32 bits. */
const MOST_REQUESTS = 2 ** 31 - 1;

/** Nothing of it is asked for when nothing is set. */
export const LIFE_FLAGS = {
  /** A file that says where the server is to be reached; null for none. */
  readyFile: path(GROUP, "ready-file", "FILE", "write pid, urls, directory, version there (JSON) when it listens"),
  stopAfterMs: optional(GROUP, "stop-after", "TIME", null, "stop so long after the start", (text) =>
    readDuration(text, 1, LONGEST_TIMER_MS),
  ),
  maxRequests: optional(GROUP, "max-requests", "N", null, "stop when so many requests are answered", (text) =>
    readCount(text, 1, MOST_REQUESTS),
  ),
  exitOnStdinClose: toggle(GROUP, "exit-on-stdin-close", "stop when standard input ends"),
  /** A new folder in place of `directory`. */
  tmp: toggle(GROUP, "tmp", "serve a new folder, which is removed at the end"),
  /** Only where the system has it: Linux. */
  reusePort: toggle(GROUP, "reuse-port", "share the port with another such server, to change them over (Linux)"),
} as const;
