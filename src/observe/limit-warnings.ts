// Warnings of the server's own limits: a full disk refuses every upload, and one line a minute says it as well as a
// thousand.

/** How long the same warning is counted instead of said again. */
const PAUSE_MS = 60_000;

/** Requests since a limit was last spoken of. */
interface Tally {
  count: number;
  readonly timer: ReturnType<typeof setInterval>;
}

/** One warning for each limit at once, then their number once a minute while there are any. */
export class LimitWarnings {
  readonly #say: (line: string) => void;
  /** By status and limit: as many as there are kinds, whatever clients do. */
  readonly #tallies = new Map<string, Tally>();

  /** `say` takes whole sentences. */
  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** A request was answered so because of the limit. */
  met(status: number, limit: string): void {
    const reason = `answered ${status}: ${limit}.`;
    const tally = this.#tallies.get(reason);
    if (tally !== undefined) {
      tally.count += 1;
      return;
    }
    this.#say(`A request was ${reason}`);
    const timer = setInterval(() => this.#tell(reason), PAUSE_MS);
    timer.unref();
    this.#tallies.set(reason, { count: 0, timer });
  }

  /** Says what was counted; the end of the process comes next. */
  end(): void {
    for (const [reason, { count, timer }] of this.#tallies) {
      clearInterval(timer);
      if (count > 0) this.#say(sumUp(count, reason));
    }
    this.#tallies.clear();
  }

  /** A minute without such a request ends the matter: the next one is said at once. */
  #tell(reason: string): void {
    const tally = this.#tallies.get(reason);
    if (tally === undefined) return;
    if (tally.count > 0) {
      this.#say(sumUp(tally.count, reason));
      tally.count = 0;
      return;
    }
    clearInterval(tally.timer);
    this.#tallies.delete(reason);
  }
}

function sumUp(count: number, reason: string): string {
  return count === 1 ? `1 more request was ${reason}` : `${count} more requests were ${reason}`;
}
