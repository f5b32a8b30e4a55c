// How uploads become visible: all of a group or none, each in one step of the file system, and never against a condition
// that no longer holds. A group is written down before its first step (journal.ts), so that it is finished even if the
// server is killed; when a step fails, those before it are taken back by renaming.

import { join } from "node:path";
import type { Coordinator, Release, Usage } from "./coordinator.ts";
import { dress } from "./dress.ts";
import { etagOf } from "./entity-tag.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import type { ObjectName } from "./object-name.ts";
import { enterOrMake } from "./place.ts";
import { createExclusively, removeFolderIfEmpty, removeIfOwn, removeQuietly, syncFolder } from "./publish.ts";
import type { ServedRoot } from "./served-root.ts";
import type { StagedFile } from "./staged-file.ts";
import type { Stored, WriteFault } from "./storage.ts";
import { writeFault } from "./system-fault.ts";
import { candidates, judge, lookAtTarget, NO_TARGET, type Target } from "./target.ts";
import { temporaryName } from "./temporary-name.ts";
import { Turns } from "./turns.ts";

/** How files become visible. */
export interface CommitSettings {
  readonly fsync: boolean;
  /** Permission bits of new files; null leaves them to the umask. */
  readonly mode: number | null;
}

/** A file that is visible. */
interface Published extends Stored {
  readonly file: StagedFile;
  readonly change: Usage;
}

/** One commit of one or more finished files. */
export class Transaction {
  readonly #root: ServedRoot;
  readonly #calls: FileCalls;
  readonly #coordinator: Coordinator;
  readonly #settings: CommitSettings;
  readonly #turns = new Turns();
  /** Takes back the steps that were made, the last first. */
  readonly #undo: (() => Promise<void>)[] = [];
  /** Older versions, renamed aside until the whole group is visible. */
  readonly #asides: (() => Promise<void>)[] = [];
  /** Folders that were entered or made, by their place. */
  readonly #folders = new Map<string, Folder>();
  readonly #changed = new Set<Folder>();
  readonly #inodes = new Set<bigint>();
  #foldersMade = 0;
  #journal: Journal | null = null;

  constructor(root: ServedRoot, calls: FileCalls, coordinator: Coordinator, settings: CommitSettings) {
    this.#root = root;
    this.#calls = calls;
    this.#coordinator = coordinator;
    this.#settings = settings;
  }

  /** Makes the files visible. After a fault, or a rejection, everything is as before, but for "not-durable". */
  async run(files: readonly StagedFile[]): Promise<readonly Stored[] | WriteFault> {
    const isGroup = files.length > 1;
    const release = await this.#coordinator.lock(files.flatMap((file) => namesOf(file, isGroup)));
    if (isGroup) this.#coordinator.beginGroup();
    try {
      return await this.#publishAll(files, isGroup);
    } finally {
      for (const folder of this.#folders.values()) folder.close();
      this.#end(isGroup, release);
    }
  }

  #end(isGroup: boolean, release: Release): void {
    if (isGroup) this.#coordinator.endGroup();
    release();
  }

  async #publishAll(files: readonly StagedFile[], isGroup: boolean): Promise<readonly Stored[] | WriteFault> {
    const published: Published[] = [];
    try {
      const fault = isGroup ? await this.#prepare(files) : null;
      if (fault !== null) return fault;
      for (const file of files) {
        const result = await this.#publish(file, isGroup);
        if (typeof result === "string") {
          await this.#rollBack();
          return result;
        }
        published.push(result);
        if (this.#turns.isOver) await this.#turns.yield();
      }
    } catch (error) {
      await this.#rollBack();
      return writeFault(error);
    }
    return this.#conclude(published);
  }

  /** Nothing can be taken back any more. */
  async #conclude(published: readonly Published[]): Promise<readonly Stored[] | WriteFault> {
    const isDurable = !this.#settings.fsync || (await this.#syncFolders());
    for (const remove of this.#asides) {
      await remove();
      if (this.#turns.isOver) await this.#turns.yield();
    }
    await this.#journal?.remove();
    let folders = this.#foldersMade;
    for (const { file, change } of published) {
      await file.published({ bytes: change.bytes, files: change.files + folders });
      folders = 0;
    }
    return isDurable ? published.map(({ name, isNew, etag }) => ({ name, isNew, etag })) : "not-durable";
  }

