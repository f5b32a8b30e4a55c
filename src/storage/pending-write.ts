// An upload under way: a temporary file in the target folder that becomes the target in one step, or goes away.

import { close, fchmodSync, rename, rmSync, statSync, write } from "node:fs";
import { promisify } from "node:util";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import type { PendingWrite, WriteFault } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";

const writeAt = promisify(write);
const closeFile = promisify(close);
const renameFile = promisify(rename);

const PERMISSION_BITS = 0o7777;

/** Writes to `temporary`, which exists and is open, and renames it to `target`. */
export class LocalWrite implements PendingWrite {
  readonly #descriptor: number;
  readonly #temporary: string;
  readonly #target: string;
  readonly #budget: DescriptorBudget;
  #position = 0;
  #isOpen = true;
  /** An operation of the system that is under way; the descriptor must not be closed under it. */
  #busy: Promise<unknown> = Promise.resolve();

  /** Takes over the descriptor, which was taken from the budget. */
  constructor(descriptor: number, temporary: string, target: string, budget: DescriptorBudget) {
    this.#descriptor = descriptor;
    this.#temporary = temporary;
    this.#target = target;
    this.#budget = budget;
  }

  write(chunk: Uint8Array): Promise<WriteFault | null> {
    const written = this.#writeAll(chunk);
    this.#busy = written.catch(() => {});
    return written;
  }

  async commit(): Promise<WriteFault | null> {
    try {
      this.#keepMode();
      await this.#close();
      await renameFile(this.#temporary, this.#target);
      return null;
    } catch (error) {
      this.abort();
      return writeFault(error);
    }
  }

  abort(): void {
    void this.#busy.then(async () => {
      await this.#close().catch(() => {});
      rmSync(this.#temporary, { force: true });
    });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await closeFile(this.#descriptor);
    } finally {
      this.#budget.giveBack();
    }
  }

  /** The kernel may take less than it was given; a full disk shows as an error, after what still fitted. */
  async #writeAll(chunk: Uint8Array): Promise<WriteFault | null> {
    try {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await writeAt(this.#descriptor, chunk, done, chunk.length - done, this.#position);
        done += bytesWritten;
        this.#position += bytesWritten;
      }
      return null;
    } catch (error) {
      return writeFault(error);
    }
  }

  /** A replaced file keeps its permissions; a new one has got those of the process's umask. */
  #keepMode(): void {
    try {
      fchmodSync(this.#descriptor, statSync(this.#target).mode & PERMISSION_BITS);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
}
