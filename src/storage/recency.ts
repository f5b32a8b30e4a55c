// When which file was last read, on the disk: the order of a cache survives a restart. A file's own access time is of no
// use: most systems move it once a day or never, and setting it would move the change time, and with it the entity tag.
// A log of records of 16 bytes; half a record at the end, of a server that was killed, is written over.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { loopShare } from "./loop-share.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { SystemError, systemCode } from "./system-fault.ts";
import { temporaryName } from "./temporary-name.ts";

/** Where it is in the directory. */
export const RECENCY_NAME = TEMPORARY_PREFIX + "recency";
const RECORD_BYTES = 16;
/** A log that is larger was not written here, or its folder is past what a list in memory can hold. */
const MOST_BYTES = 512 * 1024 * 1024;
/** A log may hold so many records beside twice the files, before it is written anew. */
const SPARE_RECORDS = 65_536;

/** A path and the milliseconds since the epoch. */
export type Use = readonly [path: string, time: number];

/** The log of one directory. Each call rejects with the system's error. */
export class RecencyLog {
  readonly #calls: FileCalls;
  readonly #open: () => Promise<Folder>;
  #size = 0;

  /** `open` gives the directory, which is closed here. */
  constructor(calls: FileCalls, open: () => Promise<Folder>) {
    this.#calls = calls;
    this.#open = open;
  }

  /** The last uses, by the hashes of their paths. */
  async load(): Promise<ReadonlyMap<bigint, number>> {
    const uses = new Map<bigint, number>();
    const bytes = await this.#read();
    this.#size = bytes.length - (bytes.length % RECORD_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, this.#size);
    for (let at = 0; at < this.#size; at += RECORD_BYTES) {
      uses.set(view.getBigUint64(at, true), view.getFloat64(at + 8, true));
      if (loopShare.isOver) await loopShare.next();
    }
    return uses;
  }

  /** True when writing it anew would make it much smaller. */
  isWasteful(files: number): boolean {
    return this.#size / RECORD_BYTES > 2 * files + SPARE_RECORDS;
  }

  async append(uses: readonly Use[]): Promise<void> {
    const bytes = await recordsOf(uses);
    await this.#inRoot(async (folder) => {
      const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
      this.#size = await this.#write(folder.at(RECENCY_NAME), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, bytes);
    });
  }

  /** Writes it anew, in one step of the file system. */
  async replace(uses: readonly Use[]): Promise<void> {
    const bytes = await recordsOf(uses);
    await this.#inRoot(async (folder) => {
      const temporary = folder.at(temporaryName());
      const { O_WRONLY, O_CREAT, O_EXCL } = constants;
      this.#size = await this.#write(temporary, O_WRONLY | O_CREAT | O_EXCL, bytes);
      await this.#calls.rename(temporary, folder.at(RECENCY_NAME));
    });
  }

  /**
   * Behind the last whole record: another server on the folder, as the next one takes over, may have written, too. Gives
   * the new size.
   */
  async #write(path: string, flags: number, bytes: Uint8Array): Promise<number> {
    const descriptor = await this.#calls.open(path, flags, 0o600);
    try {
      const stats = await this.#calls.fstat(descriptor);
      if (!stats.isFile()) throw new SystemError("EINVAL", `${RECENCY_NAME} is no file`);
      const size = Number(stats.size);
      const end = size - (size % RECORD_BYTES);
      await this.#calls.writeAll(descriptor, bytes, end);
      return end + bytes.length;
    } finally {
      await this.#calls.close(descriptor);
    }
  }

  /** Nothing where there is no log, or none of ours. */
  async #read(): Promise<Uint8Array> {
    const calls = this.#calls;
    try {
      return await this.#inRoot(async (folder) => {
        const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
        const descriptor = await calls.open(folder.at(RECENCY_NAME), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        try {
          const stats = await calls.fstat(descriptor);
          const isOurs = stats.isFile() && stats.size <= MOST_BYTES;
          return isOurs ? await calls.readAll(descriptor, Number(stats.size)) : new Uint8Array();
        } finally {
          await calls.close(descriptor);
        }
      });
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      return new Uint8Array();
    }
  }

  async #inRoot<T>(act: (folder: Folder) => Promise<T>): Promise<T> {
    const folder = await this.#open();
    return act(folder).finally(() => folder.close());
  }
}

/** What a path is called in the log. */
export function hashOf(path: string): bigint {
  return BigInt(Bun.hash(path));
}

async function recordsOf(uses: readonly Use[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(uses.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, [path, time]] of uses.entries()) {
    view.setBigUint64(i * RECORD_BYTES, hashOf(path), true);
    view.setFloat64(i * RECORD_BYTES + 8, time, true);
    if (loopShare.isOver) await loopShare.next();
  }
  return bytes;
}