  async #rollBack(): Promise<void> {
    let isWhole = true;
    if (this.#undo.length > 0) await this.#journal?.turnBack();
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch {
        isWhole = false;
      }
    }
    // What could not be taken back now, the sweep will try again.
    if (isWhole) await this.#journal?.remove();
  }

  /** Finds what can be found before the first step, and writes the steps down. */
  async #prepare(files: readonly StagedFile[]): Promise<WriteFault | null> {
    const entries: JournalEntry[] = [];
    for (const file of files) {
      const target = await this.#lookBefore(file);
      const fault = judge(file.plan, target);
      if (fault !== null) return fault;
      const aside = target.own === null ? null : temporaryName();
      entries.push({
        folder: file.name.parent.segments.slice(0, file.name.parent.segments.length - file.missing.length),
        temporary: file.temporary,
        inode: String(file.inode),
        target: file.name.segments,
        replaces: target.own === null ? null : String(target.own.ino),
        aside,
      });
      if (this.#turns.isOver) await this.#turns.yield();
    }
    this.#journal = await this.#writeJournal(files[0]!.folder, entries);
    return null;
  }

  /** In the served directory itself, where the next start looks first; beside the files where nobody may write there. */
  async #writeJournal(beside: Folder, entries: readonly JournalEntry[]): Promise<Journal | null> {
    const root = await this.#root.open(this.#calls);
    this.#folders.set("", root);
    const { fsync } = this.#settings;
    try {
      return await Journal.write(root, this.#calls, entries, fsync);
    } catch (error) {
      if (writeFault(error) !== "not-allowed") throw error;
      return Journal.write(beside, this.#calls, entries, fsync);
    }
  }

  async #lookBefore(file: StagedFile): Promise<Target> {
    if (file.missing.length > 0) return NO_TARGET;
    return lookAtTarget(this.#root, this.#calls, file.folder, file.name);
  }

  async #publish(file: StagedFile, isGroup: boolean): Promise<Published | WriteFault> {
    if (!file.folder.isInPlace) return "moved";
    const folder = await this.#enter(file);
    const target = await lookAtTarget(this.#root, this.#calls, folder, file.name);
    if (target.own !== null && this.#inodes.has(target.own.ino)) return "twice";
    const fault = judge(file.plan, target);
    if (fault !== null) return fault;
    const descriptor = await file.reopen();
    if (descriptor === null) return "disturbed";
    await dress(this.#calls, descriptor, folder.at(file.name.base), target, this.#settings);
    this.#changed.add(folder);
    // What must not be there yet is created by `link`, which every process on the folder has to respect.
    const { onExisting, condition } = file.plan;
    const mustBeNew = onExisting !== "replace" || (condition !== null && target.entry === null);
    const name = mustBeNew ? await this.#create(file, folder) : file.name;
    if (name === null) return onExisting === "replace" ? "precondition" : "exists";
    if (!mustBeNew) await this.#replace(file, folder, target, isGroup);
    this.#inodes.add(file.inode);
    return this.#published(file, folder, name, mustBeNew ? NO_TARGET : target, isGroup);
  }

  /** The tag is taken now: getting its name changes a file's times. */
  async #published(
    file: StagedFile,
    folder: Folder,
    name: ObjectName,
    before: Target,
    isGroup: boolean,
  ): Promise<Published | WriteFault> {
    const stats = await this.#calls.lstat(folder.at(name.base));
    if (stats.ino !== file.inode) return "disturbed";
    if (isGroup) await file.rest();
    const change = { bytes: file.size - before.usage.bytes, files: 1 - before.usage.files };
    return { file, name, isNew: before.entry === null, etag: etagOf(stats, Date.now()), change };
  }

  /** The folder of the target. Those on the way that are missing are made one by one, each in the one before. */
  async #enter(file: StagedFile): Promise<Folder> {
    let folder = file.folder;
    for (const segment of file.missing) {
      const path = join(folder.realPath, segment);
      const parent = folder;
      folder = this.#folders.get(path) ?? (await this.#make(parent, segment));
      this.#folders.set(path, folder);
    }
    return folder;
  }

  #make(parent: Folder, segment: string): Promise<Folder> {
    return enterOrMake(this.#root, this.#calls, parent, segment, () => {
      this.#foldersMade += 1;
      this.#changed.add(parent);
      // A folder that somebody has put something into meanwhile stays.
      this.#undo.push(async () => removeFolderIfEmpty(this.#calls, parent.at(segment)));
    });
  }

  /** Gives the file a name that nothing has; null when there is none. */
  async #create(file: StagedFile, folder: Folder): Promise<ObjectName | null> {
    for (const name of candidates({ ...file.plan, name: file.name })) {
      const path = folder.at(name.base);
      if (!(await createExclusively(this.#calls, file.folder.at(file.temporary), path))) continue;
      this.#undo.push(() => removeIfOwn(this.#calls, path, file.inode));
      return name;
    }
    return null;
  }

  async #replace(file: StagedFile, folder: Folder, target: Target, isGroup: boolean): Promise<void> {
    const path = folder.at(file.name.base);
    if (target.own !== null && isGroup) {
      const aside = folder.at(this.#journal?.asideOf(file.temporary) ?? temporaryName());
      await this.#calls.rename(path, aside);
      this.#undo.push(async () => this.#calls.rename(aside, path));
      this.#asides.push(() => removeQuietly(this.#calls, aside, target.usage.bytes));
      await this.#calls.rename(file.folder.at(file.temporary), path);
      return;
    }
    if (target.own === null) this.#undo.push(() => removeIfOwn(this.#calls, path, file.inode));
    await removeQuietly(this.#calls, path, target.usage.bytes, () =>
      this.#calls.rename(file.folder.at(file.temporary), path),
    );
  }

  /** False when the system did not say that the entries of some folder are on the disk. */
  async #syncFolders(): Promise<boolean> {
    for (const folder of this.#changed) if (!(await syncFolder(this.#calls, folder))) return false;
    return true;
  }
}

/**
 * What a writer locks: the same for all names that lead to one place through links. Of a group also the folders that it
 * makes, and the lists that it changes: their readers wait for these names.
 */
function namesOf(file: StagedFile, isGroup: boolean): readonly string[] {
  const { folder, missing, name } = file;
  const path = join(folder.realPath, ...missing, name.base);
  if (!isGroup) return [path];
  const folders = missing.map((_, depth) => join(folder.realPath, ...missing.slice(0, depth + 1)));
  return [path, ...folders, listOf(folder.realPath), ...folders.map(listOf)];
}

/** What stands for the list of a folder among the names that are locked. */
export function listOf(realPath: string): string {
  return realPath + "/";
}
