// Who keeps a folder small must know what is read and written there, in whatever process: workers tell it in batches, so
// that a read costs no message of its own.

import type { MaybePromise } from "../http/byte-source.ts";
import { isDiskFull } from "./system-fault.ts";

/** Told by all who read and write. */
export interface Ledger {
  /** These files were opened, or found unchanged, in this order; real paths. */
  read(paths: readonly string[]): void;
  /** What has these names changed; paths below the directory. Resolves when there is room again. Never rejects. */
  changed(paths: readonly string[]): Promise<void>;
  /** The same of a file, or a folder with all that is in it, that has another name now. */
  moved(from: string, to: string): Promise<void>;
  /**
   * The disk, or another limit, lacks room for so much: the least recently read go, and some more, unless all of them
   * would not do. Who asks meanwhile gets as much beside. Resolves when they have gone, or soon. Never rejects.
   */
  runShort(lack: Lack): Promise<void>;
}

/** What there is no room for. Zero of both: nobody knows how much it is. */
export interface Lack {
  readonly bytes: number;
  readonly files: number;
}

/** Or one folder. */
export const ONE_FILE: Lack = { bytes: 0, files: 1 };

/** So often room is made for one: others may take it. */
export const MOST_TRIES = 3;

/** Acts, and again when something has gone, as long as the disk is full and something can go. Throws what `act` throws. */
export async function actInRoom<T>(ledger: Ledger | null, lack: Lack, act: () => MaybePromise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (ledger === null || tries === MOST_TRIES || !isDiskFull(error)) throw error;
      await ledger.runShort(lack);
    }
  }
}

/** A reader who comes so much later than another one counts as later. */
const BATCH_MS = 100;
const MOST_IN_BATCH = 1000;
/** What is open for longer is read all the while. */
const BEAT_MS = 1000;

/** What somebody reads until it is closed. */
export interface Reading {
  readonly isClosed: boolean;
}

/** The reads of one process, until they are told. */
export class ReadNotes {
  readonly #ledger: Ledger;
  /** In the order of the last read. */
  #paths = new Set<string>();
  #timer: Timer | null = null;
  #open: { readonly path: string; readonly reading: Reading }[] = [];
  #beat: Timer | null = null;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The file of this real path is read. */
  add(path: string): void {
    this.#paths.delete(path);
    this.#paths.add(path);
    if (this.#paths.size >= MOST_IN_BATCH) this.tell();
    else this.#timer ??= setTimeout(() => this.tell(), BATCH_MS).unref();
  }

  /** The file of this real path is read until it is closed. */
  follow(path: string, reading: Reading): void {
    this.add(path);
    this.#open.push({ path, reading });
    this.#beat ??= setInterval(() => this.#addOpen(), BEAT_MS).unref();
  }

  /** Tells what has come so far. */
  tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#paths.size === 0) return;
    this.#ledger.read([...this.#paths]);
    this.#paths = new Set();
  }

  #addOpen(): void {
    this.#open = this.#open.filter(({ reading }) => !reading.isClosed);
    for (const { path } of this.#open) this.add(path);
    if (this.#open.length > 0 || this.#beat === null) return;
    clearInterval(this.#beat);
    this.#beat = null;
  }
}
