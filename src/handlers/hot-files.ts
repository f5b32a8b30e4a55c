// The memory of small files that were read before: their bytes, their compressed forms and the head of their answer.
// A hit costs one system call, which shows that the file is still the same; so it is never stale.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import type { Client, FileVersion, OpenedFile, Storage } from "../storage/storage.ts";
import { codedFormat } from "../http/media-type.ts";
import { type Coding, codingsOf } from "./compression.ts";
import { contentTypeOf } from "./content-type.ts";

/** Larger files are read from the disk each time: the system has its own memory for them. */
export const HOT_FILE_BYTES = 1024 * 1024;
const ALL_BYTES = 64 * 1024 * 1024;
/** What an entry costs beside what is counted. */
const ENTRY_COST_BYTES = 1024;
/** A kept answer's own: its object, and the field lines while they are a tree of their parts. */
const PREPARED_COST_BYTES = 1024;
/** How often an entry holds its name: as the key, in the version that it is compared by, and in the parts of either. */
const NAME_COPIES = 3;
/** What a character may cost; one outside Latin-1 makes all of its text this wide. */
const CHARACTER_BYTES = 2;

/** An answer with the whole file, but for its date: kept, because making it costs more than sending it. */
export interface Prepared {
  readonly fieldLines: string;
  readonly body: Uint8Array;
  /** Made for a file beside which stored codings lie. */
  readonly varies: boolean;
}

/** A file in memory. */
export class HotFile implements OpenedFile {
  /** The last segment of its name. */
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  readonly version: FileVersion | null;
  /** It was read whole in one version. */
  readonly isGrowing = false;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The value of Content-Type for its bytes. */
  readonly type: string;
  /** The other codings that it may be sent in. */
  readonly codings: readonly Coding[];
  /** What a client accepts that does not say so: the coding that is the file's own format, or none. */
  readonly unaskedCodings: string | undefined;
  /** Called when it comes to hold more; set while it is kept. */
  onGrowth: (() => void) | null = null;
  #cost: number;
  readonly #prepared = new Map<Coding, Prepared>();

  /** Takes over the bytes, which are the file's whole content. */
  constructor(name: string, file: OpenedFile, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = bytes.length;
    this.modified = file.modified;
    this.etag = file.etag;
    this.version = file.version;
    this.bytes = bytes;
    this.type = contentTypeOf(name, bytes);
    const coded = codedFormat(name);
    this.codings = coded === null ? codingsOf(name, bytes.length) : [coded.coding];
    this.unaskedCodings = coded?.coding;
    this.#cost = ENTRY_COST_BYTES + bytes.length + textCost(name) + textCost(file.etag);
  }

  /** Bytes of memory that it holds. */
  get cost(): number {
    return this.#cost;
  }

  /** The answer in this coding, if it was made before. */
  prepared(coding: Coding): Prepared | undefined {
    return this.#prepared.get(coding);
  }

  /** Keeps an answer in this coding. */
  prepare(coding: Coding, prepared: Prepared): void {
    this.#cost -= this.#costOf(this.#prepared.get(coding));
    this.#prepared.set(coding, prepared);
    this.#cost += this.#costOf(prepared);
    this.onGrowth?.();
  }

  #costOf(prepared: Prepared | undefined): number {
    if (prepared === undefined) return 0;
    const bytes = prepared.body === this.bytes ? 0 : prepared.body.length;
    return PREPARED_COST_BYTES + textCost(prepared.fieldLines) + bytes;
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

function textCost(text: string): number {
  return CHARACTER_BYTES * text.length;
}

interface Kept {
  readonly file: HotFile;
  /** As it was counted. */
  readonly cost: number;
}

/** The files that were asked for last, by their names. Never holds more than 64 MiB, everything counted. */
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
    // While there is plenty of room, nobody asks who was here last.
    if (this.#total > ALL_BYTES / 2) this.#put(path, file);
    return file;
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
