// The one door to the file system. A call is made at once where that is quick, and on the thread pool where it may wait:
// a folder that hangs holds up those who asked for it, and nobody else.

import {
  accessSync,
  type BigIntStats,
  close,
  closeSync,
  type Dirent,
  fchmod,
  fchmodSync,
  fchown,
  fchownSync,
  fstat,
  fstatSync,
  fsync,
  futimes,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  open,
  openSync,
  read,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type StatsFs,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
  write,
} from "node:fs";
import {
  access,
  link,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from "node:fs/promises";
import { promisify } from "node:util";
import type { MaybePromise } from "../http/byte-source.ts";
import type { CallQueue } from "./call-queue.ts";
import type { Pace } from "./pace.ts";
import type { Client } from "./storage.ts";

/** From here on the system takes its time to free what a file held on the disk. */
export const LARGE_BYTES = 16 * 1024 * 1024;

const PRECISE = { bigint: true } as const;
/** The promise of a file handle would close the descriptor with it. */
const openLater = promisify(open) as (path: string, flags: number, mode?: number) => Promise<number>;
const fstatLater = promisify(fstat) as (descriptor: number, options: { bigint: true }) => Promise<BigIntStats>;
const fchmodLater = promisify(fchmod);
const fchownLater = promisify(fchown);
const futimesLater = promisify(futimes);
const readLater = promisify(read) as unknown as (
  descriptor: number,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ readonly bytesRead: number }>;
const writeLater = promisify(write) as unknown as (
  descriptor: number,
  from: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ readonly bytesWritten: number }>;
const fsyncLater = promisify(fsync);
const closeFile = promisify(close);

/** The system's calls on files, for one client's operation. Each throws, or rejects with, the system's error. */
export class FileCalls {
  readonly #pace: Pace;
  readonly #queue: CallQueue;
  readonly #client: Client;

  constructor(pace: Pace, queue: CallQueue, client: Client) {
    this.#pace = pace;
    this.#queue = queue;
    this.#client = client;
  }

  /** True while calls are made at once. */
  get areDirect(): boolean {
    return this.#pace.isDirect;
  }

  /** True where no call waits for a network or for another program, however slow it is. */
  get areLocal(): boolean {
    return this.#pace.isLocal;
  }

  /** The caller closes the descriptor. */
  open(path: string, flags: number, mode?: number): MaybePromise<number> {
    return this.#call(openSync, openLater, path, flags, mode);
  }

  /** Frees what a file holds on the disk, if it has no name any more: that may take its time. */
  close(descriptor: number): MaybePromise<void> {
    return this.#call(closeSync, closeFile, descriptor);
  }

  /** The same, off the event loop in any case. */
  closeLater(descriptor: number): Promise<void> {
    return this.later(() => closeFile(descriptor));
  }

  fstat(descriptor: number): MaybePromise<BigIntStats> {
    return this.#call(fstatSync as typeof preciseFstat, fstatLater, descriptor, PRECISE);
  }

  /** Follows no link. */
  lstat(path: string): MaybePromise<BigIntStats> {
    return this.#call(lstatSync as typeof preciseStat, lstat as typeof preciseStatLater, path, PRECISE);
  }

  /** Follows links: only for the served directory itself, whose path is its owner's. */
  stat(path: string): MaybePromise<BigIntStats> {
    return this.#call(statSync as typeof preciseStat, stat as typeof preciseStatLater, path, PRECISE);
  }

  /** Follows no link; times are milliseconds. A third cheaper than `lstat`. */
  lstatRoughly(path: string): MaybePromise<Stats> {
    return this.#call(lstatSync as (path: string) => Stats, lstat as (path: string) => Promise<Stats>, path);
  }

  realpath(path: string): MaybePromise<string> {
    return this.#call(realpathSync as (path: string) => string, realpath as (path: string) => Promise<string>, path);
  }

  readlink(path: string): MaybePromise<string> {
    return this.#call(readlinkSync as (path: string) => string, readlink as (path: string) => Promise<string>, path);
  }

  /**
   * Names only, U+FFFD for what is no UTF-8: of 100,000 that blocks the loop for 3 ms, with types for 8, as buffers for 38
   * and by `opendir` (which reads all at once as well) for 50. Always off the event loop.
   */
  readNames(path: string): Promise<readonly string[]> {
    return this.later(() => readdir(path));
  }

  access(path: string, mode: number): MaybePromise<void> {
    return this.#call(accessSync, access, path, mode);
  }

  mkdir(path: string): MaybePromise<void> {
    return this.#call(mkdirSync as (path: string) => void, mkdir as (path: string) => Promise<void>, path);
  }

  mkdirAll(path: string): MaybePromise<unknown> {
    return this.#call(
      mkdirSync as (path: string, how: { recursive: true }) => unknown,
      mkdir as (path: string, how: { recursive: true }) => Promise<unknown>,
      path,
      { recursive: true },
    );
  }

  rmdir(path: string): MaybePromise<void> {
    return this.#call(rmdirSync as (path: string) => void, rmdir as (path: string) => Promise<void>, path);
  }

  unlink(path: string): MaybePromise<void> {
    return this.#call(unlinkSync, unlink, path);
  }

  link(existing: string, path: string): MaybePromise<void> {
    return this.#call(linkSync, link, existing, path);
  }

  rename(from: string, to: string): MaybePromise<void> {
    return this.#call(renameSync, rename, from, to);
  }

  fchmod(descriptor: number, mode: number): MaybePromise<void> {
    return this.#call(fchmodSync, fchmodLater, descriptor, mode);
  }

  fchown(descriptor: number, user: number, group: number): MaybePromise<void> {
    return this.#call(fchownSync, fchownLater, descriptor, user, group);
  }

  /** Both times, in seconds. */
  futimes(descriptor: number, time: number): MaybePromise<void> {
    return this.#call(futimesSync, futimesLater, descriptor, time, time);
  }

  statfs(path: string): MaybePromise<StatsFs> {
    return this.#call(
      statfsSync as (path: string) => StatsFs,
      statfs as unknown as (path: string) => Promise<StatsFs>,
      path,
    );
  }

  /** Writes all of the bytes behind each other, from this place in the file; always off the event loop. */
  async writeAll(descriptor: number, bytes: Uint8Array, from = 0): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      at += await this.later(async () => (await writeLater(descriptor, rest, 0, rest.length, from + at)).bytesWritten);
    }
  }

  /** Fills [0, length) of the window or less of it, and gives how much; 0 at the file's end. Always off the event loop. */
  async read(descriptor: number, window: Uint8Array, length: number, position: number): Promise<number> {
    return (await this.later(() => readLater(descriptor, window, 0, length, position))).bytesRead;
  }

  /** All of a small file, which the caller has opened; always off the event loop. */
  readAll(descriptor: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.later(() => Bun.file(descriptor).slice(0, size).bytes());
  }

  /**
   * All names as texts, U+FFFD for what is no UTF-8; off the event loop in any case. Of 100,000 that holds it up for 3 ms,
   * at once for 45; with types for 8, as buffers for 38, and by `opendir`, which reads all at once as well, for 50.
   */
  readTexts(path: string): Promise<readonly string[]> {
    return this.later(() => readdir(path));
  }

  /** With what kind of entry each is; off the event loop in any case, too. Names that are no UTF-8 come mangled. */
  readEntries(path: string): Promise<readonly Dirent[]> {
    return this.later(() => readdir(path, { withFileTypes: true }));
  }

  /** Always off the event loop. */
  fsync(descriptor: number): Promise<void> {
    return this.later(() => fsyncLater(descriptor));
  }

  /** A call that waits by its nature, such as moving many bytes: off the event loop, in its turn. */
  later<T>(call: () => Promise<T>): Promise<T> {
    return this.#pace.isDirect ? call() : this.#queue.run(this.#client, call);
  }

  #call<A extends readonly unknown[], T>(
    atOnce: (...values: A) => T,
    later: (...values: A) => Promise<T>,
    ...values: A
  ): MaybePromise<T> {
    const pace = this.#pace;
    if (!pace.isDirect) return this.#queue.run(this.#client, () => pace.watch(later(...values)));
    const start = pace.start();
    try {
      return atOnce(...values);
    } finally {
      pace.took(performance.now() - start);
    }
  }
}

/**
 * For the one call of a hit in memory, which nothing may make dearer: on the loop, with times in milliseconds (numbers
 * cost a quarter less than bigints), and without options (those cost a tenth more). Undefined for nothing.
 */
export function lstatAtOnce(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

declare function preciseFstat(descriptor: number, options: { bigint: true }): BigIntStats;
declare function preciseStat(path: string, options: { bigint: true }): BigIntStats;
declare function preciseStatLater(path: string, options: { bigint: true }): Promise<BigIntStats>;
