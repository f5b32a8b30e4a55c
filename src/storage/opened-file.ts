// A file that is being read: never other bytes than those of the file that was opened, however it changes meanwhile.

import { type BigIntStats, closeSync, fstatSync, read } from "node:fs";
import { promisify } from "node:util";
import type { ByteSource } from "../http/byte-source.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import type { OpenedFile } from "./storage.ts";

/** One read of the disk, and what one response keeps in memory. */
const WINDOW_BYTES = 256 * 1024;

const readAt = promisify(read);

/** The file changed while it was being sent: what was promised of it can no longer be had. */
export class FileChanged extends Error {
  constructor() {
    super("the file changed while it was being read");
    this.name = "FileChanged";
  }
}

/** An open regular file. */
export class LocalFile implements OpenedFile {
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  readonly #descriptor: number;
  readonly #stats: BigIntStats;
  readonly #budget: DescriptorBudget;

  /** Takes over the descriptor, which was taken from the budget; `stats` are its `fstat`. */
  constructor(descriptor: number, stats: BigIntStats, budget: DescriptorBudget) {
    this.#descriptor = descriptor;
    this.#budget = budget;
    this.#stats = stats;
    this.size = Number(stats.size);
    this.modified = Number(stats.mtimeMs);
    this.etag = `"${stats.ino.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}"`;
  }

  range(from: number, length: number): ByteSource {
    return new FileSource(this.#descriptor, this.#stats, from, length);
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#budget.giveBack();
  }
}

/** Reads by position, off the event loop, and looks again at the file before the bytes go out. */
class FileSource implements ByteSource {
  readonly length: number;
  readonly #descriptor: number;
  readonly #stats: BigIntStats;
  #window: Uint8Array | null = null;
  #position: number;
  readonly #end: number;

  constructor(descriptor: number, stats: BigIntStats, from: number, length: number) {
    this.#descriptor = descriptor;
    this.#stats = stats;
    this.length = length;
    this.#position = from;
    this.#end = from + length;
  }

  async read(): Promise<Uint8Array | null> {
    const wanted = Math.min(WINDOW_BYTES, this.#end - this.#position);
    if (wanted === 0) return null;
    this.#window ??= Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await readAt(this.#descriptor, this.#window, 0, wanted, this.#position);
    if (bytesRead === 0 || this.#hasChanged()) throw new FileChanged();
    this.#position += bytesRead;
    return this.#window.subarray(0, bytesRead);
  }

  close(): void {
    this.#window = null;
  }

  #hasChanged(): boolean {
    const now = fstatSync(this.#descriptor, { bigint: true });
    return now.size !== this.#stats.size || now.mtimeNs !== this.#stats.mtimeNs;
  }
}
