// What stands in a folder that is held open, as readers may see it.

import { type BigIntStats, constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import type { FolderReader } from "./folder-walk.ts";
import type { ObjectName } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { listOf } from "./locked-names.ts";
import type { GroupGate } from "./group-gate.ts";
import { find, free, walk } from "./way.ts";

type Look = BigIntStats | null | "unreadable";

/** Reads one folder once. */
export class LocalFolderReader implements FolderReader {
  readonly #root: ServedRoot;
  readonly #calls: FileCalls;
  readonly #name: ObjectName;
  readonly #gate: GroupGate;
  #folder: Folder | null = null;

  constructor(root: ServedRoot, calls: FileCalls, name: ObjectName, gate: GroupGate) {
    this.#root = root;
    this.#calls = calls;
    this.#name = name;
    this.#gate = gate;
  }

  async names(): Promise<readonly string[]> {
    const folder = await walk(this.#root, this.#calls, this.#name.segments, this.#gate);
    this.#folder = folder;
    const list = listOf(folder.realPath);
    const read = (): Promise<readonly string[]> => this.#calls.readTexts(folder.itself);
    if (this.#gate.isActive) await this.#gate.pass(list);
    const before = this.#gate.begun;
    const names = await read();
    // Of a large folder that takes long enough for a group to begin, and the names were read in the middle of it.
    return this.#gate.begun === before ? names : this.#gate.during(list, read);
  }

  look(name: string): Look | Promise<Look> {
    try {
      const stats = this.#calls.lstat(this.#folder!.at(name));
      if (stats instanceof Promise) return stats.then((seen) => this.#judge(name, seen), unseen);
      return this.#judge(name, stats);
    } catch (error) {
      return unseen(error);
    }
  }

  async isWritable(): Promise<boolean> {
    try {
      await this.#calls.access(this.#folder!.itself, constants.W_OK | constants.X_OK);
      return true;
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return false;
    }
  }

  get place(): string {
    return this.#folder!.realPath;
  }

  close(): void {
    this.#folder?.close();
  }

  #judge(name: string, stats: BigIntStats): Look | Promise<Look> {
    return stats.isSymbolicLink() ? this.#follow(name) : stats;
  }

  /** A link that cannot be followed might lead outside, and does not show. */
  async #follow(name: string): Promise<Look> {
    try {
      const found = await find(this.#root, this.#calls, [...this.#name.segments, name], null);
      free(found.descriptor);
      return found.stats;
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return null;
    }
  }
}

/** Gone meanwhile, or the system does not tell. */
function unseen(error: unknown): Look {
  const code = systemCode(error);
  if (code === "") throw error;
  return code === "ENOENT" ? null : "unreadable";
}
