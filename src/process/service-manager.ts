// Whoever watches over this server as a service (systemd, or who speaks as it does) and wants to hear how it does: that it
// listens, reads again, ends, and lives (sd_notify(3)).

import { LONGEST_MS } from "../cli/quantity.ts";
import { loadCLibrary } from "../net/c-library.ts";
import { MessageSocket } from "../net/message-socket.ts";

/** Somebody who takes messages; false when he cannot take one now. */
export interface Hearer {
  send(text: string): boolean;
}

/** Between two tries to tell the same. */
const RETRY_MS = 100;
const MOST_TRIES = 50;
/** The manager reads 4096 bytes of a message. */
const MOST_STATUS = 1000;
const CLOCK_MONOTONIC = 1;
const USEC_PER_MS = 1000;
const USEC_PER_SECOND = 1_000_000n;
const NSEC_PER_USEC = 1000n;

/** One for a process. It never waits, and whatever goes wrong here stops no server. */
export class ServiceManager {
  readonly #hearer: Hearer;
  readonly #watchdogMs: number | null;
  readonly #warn: (line: string) => void;
  /** What it was last told of the server that serves. */
  #serving = "";
  /** What it has yet to be told, in this order. */
  readonly #waiting: string[] = [];
  #tries = 0;
  #isDeaf = false;

  /** After `watchdogMs` without a word he takes the server for one that hangs; null when he does not. */
  constructor(hearer: Hearer, watchdogMs: number | null, warn: (line: string) => void) {
    this.#hearer = hearer;
    this.#watchdogMs = watchdogMs;
    this.#warn = warn;
  }

  /** At a path, or `@` and a name. Null, with a warning, where nothing can be sent there. */
  static at(address: string, watchdogMs: number | null, warn: (line: string) => void): ServiceManager | null {
    const socket = MessageSocket.open(address);
    if (socket !== null) return new ServiceManager(socket, watchdogMs, warn);
    warn("NOTIFY_SOCKET does nothing: this system cannot send there.");
    return null;
  }

  /** The server listens at these URLs. */
  ready(urls: readonly string[]): void {
    const status = `Listening on ${urls.join(", ")}`.replace(/\p{Cc}/gu, "?").slice(0, MOST_STATUS);
    this.#serving = `READY=1\nSTATUS=${status}`;
    this.#tell(`${this.#serving}\nMAINPID=${process.pid}`);
  }

  /** Tells that the server reads again, has it done, and tells that it is done, also where reading throws. */
  reload(read: () => void): void {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec()}`);
    try {
      read();
    } finally {
      this.#tell(this.#serving);
    }
  }

  /** The server ends, and may take so long for what is in hand. */
  stopping(longestMs: number): void {
    const time = Math.ceil(longestMs) * USEC_PER_MS;
    this.#tell(`STOPPING=1\nSTATUS=Finishing what is in hand\nEXTEND_TIMEOUT_USEC=${time}`);
  }

  /**
   * Where there is a watchdog: says from now on that the server lives, twice in its time, while `isAlive` says so. A server
   * that does not answer is asked no second time before it has.
   */
  watch(isAlive: () => Promise<boolean>): void {
    if (this.#watchdogMs === null) return;
    let isAsking = false;
    const ask = async (): Promise<void> => {
      if (isAsking) return;
      isAsking = true;
      if (await isAlive()) this.#beat();
      isAsking = false;
    };
    setInterval(() => void ask(), Math.min(Math.max(1, this.#watchdogMs / 2), LONGEST_MS)).unref();
  }

  /** Behind what waits; one that gets lost is followed by another one. */
  #beat(): void {
    if (this.#waiting.length === 0) this.#hearer.send("WATCHDOG=1");
  }

  #tell(message: string): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) this.#send();
  }

  /** A manager that is busy has its queue full for a moment. */
  #send(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hearer.send(next) && this.#triesAgain()) return;
      this.#waiting.shift();
      this.#tries = 0;
    }
  }

  /** False when it was tried for long enough, now or before: then what was to be told is let go. */
  #triesAgain(): boolean {
    if (this.#isDeaf) return false;
    this.#tries += 1;
    if (this.#tries < MOST_TRIES) {
      setTimeout(() => this.#send(), RETRY_MS).unref();
      return true;
    }
    this.#isDeaf = true;
    this.#warn("Nobody at NOTIFY_SOCKET takes what this server tells of itself; it goes on without.");
    return false;
  }
}

/** Microseconds of the clock that only this system's run time moves; the run time's own begins with the process. */
function monotonicUsec(): bigint {
  const time = new BigInt64Array(2);
  loadCLibrary({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } })?.clock_gettime(CLOCK_MONOTONIC, time);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * USEC_PER_SECOND + nanoseconds / NSEC_PER_USEC;
}
