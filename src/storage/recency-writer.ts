// What was used and is not in the log yet. It is written each second; after a write that failed, as on a full disk, all is
// written anew, as soon as that can be.

import type { KnownFiles } from "./known-files.ts";
import type { RecencyLog } from "./recency.ts";
import { systemCode } from "./system-fault.ts";

/** What it tells. */
export interface RecencyNews {
  warning(line: string): void;
  fault(error: unknown): void;
}

const WRITE_MS = 1000;
/** All uses of a large cache are megabytes: not each second, where they cannot be written. */
const AGAIN_MS = 60 * 1000;
const LOST = "In which order files were read cannot be written to the folder; it is lost at a restart";

/** One for a log. */
export class RecencyWriter {
  readonly #log: RecencyLog;
  readonly #files: KnownFiles;
  readonly #news: RecencyNews;
  #waiting = new Map<string, number>();
  /** The last write; never rejects. */
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasFailed = false;
  /** No write by itself before so many milliseconds have passed. */
  #pauseMs = 0;

  constructor(log: RecencyLog, files: KnownFiles, news: RecencyNews) {
    this.#log = log;
    this.#files = files;
    this.#news = news;
  }

  /** Writes from time to time, as long as the process lives. */
  begin(): void {
    setInterval(() => this.#writeInTime(), WRITE_MS).unref();
  }

  note(path: string, time: number): void {
    this.#waiting.set(path, time);
  }

  /** Puts all that was noted until now on the disk. Never rejects. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #writeInTime(): void {
    this.#pauseMs -= WRITE_MS;
    if (!this.#isWriting && this.#pauseMs <= 0) void this.write();
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    this.#isWriting = true;
    const uses = this.#waiting;
    this.#waiting = new Map();
    try {
      if (this.#log.isWasteful(this.#files.count)) await this.#log.replace(this.#files.uses());
      else await this.#log.append(uses);
      this.#hasFailed = false;
    } catch (error) {
      this.#lose(error);
    } finally {
      this.#isWriting = false;
    }
  }

  /** What is lost is an order, and only for a restart: that is told once. */
  #lose(error: unknown): void {
    this.#log.distrust();
    this.#pauseMs = AGAIN_MS;
    if (systemCode(error) === "") this.#news.fault(error);
    else if (!this.#hasFailed) this.#news.warning(`${LOST} (${systemCode(error)}).`);
    this.#hasFailed = true;
  }
}
