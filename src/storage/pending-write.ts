// An upload under way: a temporary file that becomes visible at the commit, or goes away. Until then it is nobody's but
// ours, in a folder that is there already: on the same file system as its target, and no new folder is seen before.

import { close, fchmodSync, fsync, statfsSync, unlink, writev } from "node:fs";
import { promisify } from "node:util";
import type { MaybePromise } from "../http/byte-source.ts";
import { type Coordinator, NOTHING, type Usage } from "./coordinator.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import type { PendingWrite, WriteFault, WritePlan } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { stampVersion } from "./version-time.ts";

const writeAllAt = promisify(writev);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const removeFile = promisify(unlink);

/** Bytes that may wait for the disk before whoever writes has to wait too. */
const QUEUE_BYTES = 1024 * 1024;
/** The same for all writes of the process together: with more of them each has to wait for its own bytes. */
const ALL_QUEUES_BYTES = 16 * 1024 * 1024;
let queuedInAll = 0;

/** Written between two looks at how much of the disk is free. */
const LOOK_AT_DISK_BYTES = 8 * 1024 * 1024;

/** What a write shares with all others of its storage. */
export interface WriteHouse {
  readonly budget: DescriptorBudget;
  readonly coordinator: Coordinator;
  /** Bytes that uploads leave free on the disk. */
  readonly minFree: number;
  readonly fsync: boolean;
  /** Permission bits of new files; null leaves them to the umask. */
  readonly mode: number | null;
}

/** Writes to a temporary file, which exists and is open. */
export class LocalWrite implements PendingWrite {
  readonly plan: WritePlan;
  readonly temporary: string;
  /** Bytes that were taken, on the disk or on the way there. */
  size = 0;
  readonly #descriptor: number;
  readonly #house: WriteHouse;
  #reserved: Usage;
  #nextLook = LOOK_AT_DISK_BYTES;
  #isOpen = true;
  #isSettled = false;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Bytes on the disk. */
  #position = 0;
  #fault: WriteFault | null = null;
  /** A fault that is ours. */
  #error: unknown = null;
  /** Writing until the queue is empty; the descriptor must not be closed under it. */
  #writing: Promise<void> | null = null;

  /** Takes over the descriptor, which was taken from the budget, and the reservation. */
  constructor(plan: WritePlan, descriptor: number, temporary: string, reserved: Usage, house: WriteHouse) {
    this.plan = plan;
    this.temporary = temporary;
    this.#descriptor = descriptor;
    this.#reserved = reserved;
    this.#house = house;
  }

  write(chunk: Uint8Array): MaybePromise<WriteFault | null> {
    const room = this.#makeRoom(this.size + chunk.length);
    if (room instanceof Promise) return room.then((fault) => fault ?? this.#enqueue(chunk));
    return room ?? this.#enqueue(chunk);
  }

  async seal(): Promise<WriteFault | null> {
    try {
      await this.#writing;
      if (this.#hasFailed()) return this.#fault;
      stampVersion(this.temporary, 0n);
      if (this.#house.mode !== null) fchmodSync(this.#descriptor, this.#house.mode);
      if (this.#house.fsync) await syncFile(this.#descriptor);
      await this.#close();
      return null;
    } catch (error) {
      return writeFault(error);
    }
  }

  async abort(): Promise<void> {
    this.#queue = [];
    await this.#writing;
    await this.#close().catch(() => {});
    this.settle(NOTHING);
    await removeFile(this.temporary).catch(() => {});
  }

  /** The write has ended, and the folder has changed by so much. Only the first call counts. */
  settle(change: Usage): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#house.coordinator.settle(this.#reserved, change);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await closeFile(this.#descriptor);
    } finally {
      this.#house.budget.giveBack();
    }
  }

  /** The disk works while the next chunk comes; what has come meanwhile goes to it at once. */
  #enqueue(chunk: Uint8Array): MaybePromise<WriteFault | null> {
    if (this.#hasFailed()) return this.#fault;
    this.size += chunk.length;
    this.#queue.push(chunk);
    this.#queued(chunk.length);
    this.#writing ??= this.#writeQueue();
    if (this.#queuedBytes < QUEUE_BYTES && queuedInAll < ALL_QUEUES_BYTES) return null;
    return this.#writing.then(() => (this.#hasFailed() ? this.#fault : null));
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes;
    queuedInAll += bytes;
  }

  /** Throws what is no client's concern. */
  #hasFailed(): boolean {
    if (this.#error !== null) throw this.#error;
    return this.#fault !== null;
  }

  /** Never rejects: what went wrong is told to the next call. */
  async #writeQueue(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const chunks = this.#queue;
        this.#queue = [];
        await this.#writeAll(chunks);
      }
    } catch (error) {
      this.#queue = [];
      try {
        this.#fault = writeFault(error);
      } catch {
        this.#error = error;
      }
    } finally {
      // After a fault or an abort some of it will never be written.
      this.#queued(-this.#queuedBytes);
      this.#writing = null;
    }
  }

  /** The kernel may take less than it was given; a full disk shows as an error, after what still fitted. */
  async #writeAll(chunks: Uint8Array[]): Promise<void> {
    while (chunks.length > 0) {
      const { bytesWritten } = await writeAllAt(this.#descriptor, chunks, this.#position);
      this.#position += bytesWritten;
      this.#queued(-bytesWritten);
      const rest = withoutFirst(chunks, bytesWritten);
      for (const chunk of chunks.slice(0, chunks.length - rest.length)) giveBackMemory(chunk);
      chunks = rest;
    }
  }

  #makeRoom(size: number): WriteFault | null | Promise<WriteFault | null> {
    const { minFree, coordinator } = this.#house;
    if (minFree > 0 && size > this.#nextLook) {
      this.#nextLook = size + LOOK_AT_DISK_BYTES;
      if (freeBytes(this.temporary) < minFree) return "no-space";
    }
    return coordinator.hasLimits && size > this.#reserved.bytes ? this.#reserveMore(size) : null;
  }

  /** Exactly what is needed: what one upload sets aside and does not use, others are refused for. */
  async #reserveMore(size: number): Promise<WriteFault | null> {
    const bytes = size - this.#reserved.bytes;
    if (!(await this.#house.coordinator.reserve({ bytes, files: 0 }))) return "over-quota";
    this.#reserved = { bytes: size, files: this.#reserved.files };
    return null;
  }
}

/**
 * Frees a chunk that is on the disk, if nothing else lies in its buffer. The collector would come much later: 200 uploads
 * at once took 433 MiB with it, and take 126 MiB without.
 */
function giveBackMemory(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && chunk.byteLength === buffer.byteLength) buffer.transfer(0);
}

/** What is left of the chunks behind their first bytes. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  let done = 0;
  for (let chunk = chunks[0]; chunk !== undefined && left >= chunk.length; chunk = chunks[done]) {
    left -= chunk.length;
    done += 1;
  }
  const rest = chunks.slice(done);
  const first = rest[0];
  if (first !== undefined && left > 0) rest[0] = first.subarray(left);
  return rest;
}

/** Bytes that the file system of this path has free for us; plenty where it does not tell. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return Infinity;
  }
}
