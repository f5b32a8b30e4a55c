// Looks at everything in one folder, a few entries at a turn of the event loop, and stops when nobody waits any more.

import type { BigIntStats } from "node:fs";
import type { MaybePromise } from "../http/byte-source.ts";
import type { EntryBudget } from "./entry-budget.ts";
import { FolderSnapshot } from "./folder-snapshot.ts";
import { type NameRules, ObjectName } from "./object-name.ts";
import type { Wanted } from "./shared-work.ts";
import type { ListFault } from "./storage.ts";
import { loopShare } from "./loop-share.ts";

/** All that a walk needs of a folder: how folders are read is somebody else's business. */
export interface FolderReader {
  /** All names in it, U+FFFD for what is no UTF-8. Null: it is not to be read. Rejects with the system's error. */
  names(): MaybePromise<readonly string[] | null>;
  /** What readers would get. Null: nothing, or what must not show. "unreadable": the system does not tell. */
  look(name: string): MaybePromise<BigIntStats | null | "unreadable">;
  /** After `names`: whether the system lets the server make files in it. */
  isWritable(): MaybePromise<boolean>;
  /** After `names`: where the folder really lies, by whatever name it was asked for. */
  readonly place: string;
  /** Nothing more is asked; once. */
  close(): void;
}

/** How `readdir` spells bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/** One walk. */
export class FolderWalk {
  readonly #reader: FolderReader;
  readonly #rules: NameRules;
  /** Names with a replacement character, each of which can stand for several that are no UTF-8. */
  readonly #replaced = new Set<string>();

  constructor(reader: FolderReader, rules: NameRules) {
    this.#reader = reader;
    this.#rules = rules;
  }

  /**
   * The folder as it is now; whoever gets it holds it. Goes on while `work` is wanted. Rejects with the system's error.
   * The budget has the snapshot's entries until it is released, which `released` hears of.
   */
  async run(work: Wanted, budget: EntryBudget, released: () => void): Promise<FolderSnapshot | ListFault> {
    try {
      return await this.#run(work, budget, released);
    } finally {
      this.#reader.close();
    }
  }

  async #run(work: Wanted, budget: EntryBudget, released: () => void): Promise<FolderSnapshot | ListFault> {
    const names = await this.#reader.names();
    if (names === null) return "missing";
    const count = names.length;
    if (!budget.take(count)) return "crowded";
    const giveBack = (): void => budget.giveBack(count);
    const snapshot = new FolderSnapshot(count, () => {
      giveBack();
      released();
    });
    try {
      if (!(await this.#lookAtAll(names, snapshot, work))) {
        giveBack();
        return "abandoned";
      }
      snapshot.isWritable = await this.#reader.isWritable();
    } catch (error) {
      giveBack();
      throw error;
    }
    snapshot.seal(this.#reader.place);
    return snapshot;
  }

  /** False when it stopped on the way. */
  async #lookAtAll(names: readonly string[], snapshot: FolderSnapshot, work: Wanted): Promise<boolean> {
    for (const name of names) {
      if (loopShare.isOver) {
        await loopShare.next();
        if (!work.isWanted) return false;
      }
      if (isConcealed(name, this.#rules)) continue;
      const looked = this.#reader.look(name);
      this.#note(name, looked instanceof Promise ? await looked : looked, snapshot);
      // Where looking takes its time, no turn of ours is ever over.
      if (looked instanceof Promise && !work.isWanted) return false;
    }
    return true;
  }

  #note(name: string, seen: BigIntStats | null | "unreadable", snapshot: FolderSnapshot): void {
    if (seen === "unreadable") snapshot.unreadable += 1;
    else if (this.#isReplaced(name, seen)) snapshot.unnameable += 1;
    else if (seen === null || !(seen.isFile() || seen.isDirectory())) return;
    else if (ObjectName.ROOT.join([name], this.#rules) instanceof ObjectName) snapshot.add(name, seen, Date.now());
    else snapshot.unnameable += 1;
  }

  /** True for a name that is no UTF-8: nothing has the name as `readdir` spells it, or another entry has it already. */
  #isReplaced(name: string, seen: BigIntStats | null): boolean {
    if (!name.includes(REPLACEMENT)) return false;
    if (seen === null || this.#replaced.has(name)) return true;
    this.#replaced.add(name);
    return false;
  }
}

/** Names that are not mentioned at all, not even in a count. */
function isConcealed(name: string, rules: NameRules): boolean {
  if (!name.startsWith(".")) return false;
  return !rules.hidden || ObjectName.ROOT.join([name], rules) === "missing";
}
