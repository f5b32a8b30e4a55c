// An upload under way: a temporary file that becomes visible at the commit, or goes away. Until then it is nobody's but
// ours, in a folder that is there already: on the same file system as its target, and no new folder is seen before.

import { close, fchmodSync, fsync, statfsSync, unlink, write } from "node:fs";
import { promisify } from "node:util";
import { type Coordinator, NOTHING, type Usage } from "./coordinator.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import type { PendingWrite, WriteFault, WritePlan } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { stampVersion } from "./version-time.ts";

const writeAt = promisify(write);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const removeFile = promisify(unlink);

/** Set aside at a time for a body of unknown length. */
const RESERVE_STEP_BYTES = 1024 * 1024;
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
  /** Bytes so far. */
  size = 0;
  readonly #descriptor: number;
  readonly #house: WriteHouse;
  #reserved: Usage;
  #nextLook = LOOK_AT_DISK_BYTES;
  #isOpen = true;
  #isSettled = false;
  /** An operation of the system that is under way; the descriptor must not be closed under it. */
  #busy: Promise<unknown> = Promise.resolve();

  /** Takes over the descriptor, which was taken from the budget, and the reservation. */
  constructor(plan: WritePlan, descriptor: number, temporary: string, reserved: Usage, house: WriteHouse) {
    this.plan = plan;
    this.temporary = temporary;
    this.#descriptor = descriptor;
    this.#reserved = reserved;
    this.#house = house;
  }

  write(chunk: Uint8Array): Promise<WriteFault | null> {
    const written = this.#writeAll(chunk);
    this.#busy = written.catch(() => {});
    return written;
  }

  async seal(): Promise<WriteFault | null> {
    try {
      await this.#busy;
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
    await this.#busy;
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

  async #writeAll(chunk: Uint8Array): Promise<WriteFault | null> {
    try {
      const fault = this.#makeRoom(this.size + chunk.length);
      const refused = fault instanceof Promise ? await fault : fault;
      if (refused !== null) return refused;
      // The kernel may take less than it was given; a full disk shows as an error, after what still fitted.
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await writeAt(this.#descriptor, chunk, done, chunk.length - done, this.size);
        done += bytesWritten;
        this.size += bytesWritten;
      }
      return null;
    } catch (error) {
      return writeFault(error);
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

  async #reserveMore(size: number): Promise<WriteFault | null> {
    const missing = size - this.#reserved.bytes;
    for (const bytes of [Math.max(missing, RESERVE_STEP_BYTES), missing]) {
      if (!(await this.#house.coordinator.reserve({ bytes, files: 0 }))) continue;
      this.#reserved = { bytes: this.#reserved.bytes + bytes, files: this.#reserved.files };
      return null;
    }
    return "over-quota";
  }
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
