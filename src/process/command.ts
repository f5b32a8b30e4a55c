// The command that a server runs for: it is told where the server is, gets the signals that were meant for both, and its
// end is the end of the server.

import type { Subprocess } from "bun";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { isEveryAddress } from "../cli/address.ts";
import { complain, EXIT_CANNOT_SERVE } from "../cli/answer.ts";
import { RUN_VARIABLES, withoutOurs } from "../cli/environment.ts";
import { quoted } from "../cli/usage-error.ts";
import { hasPort, socketPath } from "../http/unix-host.ts";
import type { Stop } from "./ending.ts";
import { FIRST_DESCRIPTOR } from "./service-environment.ts";
import { ASKING, EXIT_SIGNAL, isIgnored } from "./signals.ts";

/** As shells have them (POSIX, 2.8.2). */
const EXIT_NO_PROGRAM = 126;
const EXIT_NOT_FOUND = 127;

const PASSED_ON = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
/** A terminal sends them to all that runs in its foreground. */
const OF_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);

/** What the command learns of the server. */
export interface ServerFacts {
  /** Where it listens, the best to ask first. */
  readonly urls: readonly string[];
  readonly isSecure: boolean;
  readonly directory: string | null;
  /** PEM of one that nobody else vouches for; null when there is none. */
  readonly certificate: string | null;
}

/** One for a process. */
export class Command {
  readonly #words: readonly string[];
  readonly #descriptors: readonly number[];
  /** As whoever started both wants it, with `nohup` or in the background of a script. */
  readonly #ignored = PASSED_ON.filter((signal) => isIgnored(constants.signals[signal]));
  #child: Subprocess | null = null;
  /** Of the command, when it has ended. */
  #exitCode: number | null = null;

  /** `descriptors` beside the standard ones are the command's. */
  constructor(words: readonly string[], descriptors: readonly number[]) {
    this.#words = words;
    this.#descriptors = descriptors;
  }

  /**
   * From now on signals are the command's; before it starts they end the server. Its end lets the server finish what is
   * in hand, and then whoever asks a second time has an end at once.
   */
  passSignals(stop: Stop, stopAtOnce: (exitCode: number) => void): void {
    let isAsked = false;
    for (const signal of PASSED_ON) {
      if (this.#ignored.includes(signal)) continue;
      process.on(signal, () => {
        const isSecond = isAsked && signal in ASKING;
        isAsked ||= signal in ASKING;
        if (this.#child !== null) return this.#passOn(signal);
        const exitCode = this.#exitCode ?? EXIT_SIGNAL + constants.signals[signal];
        if (isSecond) stopAtOnce(exitCode);
        else stop(exitCode);
      });
    }
    process.on("SIGPIPE", () => {});
  }

  #passOn(signal: (typeof PASSED_ON)[number]): void {
    if (!OF_TERMINAL.has(signal) || !isInForeground()) this.#child?.kill(signal);
  }

  /**
   * Its input and output are those of this process, as are all files that this process was started with. Stops the server
   * with the command's exit code.
   */
  start(facts: ServerFacts, stop: Stop): void {
    const [name = ""] = this.#words;
    try {
      this.#child = Bun.spawn([...ignoring(this.#ignored), ...this.#words], {
        env: { ...withoutOurs(process.env), ...environmentOf(facts) },
        stdio: ["inherit", "inherit", "inherit", ...places(this.#descriptors)],
        onExit: (_, exitCode, signal) => {
          this.#child = null;
          this.#exitCode = signal === null ? (exitCode ?? 1) : EXIT_SIGNAL + signalNumber(signal);
          stop(this.#exitCode);
        },
      });
    } catch (error) {
      if (error instanceof NoPlace) return stop(complain(error.message, EXIT_CANNOT_SERVE));
      const { code, message } = error as NodeJS.ErrnoException;
      const isMissing = code === "ENOENT" || code === "ENOTDIR";
      const line = isMissing
        ? `There is no program "${quoted(name)}".`
        : `"${quoted(name)}" cannot be run: ${message}.`;
      stop(complain(line, isMissing ? EXIT_NOT_FOUND : EXIT_NO_PROGRAM));
    }
  }
}

/** Words before those of a command that shall ignore these signals: Bun starts all with none ignored. */
function ignoring(signals: readonly string[]): readonly string[] {
  if (signals.length === 0 || Bun.which("sh") === null) return [];
  const names = signals.map((signal) => signal.slice("SIG".length)).join(" ");
  return ["sh", "-c", `trap '' ${names}; exec "$@"`, "sh"];
}

/** Each descriptor in the place of its own number, from 3 on. */
function places(descriptors: readonly number[]): (number | "ignore")[] {
  const length = Math.max(FIRST_DESCRIPTOR, ...descriptors.map((each) => each + 1)) - FIRST_DESCRIPTOR;
  const numbers = Array.from({ length }, (_, i) => FIRST_DESCRIPTOR + i);
  return numbers.map((each) => (descriptors.includes(each) ? each : "ignore"));
}

/** A number or a name, as Bun has it. */
function signalNumber(signal: unknown): number {
  return typeof signal === "number" ? signal : constants.signals[signal as NodeJS.Signals];
}

function environmentOf({ urls, isSecure, directory, certificate }: ServerFacts): Record<string, string> {
  const url = urls.find(hasPort) ?? (isSecure ? "https://localhost" : "http://localhost");
  const socket = urls.map(socketPath).find((path) => path !== null);
  return {
    [RUN_VARIABLES.url]: localUrl(url),
    ...(socket === undefined ? {} : { [RUN_VARIABLES.socket]: socket }),
    ...(directory === null ? {} : { [RUN_VARIABLES.directory]: directory, [RUN_VARIABLES.toldDirectory]: directory }),
    ...(certificate === null ? {} : { [RUN_VARIABLES.authorityFile]: keepCertificate(certificate) }),
  };
}

/** Every address is an address to listen at, and none to ask. */
function localUrl(url: string): string {
  const [, host = ""] = /^https?:\/\/\[?(.*?)\]?:\d+$/.exec(url) ?? [];
  return isEveryAddress(host) ? url.replace(/(?<=\/\/).*(?=:\d+$)/, "localhost") : url;
}

/** There is none for a file that the command is to have; a line that says what to do. */
class NoPlace extends Error {}

/** A file for `curl --cacert`; gone with the process. */
function keepCertificate(certificate: string): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), "mini-http-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "ca.pem");
    writeFileSync(path, certificate);
    return path;
  } catch (error) {
    const reason = (error as Error).message;
    throw new NoPlace(`The certificate for the command needs a place for a file; set TMPDIR to one (${reason}).`);
  }
}

/** True when the terminal has sent its signals to the command already, which is in the same group of processes. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // Behind the name in parentheses: state, parent, group, session, terminal, the group in its foreground.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return process.stdin.isTTY === true;
  }
}
