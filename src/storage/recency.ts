// When which file was last read, on the disk: the order of a cache survives a restart. A file's own access time is of no
// use: most systems move it once a day or never, and setting it would move the change time, and with it the entity tag.
// A log of records of 16 bytes; half a record at the end, of a server that was killed, is written over. It is worth an
// order and no more: whatever has become of it, the cache works, and the log is written anew.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { loopShare } from "./loop-share.ts";
import { TEMPORARY_PREFIX } from "./object-name.ts";
import { removeQuietly } from "./publish.ts";
import { SystemError, systemCode } from "./system-fault.ts";
import { temporaryName } from "./temporary-name.ts";

/** Where it is in the directory. */
export const RECENCY_NAME = TEMPORARY_PREFIX + "recency";
const RECORD_BYTES = 16;
/** Read, or written, at once. */
const WINDOW_BYTES = 65_536 * RECORD_BYTES;
/** A log that is larger was not written here, or its folder is past what a list in memory can hold. */
const MOST_BYTES = 512 * 1024 * 1024;
/** A log may hold so many records beside twice the files, before it is written anew. */
const SPARE_RECORDS = 65_536;

/** A path and the milliseconds since the epoch. */
export type Use = readonly [path: string, time: number];

/** What a log can date. */
export interface Dated {
  readonly path: string;
  used: number;
}

/** The log of one directory. Each call rejects with the system's error, but for `load`. */
export class RecencyLog {
  readonly #calls: FileCalls;
  readonly #open: () => Promise<Folder>;
  #size = 0;
  /** What lies there is not what should. */
  #isSpoilt = false;

  /** `open` gives the directory, which is closed here. */
  constructor(calls: FileCalls, open: () => Promise<Folder>) {
    this.#calls = calls;
    this.#open = open;
  }

  /** Gives the files the times of their last uses, as far as there is a log that can be read and that has them. */
  async load(files: readonly Dated[]): Promise<void> {
    const byHash = new Map<bigint, Dated>();
    for (const file of files) {
      byHash.set(hashOf(file.path), file);
      if (loopShare.isOver) await loopShare.next();
    }
    try {
      await this.#read((hash, time) => {
        const file = byHash.get(hash);
        if (file !== undefined && Number.isFinite(time)) file.used = time;
      });
    } catch (error) {
      if (systemCode(error) === "") throw error;
      this.#isSpoilt = systemCode(error) !== "ENOENT";
    }
  }

  /** The next write is to be of all: what lies there would date files wrongly, or lacks some. */
  distrust(): void {
    this.#isSpoilt = true;
  }

  /** True when writing it anew would put it right, or make it much smaller. */
  isWasteful(files: number): boolean {
    return this.#isSpoilt || this.#size / RECORD_BYTES > 2 * files + SPARE_RECORDS;
  }

  async append(uses: Iterable<Use>): Promise<void> {
    await this.#inRoot(async (folder) => {
      const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
      this.#size = await this.#write(folder.at(RECENCY_NAME), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, uses);
    });
  }

  /** Writes it anew, in one step of the file system: in the place of whatever has its name, but a folder. */
  async replace(uses: Iterable<Use>): Promise<void> {
    await this.#inRoot(async (folder) => {
      const temporary = folder.at(temporaryName());
      const { O_WRONLY, O_CREAT, O_EXCL } = constants;
      try {
        const size = await this.#write(temporary, O_WRONLY | O_CREAT | O_EXCL, uses);
        await this.#calls.rename(temporary, folder.at(RECENCY_NAME));
        this.#size = size;
        this.#isSpoilt = false;
      } catch (error) {
        await removeQuietly(this.#calls, temporary, 0);
        throw error;
      }
    });
  }

  /**
   * Behind the last whole record: another server on the folder, as the next one takes over, may have written, too. Gives
   * the new size.
   */
  async #write(path: string, flags: number, uses: Iterable<Use>): Promise<number> {
    const descriptor = await this.#calls.open(path, flags, 0o600);
    try {
      const stats = await this.#calls.fstat(descriptor);
      if (!stats.isFile()) throw new SystemError("EINVAL", `${RECENCY_NAME} is no file`);
      let end = Number(stats.size) - (Number(stats.size) % RECORD_BYTES);
      for await (const records of recordsOf(uses)) {
        await this.#calls.writeAll(descriptor, records, end);
        end += records.length;
      }
      return end;
    } finally {
      await this.#calls.close(descriptor);
    }
  }

  /** Tells of each record. Throws where there is no log, or none of ours. */
  async #read(tell: (hash: bigint, time: number) => void): Promise<void> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    await this.#inRoot(async (folder) => {
      const descriptor = await this.#calls.open(folder.at(RECENCY_NAME), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const stats = await this.#calls.fstat(descriptor);
        if (!stats.isFile() || stats.size > MOST_BYTES)
          throw new SystemError("EINVAL", `${RECENCY_NAME} is none of ours`);
        this.#size = await this.#readRecords(descriptor, tell);
      } finally {
        await this.#calls.close(descriptor);
      }
    });
  }

  /** Gives the size of all whole records. */
  async #readRecords(descriptor: number, tell: (hash: bigint, time: number) => void): Promise<number> {
    const window = new Uint8Array(WINDOW_BYTES);
    const view = new DataView(window.buffer);
    let position = 0;
    while (position <= MOST_BYTES) {
      const length = await this.#calls.read(descriptor, window, WINDOW_BYTES, position);
      const whole = length - (length % RECORD_BYTES);
      if (whole === 0) break;
      for (let at = 0; at < whole; at += RECORD_BYTES) {
        tell(view.getBigUint64(at, true), view.getFloat64(at + 8, true));
        if (loopShare.isOver) await loopShare.next();
      }
      position += whole;
    }
    return position;
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

/** In pieces, which are lent until the next one. */
async function* recordsOf(uses: Iterable<Use>): AsyncGenerator<Uint8Array> {
  const window = new Uint8Array(WINDOW_BYTES);
  const view = new DataView(window.buffer);
  let end = 0;
  for (const [path, time] of uses) {
    view.setBigUint64(end, hashOf(path), true);
    view.setFloat64(end + 8, time, true);
    end += RECORD_BYTES;
    if (loopShare.isOver) await loopShare.next();
    if (end < WINDOW_BYTES) continue;
    yield window;
    end = 0;
  }
  if (end > 0) yield window.subarray(0, end);
}
