// The settings of what the server tells about itself, as rows.

import { type FlagRow, path, PLAIN, toggle } from "./flag-row.ts";
import { Unreadable } from "./quantity.ts";

const LOG_FORMATS = ["text", "common", "combined", "json"] as const;

/** The log of requests, and figures of them. */
export const LOG_FLAGS = {
  format: {
    ...PLAIN,
    group: "Log",
    flag: "log-format",
    placeholder: "FORMAT",
    words: LOG_FORMATS,
    help: "text, common or combined as Apache and nginx write them, or json",
    shownPreset: "text",
    preset: "text",
    read: (text: string) => LOG_FORMATS.find((format) => format === text) ?? new Unreadable(LOG_FORMATS.join(", ")),
  } as FlagRow<(typeof LOG_FORMATS)[number]>,
  file: path("Log", "log-file", "FILE", "write the log there; opened again at SIGHUP"),
  isVerbose: toggle("Log", "verbose", "tell of connections at a terminal and in json, too"),
  givesIds: toggle("Log", "request-id", "answer with the X-Request-Id of the request, or with one of our own"),
  metrics: toggle("Log", "metrics", "figures for Prometheus at /-/metrics"),
} as const;
