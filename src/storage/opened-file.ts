// A file that is being read: never other bytes than those of the version that was opened, however it changes meanwhile.

import { type BigIntStats, constants, type Stats } from "node:fs";
import { type ByteSource, ContentChanged } from "../http/byte-source.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import { etagOf, isSettled } from "./entity-tag.ts";
import { type FileCalls, LARGE_BYTES } from "./file-calls.ts";
import { FileSource, type PieceReader } from "./file-source.ts";
import { type Beginning, GrowingContent, type GrowingFile } from "./growing-file.ts";
import { modifiedOf } from "./modified-time.ts";
import { HAS_PROC, pathOfDescriptor } from "./real-path.ts";
import type { FileVersion, OpenedFile, ReadFault } from "./storage.ts";
import { readFault, SystemError, systemCode } from "./system-fault.ts";

const MS_PER_SECOND = 1000;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1_000_000_000n;
/**
 * O_NONBLOCK: opening must not wait for somebody to let go of a lease. Where what was judged is opened by its path once
 * more, and not by what the system holds of it, a link that took its place meanwhile could lead to anything: O_NOFOLLOW.
 */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | (HAS_PROC ? 0 : constants.O_NOFOLLOW);
/** Tries to open a file that somebody else holds for a moment. */
const MOST_TRIES = 5;
const PAUSE_MS = 40;
/** At a file that is replaced between each look and its opening. */
const MOST_LOOKS = 5;
/** What is read at once of a file that does not tell its size. */
const BLIND_READ_BYTES = 64 * 1024;

/** A version and where it was seen: under its own name, in folders that are no links. */
export class LocalVersion implements FileVersion {
  readonly path: string;
  /** The real path of the folder that holds it. */
  readonly folder: string;
  /** That of the directory in which its name was looked for. */
  readonly root: string;
  readonly etag: string;
  readonly #mtimeMs: number;
  readonly #ctimeMs: number;
  readonly #size: number;
  readonly #inode: number;
  readonly #device: number;

  constructor({ folder, path, root }: FoundAt, etag: string, stats: BigIntStats) {
    this.path = path;
    this.folder = folder;
    this.root = root;
    this.etag = etag;
    this.#mtimeMs = milliseconds(stats.mtimeNs);
    this.#ctimeMs = milliseconds(stats.ctimeNs);
    this.#size = Number(stats.size);
    this.#inode = Number(stats.ino);
    this.#device = Number(stats.dev);
  }

  /**
   * True when these are the stats of this version. The change time gives away what sets the others back: it is the
   * kernel's own, so a quarter of a microsecond (what a number holds of it) is finer than it ever moves.
   */
  is(now: Stats): boolean {
    return (
      now.mtimeMs === this.#mtimeMs &&
      now.ctimeMs === this.#ctimeMs &&
      now.size === this.#size &&
      now.ino === this.#inode &&
      now.dev === this.#device
    );
  }
}

/** The same number as `Stats` gives. */
function milliseconds(ns: bigint): number {
  return Number(ns / NS_PER_SECOND) * MS_PER_SECOND + Number(ns % NS_PER_SECOND) / NS_PER_MS;
}

/** Where a file was found. */
export interface FoundAt {
  /** The real path of the folder that holds it. */
  readonly folder: string;
  readonly path: string;
  /** That of the directory in which it was looked for. */
  readonly root: string;
  /** No link was on the way. */
  readonly isDirect: boolean;
}

/** An open regular file. */
export class LocalFile implements OpenedFile, PieceReader, GrowingFile {
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  readonly version: FileVersion | null;
  readonly #descriptor: number;
  readonly #calls: FileCalls;
  readonly #budget: DescriptorBudget;
  readonly #beginning: Beginning | null;
  /** Where it was when that was asked last. */
  #path: string;
  /** As they were when they were looked at last, and found to be of the same version. */
  #stats: BigIntStats;
  /** What is under way with the descriptor, calls and whole reads of several calls: it must not be closed under them. */
  #pending = 0;
  #isClosed = false;

  /**
   * Takes over the descriptor and its place in the budget; `stats` are its `fstat`. `beginning` was read before them, where
   * the file is being written.
   */
  constructor(
    descriptor: number,
    stats: BigIntStats,
    foundAt: FoundAt,
    calls: FileCalls,
    budget: DescriptorBudget,
    beginning: Beginning | null = null,
  ) {
    this.#descriptor = descriptor;
    this.#beginning = beginning;
    this.#calls = calls;
    this.#budget = budget;
    this.#path = foundAt.path;
    this.#stats = stats;
    const now = Date.now();
    this.size = Number(stats.size);
    this.modified = modifiedOf(stats, now);
    this.etag = etagOf(stats, now);
    this.version = foundAt.isDirect && isSettled(stats, now) ? new LocalVersion(foundAt, this.etag, stats) : null;
  }

  get isGrowing(): boolean {
    return this.#beginning !== null;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  range(from: number, length: number, mayGrow = false): ByteSource {
    const beginning = mayGrow ? this.#beginning : null;
    const pieces = beginning === null ? this : new GrowingContent(this, beginning, from, length);
    return new FileSource(pieces, from, length);
  }

