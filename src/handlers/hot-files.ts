// The memory of small files that were read before: their bytes, their compressed forms and the head of their answer.
// A hit costs one system call, which shows that the file is still the same; so it is never stale.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import type { Client, FileVersion, OpenedFile, Storage } from "../storage/storage.ts";
import { type Coding, hasCodings } from "./compression.ts";

/** Larger files are read from the disk each time: the system has its own memory for them. */
export const HOT_FILE_BYTES = 1024 * 1024;
const ALL_BYTES = 64 * 1024 * 1024;
/** What an entry costs beside its bytes. */
const ENTRY_COST_BYTES = 1024;

/** An answer with the whole file, but for its date: kept, because making it costs more than sending it. */
export interface Prepared {
  readonly fieldLines: string;
  readonly body: Uint8Array;
}

/** A file in memory. */
export class HotFile implements OpenedFile {
  /** The last segment of its name. */
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  readonly version: FileVersion | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It may be sent in other codings. */
  readonly hasCodings: boolean;
  /** Bytes of memory. */
  cost: number;
  readonly #prepared = new Map<Coding, Prepared>();

  /** Takes over the bytes, which are the file's whole content. */
  constructor(name: string, file: OpenedFile, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = bytes.length;
    this.modified = file.modified;
    this.etag = file.etag;
    this.version = file.version;
    this.bytes = bytes;
    this.hasCodings = hasCodings(name, bytes.length);
    this.cost = ENTRY_COST_BYTES + bytes.length;
  }

  /** The answer in this coding, if it was made before. */
  prepared(coding: Coding): Prepared | undefined {
    return this.#prepared.get(coding);
  }

  /** Keeps an answer in this coding. */
  prepare(coding: Coding, prepared: Prepared): void {
    this.#prepared.set(coding, prepared);
    if (prepared.body !== this.bytes) this.cost += prepared.body.length;
  }

  range(from: number, length: number): ByteSource {
    let rest: Uint8Array | null = length === 0 ? null : this.bytes.subarray(from, from + length);
    return {
      length,
      read: () => {
        const chunk = rest;
        rest = null;
        return chunk;
      },
      close: () => {},
    };
  }

  content(): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(Uint8Array.from(this.bytes));
  }

  close(): void {}
}

interface Kept {
  readonly file: HotFile;
  /** As it was counted. */
  readonly cost: number;
}

/** The files that were asked for last, by their names. */
export class HotFiles {
  readonly #storage: Storage;
  /** The least recently used first. */
  readonly #files = new Map<string, Kept>();
  #total = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The file of this name as it is now; null when it is not here, or not any more. */
  find(path: string, client: Client): MaybePromise<HotFile | null> {
    const kept = this.#files.get(path);
    if (kept === undefined) return null;
    const { version } = kept.file;
    const isUnchanged = version !== null && this.#storage.isUnchanged(version, client);
    if (isUnchanged instanceof Promise) return isUnchanged.then((is) => this.#use(path, kept, is));
    return this.#use(path, kept, isUnchanged);
  }

  #use(path: string, kept: Kept, isUnchanged: boolean): HotFile | null {
    const { file } = kept;
    if (!isUnchanged) {
      if (this.#files.get(path) === kept) this.#drop(path, kept);
      return null;
    }
    // While there is plenty of room, nobody asks who was here last. Compressed forms may have come to it since.
    if (this.#total > ALL_BYTES / 2 || kept.cost !== file.cost) this.#put(path, file);
    return file;
  }

  /** Remembers the file. */
  keep(path: string, file: HotFile): void {
    if (file.version !== null) this.#put(path, file);
  }

  #put(path: string, file: HotFile): void {
    const kept = this.#files.get(path);
    if (kept !== undefined) this.#drop(path, kept);
    this.#files.set(path, { file, cost: file.cost });
    this.#total += file.cost;
    for (const [oldest, entry] of this.#files) {
      if (this.#total <= ALL_BYTES) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(path: string, { cost }: Kept): void {
    this.#files.delete(path);
    this.#total -= cost;
  }
}
