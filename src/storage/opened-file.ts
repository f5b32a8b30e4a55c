// A file that is being read: never other bytes than those of the file that was opened, however it changes meanwhile.

import { type BigIntStats, closeSync, fstatSync, read, type Stats } from "node:fs";
import { type ByteSource, ContentChanged } from "../http/byte-source.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import { readWindows, WINDOW_BYTES } from "./read-windows.ts";
import type { FileVersion, OpenedFile } from "./storage.ts";

/** Two writes within one tick of the file system's clock look alike; ticks of 2 s are the longest that there are. */
const SETTLED_MS = 2000;

/** The strong entity tag of a version: inode, modification time and size. */
export function etagOf(stats: Pick<BigIntStats, "ino" | "mtimeNs" | "ctimeNs" | "size">): string {
  return `"${stats.ino.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}"`;
}

/** A version and where it was seen. */
export class LocalVersion implements FileVersion {
  readonly path: string;
  readonly etag: string;
  readonly #stats: Stats;

  constructor(path: string, etag: string, stats: Stats) {
    this.path = path;
    this.etag = etag;
    this.#stats = stats;
  }

  /**
   * True when these are the stats of this version. The change time gives away what sets the others back: it is the
   * kernel's own, so a quarter of a microsecond (what a number holds of it) is finer than it ever moves.
   */
  is(now: Stats): boolean {
    const then = this.#stats;
    return (
      now.mtimeMs === then.mtimeMs &&
      now.ctimeMs === then.ctimeMs &&
      now.size === then.size &&
      now.ino === then.ino &&
      now.dev === then.dev
    );
  }
}

/** An open regular file. */
export class LocalFile implements OpenedFile {
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  readonly version: FileVersion | null;
  readonly #descriptor: number;
  readonly #stats: BigIntStats;
  readonly #budget: DescriptorBudget;
  /** Reads that the system has in hand: the descriptor must not be closed under them. */
  #reads = 0;
  #isClosed = false;

  /** Takes over the descriptor, which was taken from the budget; `stats` are its `fstat`. */
  constructor(descriptor: number, path: string, stats: BigIntStats, budget: DescriptorBudget) {
    this.#descriptor = descriptor;
    this.#budget = budget;
    this.#stats = stats;
    this.size = Number(stats.size);
    this.modified = Number(stats.mtimeMs);
    this.etag = etagOf(stats);
    const youngest = Math.max(this.modified, Number(stats.ctimeMs));
    const isSettled = Date.now() - youngest >= SETTLED_MS;
    this.version = isSettled ? new LocalVersion(path, this.etag, fstatSync(descriptor)) : null;
  }

  range(from: number, length: number): ByteSource {
    return new FileSource(this, from, length);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#reads === 0) this.#free();
  }

  /**
   * Fills [0, length) of the window or less of it, off the event loop, and looks again at the file before its bytes go
   * out: gives how many bytes are there. Rejects with `ContentChanged` when they are not those of this version.
   */
  readAt(window: Uint8Array, length: number, position: number): Promise<number> {
    this.#reads += 1;
    return new Promise((resolve, reject) => {
      read(this.#descriptor, window, 0, length, position, (error, bytesRead) => {
        this.#reads -= 1;
        if (error !== null) reject(error);
        else if (bytesRead === 0 || this.#hasChanged()) reject(new ContentChanged());
        else resolve(bytesRead);
        if (this.#isClosed && this.#reads === 0) this.#free();
      });
    });
  }

  #hasChanged(): boolean {
    const now = fstatSync(this.#descriptor, { bigint: true });
    return now.size !== this.#stats.size || now.mtimeNs !== this.#stats.mtimeNs;
  }

  #free(): void {
    closeSync(this.#descriptor);
    this.#budget.giveBack();
  }
}

/** Reads by position, through a borrowed window. */
class FileSource implements ByteSource {
  readonly length: number;
  readonly #file: LocalFile;
  readonly #from: number;
  readonly #end: number;
  #position: number;
  #window: Uint8Array | null = null;
  #isReading = false;
  #isClosed = false;

  constructor(file: LocalFile, from: number, length: number) {
    this.#file = file;
    this.length = length;
    this.#from = from;
    this.#position = from;
    this.#end = from + length;
  }

  async read(): Promise<Uint8Array | null> {
    const wanted = Math.min(WINDOW_BYTES, this.#end - this.#position);
    if (wanted === 0) {
      this.#giveBackWindow();
      return null;
    }
    this.#isReading = true;
    try {
      this.#window ??= await readWindows.borrow();
      if (this.#isClosed) return null;
      const bytesRead = await this.#file.readAt(this.#window, wanted, this.#position);
      this.#position += bytesRead;
      return this.#window.subarray(0, bytesRead);
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#giveBackWindow();
    }
  }

  putBack(offset: number): boolean {
    if (!readWindows.isScarce) return false;
    this.#giveBackWindow();
    this.#position = this.#from + offset;
    return true;
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#giveBackWindow();
  }

  #giveBackWindow(): void {
    const window = this.#window;
    this.#window = null;
    if (window !== null) readWindows.giveBack(window);
  }
}
