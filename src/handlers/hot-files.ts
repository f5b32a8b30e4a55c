// The memory of small files that were read before: their bytes, their compressed forms and the head of their answer.
// A hit costs one system call, which shows that the file is still the same; so it is never stale.

import type { ByteSource } from "../http/byte-source.ts";
import type { FileVersion, OpenedFile, Storage } from "../storage/storage.ts";
import type { Coding } from "./compression.ts";

/** Larger files are read from the disk each time: the system has its own memory for them. */
export const HOT_FILE_BYTES = 1024 * 1024;
const ALL_BYTES = 64 * 1024 * 1024;
/** What an entry costs beside its bytes. */
const ENTRY_COST_BYTES = 1024;

/** What is known of an answer before the request is: kept, because making it costs more than sending it. */
export interface Prepared {
  /** The field lines of the whole representation. */
  readonly fieldLines: string;
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
  /** Compressed forms. */
  readonly coded = new Map<Coding, Uint8Array>();
  /** By coding. */
  readonly prepared = new Map<Coding, Prepared>();

  /** Takes over the bytes, which are the file's whole content. */
  constructor(name: string, file: OpenedFile, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = file.size;
    this.modified = file.modified;
    this.etag = file.etag;
    this.version = file.version;
    this.bytes = bytes;
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

  close(): void {}

  /** Bytes of memory. */
  get cost(): number {
    let cost = ENTRY_COST_BYTES + this.bytes.length;
    for (const coded of this.coded.values()) cost += coded.length;
    return cost;
  }
}

/** The files that were asked for last, by their names. */
export class HotFiles {
  readonly #storage: Storage;
  /** The least recently used first. */
  readonly #files = new Map<string, { readonly file: HotFile; cost: number }>();
  #total = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The file of this name as it is now; null when it is not here, or not any more. */
  find(path: string): HotFile | null {
    const kept = this.#files.get(path);
    if (kept === undefined) return null;
    this.#files.delete(path);
    this.#total -= kept.cost;
    const { file } = kept;
    if (file.version === null || !this.#storage.isUnchanged(file.version)) return null;
    // Compressed forms may have come to it since.
    this.#add(path, file);
    return file;
  }

  /** Remembers the file. */
  keep(path: string, file: HotFile): void {
    if (file.version === null) return;
    this.#total -= this.#files.get(path)?.cost ?? 0;
    this.#files.delete(path);
    this.#add(path, file);
    for (const [oldest, { cost }] of this.#files) {
      if (this.#total <= ALL_BYTES) break;
      this.#files.delete(oldest);
      this.#total -= cost;
    }
  }

  #add(path: string, file: HotFile): void {
    const { cost } = file;
    this.#files.set(path, { file, cost });
    this.#total += cost;
  }
}
