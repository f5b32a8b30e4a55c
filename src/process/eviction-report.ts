// What went by itself: counted for the metrics at once, and told a person in a line now and then, since a cache at its
// limit removes files all the time.

import type { Meters } from "../observe/meters.ts";
import type { EvictionNews, EvictionReason } from "../storage/evictor.ts";

/** Where the lines go. */
export type ReportedNews = Pick<EvictionNews, "warning" | "fault">;

/** The first is told soon, the others with those that follow. */
const FIRST_MS = 1000;
const PAUSE_MS = 60_000;

const WHY: Readonly<Record<EvictionReason, string>> = {
  limit: "least recently read, --evict",
  age: "too old, --expire",
};

/** One for a server. */
export class EvictionReport implements EvictionNews {
  readonly #news: ReportedNews;
  readonly #counts = new Map<EvictionReason, { files: number; bytes: number }>();
  #timer: Timer | null = null;
  #lastTold = -Infinity;
  readonly #warnings = new Set<string>();
  /** Who counts, if anybody does. */
  meters: Pick<Meters, "evicted"> | null = null;

  constructor(news: ReportedNews) {
    this.#news = news;
  }

  evicted(files: number, bytes: number, reason: EvictionReason): void {
    this.meters?.evicted(files, bytes);
    const before = this.#counts.get(reason) ?? { files: 0, bytes: 0 };
    this.#counts.set(reason, { files: before.files + files, bytes: before.bytes + bytes });
    this.#tellLater();
  }

  warning(line: string): void {
    this.#warnings.add(line);
    this.#tellLater();
  }

  fault(error: unknown): void {
    this.#news.fault(error);
  }

  /** Tells what has not been told yet: now, since the server ends. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#tell();
  }

  #tellLater(): void {
    const wait = Math.max(FIRST_MS, this.#lastTold + PAUSE_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#tell(), wait).unref();
  }

  #tell(): void {
    this.#timer = null;
    this.#lastTold = performance.now();
    for (const [reason, { files, bytes }] of this.#counts) {
      this.#news.warning(`Removed ${files} file${files === 1 ? "" : "s"}, ${bytes} bytes (${WHY[reason]}).`);
    }
    this.#counts.clear();
    for (const warning of this.#warnings) this.#news.warning(warning);
    this.#warnings.clear();
  }
}
