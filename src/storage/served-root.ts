// The served directory: which folder it is now, and what may be served of what the system says lies there.

import { resolve } from "node:path";
import { DescriptorBudget } from "./descriptor-budget.ts";
import type { FileCalls } from "./file-calls.ts";
import { Folder, openFollowing } from "./folder.ts";
import { type NameRules, TEMPORARY_PREFIX } from "./object-name.ts";
import type { Pace } from "./pace.ts";
import { liesIn, segmentsBelow } from "./real-path.ts";
import { systemCode } from "./system-fault.ts";

/** Folders are open for moments only. */
const MOST_OPEN_FOLDERS = 1024;
const LEAST_OPEN_FOLDERS = 8;

/** How the directory is to be found and guarded. */
export interface RootSettings {
  readonly rules: NameRules;
  /** Links may lead out of the directory. */
  readonly followsLinks: boolean;
}

/** The folder of this path, which may come into being later, and may be replaced by another. */
export class ServedRoot {
  /** Absolute: where the process stands later does not matter. */
  readonly path: string;
  readonly #settings: RootSettings;
  /** What open files count against. */
  readonly budget: DescriptorBudget;
  /** What open folders count against: whoever holds a file must still be able to finish it. */
  readonly folders: DescriptorBudget;
  readonly #pace: Pace;
  #folder: Folder | null = null;
  #device = 0n;
  #inode = 0n;
  /** The look at the path that all share who ask in one turn of the loop. */
  #look: Promise<Folder> | null = null;
  #isFresh = false;

  /** `maxOpenFiles`: those of the storage; a quarter as many folders may be open beside them. */
  constructor(path: string, settings: RootSettings, maxOpenFiles: number, pace: Pace) {
    this.path = resolve(path);
    this.#settings = settings;
    this.budget = new DescriptorBudget(maxOpenFiles);
    const folders = Math.floor(maxOpenFiles / 4);
    this.folders = new DescriptorBudget(Math.max(LEAST_OPEN_FOLDERS, Math.min(folders, MOST_OPEN_FOLDERS)));
    this.#pace = pace;
    // Nothing is asked of a file system that may hang before it is known which one it is.
    pace.look(this.path);
  }

  /** The directory as it is now; the caller closes it. Rejects with the system's error when there is none. */
  async open(calls: FileCalls): Promise<Folder> {
    if (this.#isFresh && this.#folder !== null) return this.#folder.share();
    this.#look ??= this.#find(calls).finally(() => {
      this.#look = null;
    });
    return (await this.#look).share();
  }

  /** Links are followed wherever they lead. */
  get followsLinks(): boolean {
    return this.#settings.followsLinks;
  }

  /** The directory's real path, as far as it is known. */
  get realPath(): string {
    return this.#folder?.realPath ?? "";
  }

  /** Looks, now and then, at what is mounted in the directory. */
  lookAtMounts(): void {
    this.#pace.look(this.#settings.followsLinks ? "" : this.realPath);
  }

  /** Makes the directory if need be: a look costs less than an attempt, and others in the turn need it, too. */
  async make(calls: FileCalls): Promise<void> {
    try {
      (await this.open(calls)).close();
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      await calls.mkdirAll(this.path);
    }
  }

  async #find(calls: FileCalls): Promise<Folder> {
    const stats = await calls.stat(this.path);
    if (this.#folder === null || stats.ino !== this.#inode || stats.dev !== this.#device || !this.#folder.isInPlace) {
      const found = await this.#openRoot(calls);
      this.#folder?.close();
      this.#folder = found;
      this.#inode = stats.ino;
      this.#device = stats.dev;
    }
    this.lookAtMounts();
    this.#isFresh = true;
    // Microtasks run between two sockets' events; this comes behind all of them.
    setImmediate(() => {
      this.#isFresh = false;
    });
    return this.#folder;
  }

  /** The path is the owner's own: links in it are followed. */
  async #openRoot(calls: FileCalls): Promise<Folder> {
    this.folders.takeOrThrow();
    try {
      return await openFollowing(calls, this.path, this.folders);
    } catch (error) {
      this.folders.giveBack();
      throw error;
    }
  }

  /** True when what has this real path may be served: it lies inside, and no part of its name is hidden. */
  holds(realPath: string): boolean {
    const { realPath: root } = this;
    if (!liesIn(realPath, root)) return this.#settings.followsLinks;
    const { hidden } = this.#settings.rules;
    return !segmentsBelow(realPath, root).some(
      (segment) => segment.startsWith(TEMPORARY_PREFIX) || (segment.startsWith(".") && !hidden),
    );
  }
}
