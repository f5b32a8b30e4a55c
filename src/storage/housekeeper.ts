// The server's own work on its directory: what killed servers left behind is finished or removed, at the start and from
// time to time.

import type { LocalStorage } from "./local-storage.ts";

/** What the housekeeper tells; the log has it. */
export interface HousekeepingNews {
  warning(line: string): void;
  fault(error: unknown): void;
}

const SWEEP_MS = 60 * 60 * 1000;
/** Whoever was killed a moment before the start, on another system as far as can be told, is given up by then. */
const SECOND_SWEEP_MS = 70 * 1000;

/** One for a server, however many workers it has. */
export class Housekeeper {
  /** Null for a directory that nobody changes, or none. */
  readonly storage: LocalStorage | null;
  readonly #news: HousekeepingNews;
  #sweeping: Promise<void> | null = null;

  constructor(storage: LocalStorage | null, news: HousekeepingNews) {
    this.storage = storage;
    this.#news = news;
  }

  /** Finishes the groups of files that a killed server was making visible. Never rejects. */
  async recover(): Promise<void> {
    try {
      this.#tell((await this.storage?.recover()) ?? 0, "Finished", "form");
    } catch (error) {
      this.#news.fault(error);
    }
  }

  /** Sweeps now and from time to time, as long as the process lives. */
  begin(): void {
    if (this.storage === null) return;
    this.sweep();
    setTimeout(() => this.sweep(), SECOND_SWEEP_MS).unref();
    setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Sweeps in the background, once at a time. */
  sweep(): void {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null;
    });
  }

  async #sweep(): Promise<void> {
    try {
      this.#tell((await this.storage?.sweep()) ?? 0, "Removed", "unfinished upload");
    } catch (error) {
      this.#news.fault(error);
    }
  }

  #tell(count: number, done: string, what: string): void {
    if (count === 0) return;
    this.#news.warning(`${done} ${count} ${what}${count === 1 ? "" : "s"} that a killed server left behind.`);
  }
}
