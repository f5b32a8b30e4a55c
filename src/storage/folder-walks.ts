// Who asks for a folder's list gets one that began after the question came, and shares it: there is one walk for each
// folder at a time, few at once, and what they found is held once for all who need it.

import { EntryBudget } from "./entry-budget.ts";
import type { FolderSnapshot } from "./folder-snapshot.ts";
import { type FolderReader, FolderWalk } from "./folder-walk.ts";
import type { NameRules } from "./object-name.ts";
import { SharedWork, type WaitingClient } from "./shared-work.ts";
import type { ListFault } from "./storage.ts";
import { readFault } from "./system-fault.ts";

/** How much may be done and held at once. */
export interface WalkLimits {
  /** Folders that are walked at once. */
  readonly walks: number;
  /** Walks that wait for their beginning. */
  readonly waiting: number;
  /** Entries that all snapshots hold together. */
  readonly entries: number;
}

/** About 64 MiB of entries, and less than a second of waiting where a walk takes 50 ms. */
export const WALK_LIMITS: WalkLimits = { walks: 4, waiting: 64, entries: 400_000 };

type Outcome = FolderSnapshot | ListFault;

/** A walk that has not begun. */
class PendingWalk extends SharedWork<Outcome> {
  readonly folder: FolderState;
  readonly reader: FolderReader;

  constructor(folder: FolderState, reader: FolderReader) {
    super();
    this.folder = folder;
    this.reader = reader;
  }
}

/** A folder that somebody waits for, or holds a snapshot of. */
interface FolderState {
  readonly key: string;
  isWalked: boolean;
  /** The walk that those wait for who come now. */
  next: PendingWalk | null;
  /** The last snapshot, while somebody holds it. */
  latest: FolderSnapshot | null;
}

/** All walks of a storage. */
export class FolderWalks {
  readonly #rules: NameRules;
  readonly #limits: WalkLimits;
  readonly #budget: EntryBudget;
  readonly #folders = new Map<string, FolderState>();
  /** In the order in which they were asked for. */
  readonly #pending = new Set<PendingWalk>();
  #running = 0;

  constructor(rules: NameRules, limits: WalkLimits = WALK_LIMITS) {
    this.#rules = rules;
    this.#limits = limits;
    this.#budget = new EntryBudget(limits.entries);
  }

  /** Entries that are held now. */
  get heldEntries(): number {
    return this.#budget.held;
  }

  /** What the folder of this key holds; closed by the caller, also when it has left. */
  list(key: string, reader: FolderReader, client: WaitingClient): Promise<Outcome> {
    const folder = this.#folders.get(key) ?? { key, isWalked: false, next: null, latest: null };
    folder.next ??= this.#line(folder, reader);
    if (folder.next === null) return Promise.resolve("busy");
    const outcome = folder.next.join(client);
    this.#startWaiting();
    return outcome;
  }

  /** A place in the line; null when it is full of walks that somebody waits for. */
  #line(folder: FolderState, reader: FolderReader): PendingWalk | null {
    if (this.#pending.size >= this.#limits.waiting) this.#dropUnwanted();
    if (this.#pending.size >= this.#limits.waiting) return null;
    const walk = new PendingWalk(folder, reader);
    this.#folders.set(folder.key, folder);
    this.#pending.add(walk);
    return walk;
  }

  #dropUnwanted(): void {
    for (const walk of this.#pending) if (!walk.isWanted) this.#drop(walk);
  }

  #drop(walk: PendingWalk): void {
    this.#leaveLine(walk);
    walk.resolve("abandoned");
    this.#forget(walk.folder);
  }

  #leaveLine(walk: PendingWalk): void {
    this.#pending.delete(walk);
    walk.folder.next = null;
  }

  #startWaiting(): void {
    for (const walk of this.#pending) {
      if (this.#running >= this.#limits.walks) return;
      if (walk.folder.isWalked) continue;
      if (walk.isWanted) void this.#run(walk);
      else this.#drop(walk);
    }
  }

  async #run(walk: PendingWalk): Promise<void> {
    const { folder } = walk;
    this.#leaveLine(walk);
    this.#running += 1;
    folder.isWalked = true;
    try {
      const outcome = await this.#walk(walk);
      walk.resolve(typeof outcome === "string" ? outcome : this.#share(folder, outcome, walk.joined));
    } catch (error) {
      walk.reject(error);
    } finally {
      this.#running -= 1;
      folder.isWalked = false;
      this.#forget(folder);
      this.#startWaiting();
    }
  }

  async #walk(walk: PendingWalk): Promise<Outcome> {
    try {
      return await new FolderWalk(walk.reader, this.#rules).run(walk, this.#budget, () => this.#released(walk.folder));
    } catch (error) {
      return readFault(error);
    }
  }

  /** Gives the snapshot to so many, or the one before, which others hold, when nothing is different in it. */
  #share(folder: FolderState, found: FolderSnapshot, holders: number): FolderSnapshot {
    const { latest } = folder;
    const shared = latest?.fingerprint === found.fingerprint ? latest : found;
    shared.hold(holders);
    if (shared !== found) {
      found.hold(1);
      found.close();
    }
    folder.latest = shared;
    return shared;
  }

  #released(folder: FolderState): void {
    if (folder.latest?.isHeld !== true) folder.latest = null;
    this.#forget(folder);
  }

  #forget(folder: FolderState): void {
    if (!folder.isWalked && folder.next === null && folder.latest === null) this.#folders.delete(folder.key);
  }
}
