// The memory of small files that were read before, with the answers that were made of them. A hit costs one system call,
// which shows that the file is still the same; so it is never stale.

import type { MaybePromise } from "../http/byte-source.ts";
import type { Client, Storage } from "../storage/storage.ts";
import { type HotFile, textCost } from "./hot-file.ts";

/** Larger files are read from the disk each time: the system has its own memory for them. */
export const HOT_FILE_BYTES = 1024 * 1024;
const ALL_BYTES = 64 * 1024 * 1024;
/** How often an entry holds its name: as the key, in the version that it is compared by, and in the parts of either. */
const NAME_COPIES = 3;

interface Kept {
  readonly file: HotFile;
  /** As it was counted. */
  readonly cost: number;
}

/** The files that were asked for last, by their names. Never holds more than 64 MiB, everything counted. */
export class HotFiles {
  readonly #storage: Storage;
  readonly #onLook: ((isHit: boolean) => void) | null;
  /** The least recently used first. */
  readonly #files = new Map<string, Kept>();
  #total = 0;

  /** `onLook` is told whether a file was here. */
  constructor(storage: Storage, onLook: ((isHit: boolean) => void) | null = null) {
    this.#storage = storage;
    this.#onLook = onLook;
  }

  /** The file of this name as it is now; null when it is not here, or not any more. */
  find(path: string, client: Client): MaybePromise<HotFile | null> {
    const kept = this.#files.get(path);
    if (kept === undefined) return this.#missed();
    const { version } = kept.file;
    const isUnchanged = version !== null && this.#storage.isUnchanged(version, client);
    if (isUnchanged instanceof Promise) return isUnchanged.then((is) => this.#use(path, kept, is));
    return this.#use(path, kept, isUnchanged);
  }

  #use(path: string, kept: Kept, isUnchanged: boolean): HotFile | null {
    const { file } = kept;
    if (!isUnchanged) {
      if (this.#files.get(path) === kept) this.#drop(path, kept);
      return this.#missed();
    }
    this.#onLook?.(true);
    // While there is plenty of room, nobody asks who was here last.
    if (this.#total > ALL_BYTES / 2) this.#put(path, file);
    return file;
  }

  #missed(): null {
    this.#onLook?.(false);
    return null;
  }

  /** Remembers the file. */
  keep(path: string, file: HotFile): void {
    if (file.version !== null) this.#put(path, file);
  }

  #put(path: string, file: HotFile): void {
    const kept = this.#files.get(path);
    if (kept !== undefined) this.#drop(path, kept);
    const cost = file.cost + NAME_COPIES * textCost(path);
    this.#files.set(path, { file, cost });
    this.#total += cost;
    file.onGrowth ??= () => this.#put(path, file);
    for (const [oldest, entry] of this.#files) {
      if (this.#total <= ALL_BYTES) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(path: string, { file, cost }: Kept): void {
    file.onGrowth = null;
    this.#files.delete(path);
    this.#total -= cost;
  }
}
