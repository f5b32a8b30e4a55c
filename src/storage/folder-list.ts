// What stands in a folder, as readers would get it: each entry is looked at in the folder that was opened, and a link
// counts for what it leads to.

import type { BigIntStats } from "node:fs";
import type { MaybePromise } from "../http/byte-source.ts";
import type { FileCalls } from "./file-calls.ts";
import type { FolderReader } from "./folder-walk.ts";
import type { Folder } from "./folder.ts";
import type { ObjectName } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import { systemCode } from "./system-fault.ts";
import { listOf } from "./transaction.ts";
import { find, free, type GroupGate, walk } from "./way.ts";

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
    this.#folder = await walk(this.#root, this.#calls, this.#name.segments, this.#gate);
    if (this.#gate.isActive) await this.#gate.pass(listOf(this.#folder.realPath));
    return this.#calls.readNames(this.#folder.itself);
  }

  look(name: string): MaybePromise<BigIntStats | null | "unreadable"> {
    try {
      const stats = this.#calls.lstat(this.#folder!.at(name));
      if (stats instanceof Promise) return stats.then((seen) => this.#judge(name, seen), notSeen);
      return this.#judge(name, stats);
    } catch (error) {
      return notSeen(error);
    }
  }

  close(): void {
    this.#folder?.close();
    this.#folder = null;
  }

  #judge(name: string, stats: BigIntStats): MaybePromise<BigIntStats | null> {
    return stats.isSymbolicLink() ? this.#follow(name) : stats;
  }

  /** A link that cannot be followed might lead outside, and does not show. */
  async #follow(name: string): Promise<BigIntStats | null> {
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

/** What has no such name any more is not there; what cannot be looked at is. */
function notSeen(error: unknown): null | "unreadable" {
  if (systemCode(error) === "") throw error;
  return systemCode(error) === "ENOENT" ? null : "unreadable";
}
