// What a group is about to do, written down before its first step beside its files: whoever finds it after a crash
// finishes the group, or takes it back (recovery.ts). It becomes valid in one step, by getting its name.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { isJournal, JOURNAL_MODE, type JournalEntry, REDO, UNDO } from "./journal-format.ts";
import type { NameRules } from "./object-name.ts";
import { syncFolder } from "./publish.ts";
import { recover } from "./recovery.ts";
import type { ServedRoot } from "./served-root.ts";
import type { StagedFile } from "./staged-file.ts";
import { SystemError, systemCode } from "./system-fault.ts";
import { isCreation, picksName, type Target } from "./target.ts";
import { temporaryName } from "./temporary-name.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** The journal of one group. */
export class Journal {
  readonly #folder: Folder;
  readonly #calls: FileCalls;
  readonly #entries: ReadonlyMap<string, JournalEntry>;
  readonly #base: string;
  #ending = REDO;

  private constructor(folder: Folder, calls: FileCalls, base: string, entries: readonly JournalEntry[]) {
    this.#folder = folder;
    this.#calls = calls;
    this.#base = base;
    this.#entries = new Map(entries.map((entry) => [entry.temporary, entry]));
  }

  /**
   * Writes it into this folder, which it takes over in any case; with `isDurable` it is on the disk when this
   * resolves. Null where files cannot be marked: there a group is whole only as long as the server lives. Rejects with
   * the system's error.
   */
  static async write(
    folder: Folder,
    calls: FileCalls,
    entries: readonly JournalEntry[],
    isDurable: boolean,
  ): Promise<Journal | null> {
    const journal = new Journal(folder, calls, temporaryName(), entries);
    let isWritten = false;
    try {
      isWritten = await journal.#write(JSON.stringify(entries), isDurable);
      return isWritten ? journal : null;
    } finally {
      if (!isWritten) folder.close();
    }
  }

  /** False where files cannot be marked; then, and when this rejects, nothing is left of it. */
  async #write(text: string, isDurable: boolean): Promise<boolean> {
    const calls = this.#calls;
    const draft = this.#folder.at(this.#base);
    const descriptor = await calls.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await mark(calls, descriptor);
      await calls.writeAll(descriptor, Buffer.from(text));
      if (isDurable) await calls.fsync(descriptor);
      const isMarked = isJournal(await calls.fstat(descriptor));
      if (isMarked) await calls.rename(draft, draft + REDO);
      else await calls.unlink(draft);
      if (isMarked && isDurable && !(await syncFolder(calls, this.#folder)))
        throw new SystemError("EIO", "the journal is not on the disk");
      return isMarked;
    } catch (error) {
      await tryToUnlink(calls, draft);
      await tryToUnlink(calls, draft + REDO);
      throw error;
    } finally {
      await calls.close(descriptor);
    }
  }

  /** The name under which the version is kept that this temporary file replaces. */
  asideOf(temporary: string): string | null {
    return this.#entries.get(temporary)?.aside ?? null;
  }

  /** From now on the group is to be taken back. Never rejects: where that fails, a crash from now on would finish it. */
  async turnBack(): Promise<void> {
    try {
      await this.#calls.rename(this.#folder.at(this.#base + REDO), this.#folder.at(this.#base + UNDO));
      this.#ending = UNDO;
    } catch {
      // Taking back goes on all the same.
    }
  }

  /** All steps are done; the last call. Never rejects: what stays is done once more, which changes nothing. */
  async remove(): Promise<void> {
    await tryToUnlink(this.#calls, this.#folder.at(this.#base + this.#ending));
    this.#folder.close();
  }

  /** Does what it says, as after a crash. Rejects while that cannot be done; the last call when it resolves. */
  async recover(root: ServedRoot, rules: NameRules): Promise<void> {
    await recover(root, this.#calls, rules, this.#folder, this.#base + this.#ending);
    this.#folder.close();
  }
}

/** Only what will be replaced is written down as such: whoever finishes the group replaces nothing else. */
export function journalEntryOf(file: StagedFile, target: Target): JournalEntry {
  const replaced = isCreation(file.plan, target) ? null : target.own;
  return {
    folder: file.folderSegments,
    temporary: file.temporary,
    inode: String(file.inode),
    target: file.name.segments,
    picksName: picksName(file.plan.onExisting),
    replaces: replaced === null ? null : String(replaced.ino),
    aside: replaced === null ? null : temporaryName(),
  };
}

/** Where modes may not be set there is no mark, as a look at the file tells. */
async function mark(calls: FileCalls, descriptor: number): Promise<void> {
  try {
    await calls.fchmod(descriptor, JOURNAL_MODE);
  } catch (error) {
    if (systemCode(error) === "") throw error;
  }
}

async function tryToUnlink(calls: FileCalls, path: string): Promise<void> {
  try {
    await calls.unlink(path);
  } catch {
    // The sweep comes after it.
  }
}
