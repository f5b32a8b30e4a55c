// What one file under way holds of the folder's limits and of the disk. It grows with what has come: nobody holds by a
// promise what others could use.

import { type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { type Claim, type Coordinator, NO_CLAIM, type Usage } from "./coordinator.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { MOST_TRIES } from "./ledger.ts";
import type { WriteFault } from "./storage.ts";
import { systemCode } from "./system-fault.ts";

/** Written between two looks at how much of the disk is free. */
const MOST_AHEAD_BYTES = 8 * 1024 * 1024;
/** The same while nobody knows how much will come. */
const BLIND_AHEAD_BYTES = 1024 * 1024;

/** The claim of one file. */
export class Reservation {
  readonly #coordinator: Coordinator;
  readonly #calls: FileCalls;
  /** A path on the disk that the file is on. */
  #disk: string;
  /** Bytes that the file will have, or UNKNOWN_LENGTH. */
  readonly #length: number;
  #held: Claim = NO_CLAIM;
  /** The size up to which the disk was asked. */
  #askedTo = 0;
  #isSettled = false;
  /** Bytes for which there was no room last. */
  #lacking = 0;

  constructor(coordinator: Coordinator, calls: FileCalls, folder: Folder, length: number) {
    this.#coordinator = coordinator;
    this.#calls = calls;
    this.#disk = folder.itself;
    this.#length = length;
  }

  /** Asks for so many files, and whether the announced bytes can fit. */
  begin(files: number): Promise<WriteFault | null> {
    return this.#inRoom(() => this.#begin(files));
  }

  async #begin(files: number): Promise<WriteFault | null> {
    const announced = Math.max(this.#length, 0);
    const { hasLimits } = this.#coordinator;
    // Where nobody said how much there will be, and nothing is limited, the disk itself says when it is full.
    if (announced === 0 && !hasLimits) return null;
    const free = await freeBytes(this.#calls, this.#disk);
    this.#lacking = announced - free;
    if (free < announced) return "no-space";
    if (!hasLimits) return null;
    this.#askedTo = this.#ahead(0);
    return this.#ask({ bytes: 0, files, ahead: this.#askedTo }, announced, free);
  }

  /** The folder is open no longer; this path leads to the same disk. */
  moveTo(disk: string): void {
    this.#disk = disk;
  }

  /** The file is to have so many bytes. */
  grow(size: number): MaybePromise<WriteFault | null> {
    if (!this.#coordinator.hasLimits || size <= this.#held.bytes) return null;
    const bytes = size - this.#held.bytes;
    if (size <= this.#askedTo) return this.#ask({ bytes, files: 0, ahead: 0 }, 0, Infinity);
    return this.#inRoom(() => this.#growOnDisk(bytes, size));
  }

  /** The file has ended, and the folder has changed by so much. Only the first call counts. */
  settle(change: Usage): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#coordinator.settle(this.#held, change);
  }

  /** Asks again when something has gone, where it can go by itself. */
  async #inRoom(ask: () => Promise<WriteFault | null>): Promise<WriteFault | null> {
    const { ledger } = this.#coordinator;
    let fault = await ask();
    for (let tries = 0; fault === "no-space" && ledger !== null && tries < MOST_TRIES; tries++) {
      await ledger.runShort({ bytes: this.#lacking, files: 0 });
      fault = await ask();
    }
    return fault;
  }

  async #growOnDisk(bytes: number, size: number): Promise<WriteFault | null> {
    const free = await freeBytes(this.#calls, this.#disk);
    // What was asked for before is on the disk by now, and counts as used there.
    const ahead = size - this.#askedTo + this.#ahead(size);
    const fault = await this.#ask({ bytes, files: 0, ahead: ahead - this.#held.ahead }, 0, free);
    if (fault === null) this.#askedTo += ahead;
    return fault;
  }

  /** How far ahead to ask, with so many bytes there. */
  #ahead(size: number): number {
    if (this.#length === UNKNOWN_LENGTH) return BLIND_AHEAD_BYTES;
    return Math.min(MOST_AHEAD_BYTES, Math.max(0, this.#length - size));
  }

  async #ask(claim: Claim, announced: number, free: number): Promise<WriteFault | null> {
    this.#lacking = claim.ahead;
    const refused = await this.#coordinator.reserve({ claim, announced, free });
    if (refused !== null) return refused;
    const { bytes, files, ahead } = this.#held;
    this.#held = { bytes: bytes + claim.bytes, files: files + claim.files, ahead: ahead + claim.ahead };
    return null;
  }
}

/** Bytes that the file system of this path has free for us; plenty where it does not tell, or tells nonsense. */
async function freeBytes(calls: FileCalls, path: string): Promise<number> {
  try {
    const { blocks, bavail, bsize } = await calls.statfs(path);
    return blocks > 0 && bavail >= 0 && bsize > 0 ? bavail * bsize : Infinity;
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return Infinity;
  }
}