  async content(most: number): Promise<Uint8Array<ArrayBuffer> | ReadFault> {
    try {
      return await this.during(async () => {
        const bytes = this.size === 0 ? await this.#readBlindly(most) : await this.#readSlice();
        if (!(await this.isUnchanged())) throw new ContentChanged();
        return bytes ?? "failed";
      });
    } catch (error) {
      return readFault(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#pending === 0) this.#free();
  }

  /**
   * Fills [0, length) of the window or less of it, and looks again at the file before its bytes go out: gives how many
   * bytes are there. Rejects with `ContentChanged` when they are not those of this version.
   */
  readAt(window: Uint8Array, length: number, position: number): Promise<number> {
    return this.during(async () => {
      const bytesRead = await this.readRaw(window, length, position);
      if (bytesRead === 0 || !(await this.isUnchanged())) throw new ContentChanged();
      return bytesRead;
    });
  }

  /** The same without a look at the file; 0 at its end. */
  readRaw(window: Uint8Array, length: number, position: number): Promise<number> {
    return this.during(() => this.#calls.read(this.#descriptor, window, length, position));
  }

  /** A slice: an unsliced read would go by the descriptor's own position. A file that tells more than it has ends early. */
  #readSlice(): Promise<Uint8Array<ArrayBuffer>> {
    return this.during(() => this.#calls.readAll(this.#descriptor, this.size));
  }

  /** Files of the kernel's own have no size before they are read. Null when there is more than that. */
  async #readBlindly(most: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const pieces: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const window = new Uint8Array(BLIND_READ_BYTES);
      const bytesRead = await this.readRaw(window, window.length, total);
      if (bytesRead === 0) return new Uint8Array(Buffer.concat(pieces, total));
      pieces.push(window.subarray(0, bytesRead));
      total += bytesRead;
      if (total > most) return null;
    }
  }

  /**
   * True when the bytes must still be those of the version. One that lost a name was deleted, or replaced as a whole, and
   * keeps its bytes; so does one that has another name now. All else (a new mode, a second name, more behind the end)
   * cannot be told from a rewrite, whatever the times say, and counts as one.
   */
  async isUnchanged(): Promise<boolean> {
    const then = this.#stats;
    const now = await this.during(async () => this.#calls.fstat(this.#descriptor));
    if (now.size !== then.size || now.mtimeNs !== then.mtimeNs) return false;
    if (now.ctimeNs === then.ctimeNs) return true;
    if (now.nlink >= then.nlink && !this.#wasRenamed()) return false;
    this.#stats = now;
    return true;
  }

  #wasRenamed(): boolean {
    if (!HAS_PROC) return false;
    const before = this.#path;
    this.#path = pathOfDescriptor(this.#descriptor);
    return this.#path !== before;
  }

  /**
   * Keeps the descriptor until the work is done. Once it is closed its number may be anybody's: a read of several calls is
   * one work, and none begins any more.
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed && this.#pending === 0) throw new Error("the file was closed before it was read");
    this.#pending += 1;
    try {
      return await work();
    } finally {
      this.#pending -= 1;
      if (this.#isClosed && this.#pending === 0) this.#free();
    }
  }

  #free(): void {
    // The last that has a deleted file open frees what it held on the disk, which may take long.
    const isLarge = this.size >= LARGE_BYTES;
    const closed = isLarge ? this.#calls.closeLater(this.#descriptor) : this.#calls.close(this.#descriptor);
    const giveBack = (): void => this.#budget.giveBack();
    if (closed instanceof Promise) void closed.then(giveBack, giveBack);
    else giveBack();
  }
}

/**
 * Opens what was looked at: by what the system holds of it, or by its real path. A file that somebody holds a lease on is
 * let go of within moments. The caller closes the descriptor. Rejects with the system's error.
 */
export async function openPatiently(calls: FileCalls, path: string): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await calls.open(path, READ_FLAGS);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN" || tries === MOST_TRIES) throw error;
      await Bun.sleep(PAUSE_MS);
    }
  }
}

/**
 * The same by the real path alone, where the system tells nothing of descriptors: what took the place of a file since it
 * was looked at is looked at, too, before it counts.
 */
export async function openLookedAt(calls: FileCalls, path: string, looked: BigIntStats): Promise<number> {
  let stats = looked;
  for (let looks = 1; looks <= MOST_LOOKS && stats.isFile(); looks++) {
    const opened = await openPatiently(calls, path);
    if (await isOpened(calls, opened, stats)) return opened;
    await calls.close(opened);
    stats = await calls.lstat(path);
  }
  throw new SystemError("ENOENT", "it was replaced just now");
}

async function isOpened(calls: FileCalls, descriptor: number, { ino, dev }: BigIntStats): Promise<boolean> {
  try {
    const now = await calls.fstat(descriptor);
    return now.ino === ino && now.dev === dev;
  } catch (error) {
    await calls.close(descriptor);
    throw error;
  }
}
