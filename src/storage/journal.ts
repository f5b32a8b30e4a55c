// What a group is about to do, written down before its first step beside its files: whoever finds it after a crash
// finishes the group, or takes it back (recovery.ts). It becomes valid in one step, by getting its name.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { isJournal, JOURNAL_MODE, JOURNAL_TOUCH_MS, type JournalEntry, REDO, UNDO } from "./journal-format.ts";
import { syncFolder } from "./publish.ts";
import { recover, type RecoveryGround } from "./recovery.ts";
import type { StagedFile } from "./staged-file.ts";
import { SystemError, systemCode } from "./system-fault.ts";
import { isCreation, lstatIfAny, picksName, type Target } from "./target.ts";
import { temporaryName } from "./temporary-name.ts";
import { stampVersion } from "./version-time.ts";

const { O_WRONLY, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const TOUCH_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** The journal of one group; touched now and then until its end, since others take an old one for a killed server's. */
export class Journal {
  readonly #folder: Folder;
  readonly #calls: FileCalls;
  readonly #entries: ReadonlyMap<string, JournalEntry>;
  readonly #base: string;
  #ending = REDO;
  #heartbeat: Timer | null = null;

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
      if (isWritten) journal.#heartbeat = setInterval(() => void journal.#touch(), JOURNAL_TOUCH_MS).unref();
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

  /** From now on the group is to be taken back. Rejects with the system's error: then a crash would still finish it. */
  async turnBack(): Promise<void> {
    if (this.#ending === UNDO) return;
    await this.#calls.rename(this.#at(REDO), this.#at(UNDO));
    this.#ending = UNDO;
  }

  /** All steps are done; the last call if it resolves with true. Never rejects. */
  async remove(): Promise<boolean> {
    try {
      await this.#calls.unlink(this.#at(this.#ending));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") return false;
    }
    this.leave();
    return true;
  }

  /**
   * Takes the group back, as after a crash, whatever the journal says by now: the group was refused. Rejects while that
   * cannot be done; `leave` is still to be called when it resolves.
   */
  async takeBack(ground: RecoveryGround): Promise<void> {
    // A rename that was reported as failed may have been done all the same.
    if ((await lstatIfAny(this.#calls, this.#at(UNDO))) !== null) this.#ending = UNDO;
    // Somebody else, to whom this server seemed to be gone, has done what it said.
    if ((await lstatIfAny(this.#calls, this.#at(this.#ending))) === null) return;
    await this.turnBack();
    await recover(ground, this.#calls, this.#folder, this.#base + this.#ending);
  }

  /** What it says is done, or left to others. The last call; only the first counts. */
  leave(): void {
    if (this.#heartbeat === null) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    this.#folder.close();
  }

  #at(ending: string): string {
    return this.#folder.at(this.#base + ending);
  }

  /** Shows that somebody works on it. Never rejects. */
  async #touch(): Promise<void> {
    const calls = this.#calls;
    const folder = this.#folder.share();
    try {
      const descriptor = await calls.open(this.#at(this.#ending), TOUCH_FLAGS);
      try {
        await stampVersion(calls, descriptor, 0n);
      } finally {
        await calls.close(descriptor);
      }
    } catch {
      // It is gone, or the next touch comes in time.
    } finally {
      folder.close();
    }
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
