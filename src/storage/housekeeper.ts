// The server's own work on its directory: what killed servers left behind is finished or removed, at the start and from
// time to time.

import { NOTHING, type Usage } from "./coordinator.ts";
import type { LocalStorage } from "./local-storage.ts";

/** What the housekeeper tells; the log has it. */
export interface HousekeepingNews {
  warning(line: string): void;
  fault(error: unknown): void;
}

const SWEEP_MS = 60 * 60 * 1000;
/** Whoever was killed a moment before the start, on another system as far as can be told, is given up by then. */
const SECOND_SWEEP_MS = 70 * 1000;

/** Between two tries to finish the groups of a process that died. */
const RETRY_MS = 1000;
/** Then its names are free, and the groups are left to the sweep. */
const MOST_TRIES = 60;

/** One for a server, however many workers it has. */
export class Housekeeper {
  /** Null for a directory that nobody changes, or none. */
  readonly storage: LocalStorage | null;
  readonly #news: HousekeepingNews;
  #isSweeping = false;
  #isWanted = false;

  constructor(storage: LocalStorage | null, news: HousekeepingNews) {
    this.storage = storage;
    this.#news = news;
  }

  /** Finishes the groups of files that a killed server was making visible. Never rejects. */
  async recover(): Promise<void> {
    await this.#recover([]);
  }

  /**
   * A process of this server died that had locked these names: resolves when its groups are whole again, or when that
   * has been tried for a minute. What else it left behind is swept in the background. Never rejects.
   */
  async takeOver(locked: readonly string[]): Promise<void> {
    for (let tries = 1; (await this.#recover(locked)) > 0 && tries < MOST_TRIES; tries++) await Bun.sleep(RETRY_MS);
    this.sweep();
  }

  /** What is below the directory. */
  async measure(): Promise<Usage> {
    return this.storage?.measure() ?? NOTHING;
  }

  /** Sweeps now and from time to time, as long as the process lives. */
  begin(): void {
    if (this.storage === null) return;
    this.sweep();
    setTimeout(() => this.sweep(), SECOND_SWEEP_MS).unref();
    setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Sweeps in the background, once at a time: while one goes on, another one is to follow, which sees what this missed. */
  sweep(): void {
    this.#isWanted = true;
    if (!this.#isSweeping) void this.#sweepAll();
  }

  async #sweepAll(): Promise<void> {
    this.#isSweeping = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#sweep();
    }
    this.#isSweeping = false;
  }

  async #sweep(): Promise<void> {
    try {
      this.#tell((await this.storage?.sweep()) ?? 0, "Removed", "unfinished upload");
    } catch (error) {
      this.#news.fault(error);
    }
  }

  /** How many groups could not be finished. */
  async #recover(locked: readonly string[]): Promise<number> {
    try {
      const { finished, left } = (await this.storage?.recover(locked)) ?? { finished: 0, left: 0 };
      this.#tell(finished, "Finished", "form");
      return left;
    } catch (error) {
      this.#news.fault(error);
      return 0;
    }
  }

  #tell(count: number, done: string, what: string): void {
    if (count === 0) return;
    this.#news.warning(`${done} ${count} ${what}${count === 1 ? "" : "s"} that a killed server left behind.`);
  }
}
