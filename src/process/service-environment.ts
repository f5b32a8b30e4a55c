// What a service manager such as systemd says in the environment of a process that it starts: sockets that it has opened
// for it, where it wants to hear how it does, and how often (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)).

import { Unreadable, readCount } from "../cli/quantity.ts";
import { quoted } from "../cli/usage-error.ts";

/** All of it, as far as it is meant for this process. */
export interface ServiceEnvironment {
  /** Names of the sockets, in the order of their descriptors from `FIRST_DESCRIPTOR` on; none when there are none. */
  readonly socketNames: readonly string[];
  /** A path, or `@` and a name; null when nobody wants to hear. */
  readonly notifySocket: string | null;
  /** Longer than this without a word means that the process hangs; null when nobody watches. */
  readonly watchdogMs: number | null;
  /** What could not be understood and does nothing, a sentence each. */
  readonly notes: readonly string[];
}

/** SD_LISTEN_FDS_START. */
export const FIRST_DESCRIPTOR = 3;
/** What the plan of descriptors has room for beside the run time's own. */
const MOST_SOCKETS = 16;
const HIGHEST_PID = 2 ** 31 - 1;
/** systemd says "never" with the highest number of 64 bits. */
const LONGEST_USEC = 2 ** 64;
const USEC_PER_MS = 1000;
/** Meant for one process, and for none that it starts. */
const NAMES = [
  "LISTEN_PID",
  "LISTEN_PIDFDID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "NOTIFY_SOCKET",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
] as const;

type Variables = Record<string, string | undefined>;

/** Reads the variables, and removes them. Those for another process, which this one has only inherited, say nothing. */
export function takeServiceEnvironment(variables: Variables, pid: number): ServiceEnvironment {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, NOTIFY_SOCKET, WATCHDOG_PID, WATCHDOG_USEC } = variables;
  for (const name of NAMES) delete variables[name];
  const notes: string[] = [];
  const isFor = (text: string | undefined): boolean => readCount(text ?? "", 1, HIGHEST_PID) === pid;
  const count = isFor(LISTEN_PID) ? readNumber("LISTEN_FDS", LISTEN_FDS, 0, MOST_SOCKETS, notes) : null;
  const names = LISTEN_FDNAMES?.split(":") ?? [];
  const isWatched = WATCHDOG_PID === undefined || isFor(WATCHDOG_PID);
  const watchdogUsec = isWatched ? readNumber("WATCHDOG_USEC", WATCHDOG_USEC, 1, LONGEST_USEC, notes) : null;
  return {
    socketNames: Array.from({ length: count ?? 0 }, (_, index) => names[index] ?? ""),
    notifySocket: readAddress(NOTIFY_SOCKET, notes),
    watchdogMs: watchdogUsec === null ? null : watchdogUsec / USEC_PER_MS,
    notes,
  };
}

/** Null when it was not said, or not so that it could be understood. */
function readNumber(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
  notes: string[],
): number | null {
  if (text === undefined) return null;
  const count = readCount(text, least, most);
  if (!(count instanceof Unreadable)) return count;
  notes.push(`${name} is "${quoted(text)}" and does nothing: it should be ${count.expected}.`);
  return null;
}

function readAddress(text: string | undefined, notes: string[]): string | null {
  if (text === undefined || /^[/@]./s.test(text)) return text ?? null;
  notes.push(`NOTIFY_SOCKET is "${quoted(text)}" and does nothing: it should be a path, or @ and a name.`);
  return null;
}
