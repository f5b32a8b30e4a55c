// The folders that hold uploads under way: kept open, so that the temporary files can be reached wherever somebody moves
// the folder meanwhile. All uploads to one folder share it.

import type { Folder } from "./folder.ts";

/** A folder on the shelf. */
export interface HeldFolder {
  readonly folder: Folder;
  holders: number;
}

/** Bounded: past its size folders are not kept, and are looked for again when they are needed. */
export class FolderShelf {
  readonly #most: number;
  /** Two may have had one path: the older one was moved away since. */
  readonly #held = new Set<HeldFolder>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps this folder, which stays the caller's; what it gives is put back once. Null when there is no room. */
  hold(folder: Folder): HeldFolder | null {
    for (const held of this.#held) {
      if (held.folder.realPath !== folder.realPath || !held.folder.isInPlace) continue;
      held.holders += 1;
      return held;
    }
    if (this.#held.size >= this.#most) return null;
    const held = { folder: folder.share(), holders: 1 };
    this.#held.add(held);
    return held;
  }

  /** One who held it holds it no longer. */
  putBack(held: HeldFolder): void {
    held.holders -= 1;
    if (held.holders > 0) return;
    this.#held.delete(held);
    held.folder.close();
  }
}
