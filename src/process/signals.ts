// What the system's signals mean for a server: which end it and with which exit code, and which it outlives. None that a
// process can hear ends it in the middle of a request.

import { closeSync, openSync, readFileSync } from "node:fs";
import type { Lifecycle } from "./lifecycle.ts";

/** What a server does about signals. Each exit code is for whoever started it. */
export interface SignalDuties {
  /** Begins to drain at once, finishes what is in hand, then ends the process. */
  end(exitCode: number): void;
  /** Ends the process now: someone asked a second time. */
  endAtOnce(exitCode: number): void;
  /** Reads again what may have changed; null when there is nothing, and a hang-up means the end. */
  readonly reload: (() => void) | null;
  /** One sentence about a signal that changes nothing. */
  note(line: string): void;
}

/** A process that a signal of this number ended leaves 128 more, as shells count. */
export const EXIT_SIGNAL = 128;
const EXIT_ASKED = 0;

/** Someone wants an end. With their numbers. */
export const ASKING = { SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/**
 * The system wants it: the terminal hung up, the processor time is used up. Nobody asked the server to stop, so its exit
 * code is a failure, and what watches over services starts it again (systemd counts 0 as a clean end).
 */
const FORCING = { SIGHUP: 1, SIGXCPU: 24 } as const;

/** Other programs reopen a log or print figures at these; left alone, each would end the process. */
const MEANINGLESS = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGIO"] as const;

/**
 * Follows signals until the server listens: nothing is in hand, and `end` ends the process with all that it has made.
 * `isForCommand`: it was started for a command, which nobody has run then. Gives what ends the following, for when
 * somebody else follows.
 */
export function followSignalsOfStart(
  isForCommand: boolean,
  end: (exitCode: number) => void,
  signals: NodeJS.EventEmitter = process,
): () => void {
  const ends = Object.entries({ ...ASKING, ...FORCING })
    .filter(([, number]) => !isIgnored(number))
    .map(([signal, number]) => {
      const isAsked = signal in ASKING && !isForCommand;
      return [signal, () => end(isAsked ? EXIT_ASKED : EXIT_SIGNAL + number)] as const;
    });
  for (const [signal, act] of ends) signals.on(signal, act);
  return () => {
    for (const [signal, act] of ends) signals.off(signal, act);
  };
}

/** Follows the signals of the process, or of whatever a test puts in its place, to the end. */
export function followSignals(
  lifecycle: Lifecycle,
  duties: SignalDuties,
  signals: NodeJS.EventEmitter = process,
): void {
  let isAsked = false;
  const hadTerminal = hasTerminal();
  const begin = (exitCode: number): void => {
    if (!lifecycle.isDraining) duties.end(exitCode);
  };
  for (const [signal, number] of Object.entries(ASKING)) {
    signals.on(signal, () => {
      if (isAsked) return duties.endAtOnce(EXIT_SIGNAL + number);
      isAsked = true;
      begin(EXIT_ASKED);
    });
  }
  for (const [signal, number] of Object.entries(FORCING)) {
    // `nohup` means it: a handler would take the place of the starter's wish (POSIX, nohup).
    if (isIgnored(number)) continue;
    // The shell and the kernel may both send it, so another one is no second wish.
    signals.on(signal, () => {
      if (signal === "SIGHUP" && duties.reload !== null && hasTerminal() === hadTerminal) return duties.reload();
      begin(EXIT_SIGNAL + number);
    });
  }
  for (const signal of MEANINGLESS) {
    signals.on(signal, () => duties.note(`${signal} means nothing here; the server goes on.`));
  }
  signals.on("SIGPIPE", ignore);
}

/** For a process that ends when its parent says so: signals of the terminal reach the whole group. */
export function outliveSignals(signals: NodeJS.EventEmitter = process): void {
  for (const signal of [...Object.keys(ASKING), ...Object.keys(FORCING), ...MEANINGLESS, "SIGPIPE"]) {
    signals.on(signal, ignore);
  }
}

/** True while the terminal that this process was started on is there: a service has none, and one that hangs up is gone. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

/**
 * True when whoever started this process had it ignore the signal. False where the system does not tell (other systems
 * than Linux), and once a handler stands.
 */
export function isIgnored(number: number): boolean {
  try {
    const row = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"));
    return row !== null && ((BigInt(`0x${row[1]}`) >> BigInt(number - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}

function ignore(): void {}
