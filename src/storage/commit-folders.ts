// The folders of one commit: those that hold the temporary files, and those of the targets, which are made if need be. One
// request may hold but few of them, so they are kept while they are near, and found again later.

import { join } from "node:path";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { actInRoom, type Ledger, ONE_FILE } from "./ledger.ts";
import { enterOrMake } from "./place.ts";
import { syncFolder } from "./publish.ts";
import type { ServedRoot } from "./served-root.ts";
import type { StagedFile } from "./staged-file.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { walk } from "./way.ts";

/** Two for each file, and some for the next ones. */
const MOST_FOLDERS = 8;
/** Of those that the process may have open: others need some, too. */
const SHARE_OF_FOLDERS = 8;

/** Hears of each folder that was made: so many levels below that of the temporary file. */
export type FolderMade = (file: StagedFile, depth: number, segment: string) => void;

/** Opened for one commit; `close` ends it. */
export class CommitFolders {
  readonly #root: ServedRoot;
  readonly #calls: FileCalls;
  readonly #ledger: Ledger | null;
  readonly #made: FolderMade;
  readonly #most: number;
  /** Those that were entered last, by their path. */
  readonly #folders = new Map<string, Folder>();

  constructor(root: ServedRoot, calls: FileCalls, ledger: Ledger | null, made: FolderMade) {
    this.#root = root;
    this.#ledger = ledger;
    this.#calls = calls;
    this.#made = made;
    this.#most = Math.max(1, Math.min(MOST_FOLDERS, Math.floor(root.folders.most / SHARE_OF_FOLDERS)));
  }

  /** The folder that the temporary file is in; it may be used until the next folder is asked for. */
  async staging(file: StagedFile): Promise<Folder> {
    return this.#remember(file.folderPath, await file.openFolder());
  }

  /** The folder of the target. Those on the way that are missing are made one by one, each in the one before. */
  async enter(file: StagedFile, staging: Folder): Promise<Folder> {
    let folder = staging;
    for (const [depth, segment] of file.missing.entries()) {
      const path = join(folder.realPath, segment);
      const above = file.name.segments.slice(0, file.folderSegments.length + depth);
      const made = (): void => this.#made(file, depth, segment);
      folder = this.#folders.get(path) ?? this.#remember(path, await this.#enterOne(folder, above, segment, made));
    }
    return folder;
  }

  async #enterOne(parent: Folder, above: readonly string[], segment: string, made: () => void): Promise<Folder> {
    try {
      const enter = (): Promise<Folder> => enterOrMake(this.#root, this.#calls, parent, segment, made);
      return await actInRoom(this.#ledger, ONE_FILE, enter);
    } catch (error) {
      if (systemCode(error) !== "ENOTDIR") throw error;
      // Somebody has put a link there meanwhile: it is followed like all others.
      return walk(this.#root, this.#calls, [...above, segment], null);
    }
  }

  /** Takes the folder over. */
  #remember(path: string, folder: Folder): Folder {
    this.#folders.get(path)?.close();
    this.#folders.delete(path);
    this.#folders.set(path, folder);
    for (const [oldest, each] of this.#folders) {
      if (this.#folders.size <= this.#most) break;
      this.#folders.delete(oldest);
      each.close();
    }
    return folder;
  }

  /** Acts in the folder so far below that of the temporary file, wherever somebody has moved that meanwhile. */
  async reach(file: StagedFile, depth: number, act: (folder: Folder) => Promise<void> | void): Promise<void> {
    let folder = await file.reachFolder();
    try {
      for (const segment of file.missing.slice(0, depth)) {
        const next = await enterOrMake(this.#root, this.#calls, folder, segment, () => {});
        folder.close();
        folder = next;
      }
      await act(folder);
    } finally {
      folder.close();
    }
  }

  /** Puts the entries of these folders on the disk; false when the system did not say that they are there. */
  async sync(changed: Iterable<readonly string[]>): Promise<boolean> {
    let isDurable = true;
    for (const segments of changed) {
      try {
        const folder = await walk(this.#root, this.#calls, segments, null);
        isDurable &&= await syncFolder(this.#calls, folder).finally(() => folder.close());
      } catch (error) {
        writeFault(error);
        isDurable = false;
      }
    }
    return isDurable;
  }

  close(): void {
    for (const folder of this.#folders.values()) folder.close();
    this.#folders.clear();
  }
}
