// What went by itself, told a person in a line now and then: a cache at its limit removes files all the time.

import type { EvictionNews, EvictionReason } from "./evictor.ts";

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

  constructor(news: ReportedNews) {
    this.#news = news;
  }

  evicted(files: number, bytes: number, reason: EvictionReason): void {
    const before = this.#counts.get(reason) ?? { files: 0, bytes: 0 };
    this.#counts.set(reason, { files: before.files + files, bytes: before.bytes + bytes });
    const wait = Math.max(FIRST_MS, this.#lastTold + PAUSE_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#tell(), wait).unref();
  }

  warning(line: string): void {
    this.#news.warning(line);
  }

  fault(error: unknown): void {
    this.#news.fault(error);
  }

  #tell(): void {
    this.#timer = null;
    this.#lastTold = performance.now();
    for (const [reason, { files, bytes }] of this.#counts) {
      this.#news.warning(`Removed ${files} file${files === 1 ? "" : "s"}, ${bytes} bytes (${WHY[reason]}).`);
    }
    this.#counts.clear();
  }
}
