// How uploads become visible: all of a group or none, each in one step of the file system, and never against a condition
// that no longer holds. A group is written down before its first step (journal.ts), so that it is finished even if the
// server is killed; when a step fails, those before it are taken back by renaming.

import { join } from "node:path";
import { CommitFolders, type FolderMade } from "./commit-folders.ts";
import { type Coordinator, ifFree, type Usage } from "./coordinator.ts";
import type { Debts } from "./debts.ts";
import { dress } from "./dress.ts";
import { etagOf } from "./entity-tag.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { Hold } from "./hold.ts";
import { Journal, journalEntryOf } from "./journal.ts";
import type { JournalEntry } from "./journal-format.ts";
import { actInRoom, ONE_FILE } from "./ledger.ts";
import { namesOf } from "./locked-names.ts";
import type { NameRules, ObjectName } from "./object-name.ts";
import { type Alone, createExclusively, removeFolderIfEmpty, removeIfOwn, removeQuietly } from "./publish.ts";
import { RollBack } from "./roll-back.ts";
import type { ServedRoot } from "./served-root.ts";
import type { StagedFile } from "./staged-file.ts";
import type { Stored, WriteFault } from "./storage.ts";
import { LeadsOutside, SystemError, systemCode, writeFault } from "./system-fault.ts";
import { candidates, isCreation, judge, lookAtTarget, NO_TARGET, picksName, type Target } from "./target.ts";
import { temporaryName } from "./temporary-name.ts";
import { loopShare } from "./loop-share.ts";
import type { Turns } from "./turns.ts";

/** How files become visible. */
export interface CommitSettings {
  readonly fsync: boolean;
  /** Permission bits of new files; null leaves them to the umask. */
  readonly mode: number | null;
}

/** What all commits of a storage share. */
export interface CommitHouse {
  readonly root: ServedRoot;
  readonly coordinator: Coordinator;
  readonly settings: CommitSettings;
  readonly rules: NameRules;
  readonly debts: Debts;
  /** Of the groups: each needs several folders at a time. */
  readonly turns: Turns;
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
  readonly #rules: NameRules;
  readonly #debts: Debts;
  readonly #turns: Turns;
  readonly #steps = new RollBack();
  /** Older versions, renamed aside until the whole group is visible. */
  readonly #asides: (() => Promise<void>)[] = [];
  readonly #folders: CommitFolders;
  /** The folders whose entries have changed: their segments, joined. */
  readonly #changed = new Map<string, readonly string[]>();
  readonly #inodes = new Set<bigint>();
  #foldersMade = 0;
  #journal: Journal | null = null;

  constructor({ root, coordinator, settings, rules, debts, turns }: CommitHouse, calls: FileCalls) {
    this.#root = root;
    this.#calls = calls;
    this.#coordinator = coordinator;
    this.#settings = settings;
    this.#rules = rules;
    this.#debts = debts;
    this.#turns = turns;
    const made: FolderMade = (file, depth, segment) => this.#noteMade(file, depth, segment);
    this.#folders = new CommitFolders(root, calls, coordinator.ledger, made);
  }

  /** Makes the files visible. After a fault, or a rejection, everything is as before, but for "not-durable". */
  async run(files: readonly StagedFile[]): Promise<readonly Stored[] | WriteFault> {
    const isGroup = files.length > 1;
    const hold = await this.#hold(files);
    const endTurn = isGroup ? await this.#turns.take() : null;
    try {
      const published = await this.#publishOrRollBack(files, hold);
      return typeof published === "string" ? published : await this.#conclude(published).finally(() => hold.end());
    } finally {
      this.#folders.close();
      endTurn?.();
    }
  }

  #hold(files: readonly StagedFile[]): Promise<Hold> {
    const isGroup = files.length > 1;
    const names = files.flatMap((file) => namesOf(file, isGroup));
    if (!isGroup) return Hold.take(this.#coordinator, names);
    const folderPaths = files.map(({ folderPath }) => folderPath);
    return Hold.takeGroup(this.#coordinator, names, folderPaths);
  }

  /** After a fault, or a rejection, the hold ends when all is as before. */
  async #publishOrRollBack(files: readonly StagedFile[], hold: Hold): Promise<readonly Published[] | WriteFault> {
    try {
      const published = await this.#publishAll(files);
      if (typeof published === "string") await this.#rollBack(hold);
      return published;
    } catch (error) {
      await this.#rollBack(hold);
      return isMissing(error) ? "moved" : writeFault(error);
    }
  }

  async #publishAll(files: readonly StagedFile[]): Promise<readonly Published[] | WriteFault> {
    const isGroup = files.length > 1;
    const fault = isGroup ? await this.#prepare(files) : null;
    if (fault !== null) return fault;
    const published: Published[] = [];
    for (const file of files) {
      const result = await this.#publish(file, isGroup);
      if (typeof result === "string") return result;
      published.push(result);
      if (loopShare.isOver) await loopShare.next();
    }
    return published;
  }

  /** Nothing can be taken back any more. */
  async #conclude(published: readonly Published[]): Promise<readonly Stored[] | WriteFault> {
    const isDurable = !this.#settings.fsync || (await this.#folders.sync(this.#changed.values()));
    for (const remove of this.#asides) {
      await remove().catch(() => void this.#debts.add(remove));
      if (loopShare.isOver) await loopShare.next();
    }
    await this.#endJournal();
    let folders = this.#foldersMade;
    for (const { file, change } of published) {
      await file.published({ bytes: change.bytes, files: change.files + folders });
      folders = 0;
    }
    return isDurable ? published.map(({ name, isNew, etag }) => ({ name, isNew, etag })) : "not-durable";
  }

  /** Whoever finds one that stays does once more what was done, which changes nothing. */
  async #endJournal(): Promise<void> {
    const journal = this.#journal;
    if (journal === null || (await journal.remove())) return;
    const remove = async (): Promise<void> => {
      if (!(await journal.remove())) throw new SystemError("EBUSY", "the journal stays");
    };
    void this.#debts.add(remove).then(() => journal.leave());
  }

  async #rollBack(hold: Hold): Promise<void> {
    // They may be the last that this process could have open.
    this.#folders.close();
    const ground = { root: this.#root, rules: this.#rules, coordinator: this.#coordinator };
    await this.#steps.run(this.#journal, hold, ground, this.#debts);
  }

  /** Finds what can be found before the first step, and writes the steps down. */
  async #prepare(files: readonly StagedFile[]): Promise<WriteFault | null> {
    const entries: JournalEntry[] = [];
    for (const file of files) {
      const target = await this.#lookBefore(file);
      const fault = judge(file.plan, target);
      if (fault !== null) return fault;
      entries.push(journalEntryOf(file, target));
      if (loopShare.isOver) await loopShare.next();
    }
    this.#journal = await this.#writeJournal(files[0]!, entries);
    return null;
  }

  /** In the served directory itself, where the next start looks first; beside the files where nobody may write there. */
  async #writeJournal(first: StagedFile, entries: readonly JournalEntry[]): Promise<Journal | null> {
    const write = (open: () => Promise<Folder>): Promise<Journal | null> =>
      actInRoom(this.#coordinator.ledger, ONE_FILE, async () =>
        Journal.write(await open(), this.#calls, entries, this.#settings.fsync),
      );
    try {
      return await write(() => this.#root.open(this.#calls));
    } catch (error) {
      if (writeFault(error) !== "not-allowed") throw error;
      return write(() => first.openFolder());
    }
  }

  /** Rejects when the folder was moved before it was held: whoever finished the group would not find it. */
  async #lookBefore(file: StagedFile): Promise<Target> {
    const staging = await this.#folders.staging(file);
    if (file.missing.length > 0) return NO_TARGET;
    return lookAtTarget(this.#root, this.#calls, staging, file.name);
  }

  async #publish(file: StagedFile, isGroup: boolean): Promise<Published | WriteFault> {
    // Shared, since the folders that are made on the way may push it out of memory.
    const staging = (await this.#folders.staging(file)).share();
    try {
      return await this.#publishFrom(staging, file, isGroup);
    } finally {
      staging.close();
    }
  }

  async #publishFrom(staging: Folder, file: StagedFile, isGroup: boolean): Promise<Published | WriteFault> {
    const folder = await this.#folders.enter(file, staging);
    const target = await lookAtTarget(this.#root, this.#calls, folder, file.name);
    const isOurs = target.own !== null && this.#inodes.has(target.own.ino);
    if (isOurs && !picksName(file.plan.onExisting)) return "twice";
    const fault = judge(file.plan, target);
    if (fault !== null) return fault;
    const staged = await file.reopen(staging);
    if (staged === null) return "disturbed";
    const { onExisting } = file.plan;
    const mustBeNew = isCreation(file.plan, target);
    const before = mustBeNew ? NO_TARGET : target;
    await dress(this.#calls, staged, folder.at(file.name.base), before, this.#settings);
    this.#note(file.name.parent.segments);
    const temporary = staging.at(file.temporary);
    const name = mustBeNew ? await this.#create(file, temporary, folder) : file.name;
    if (name === null) return onExisting === "replace" ? "precondition" : "exists";
    if (!mustBeNew) await this.#replace(file, temporary, folder, target, isGroup);
    this.#inodes.add(file.inode);
    return this.#published(file, folder, name, before, isGroup);
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

  #noteMade(file: StagedFile, depth: number, segment: string): void {
    this.#foldersMade += 1;
    this.#note(file.name.segments.slice(0, file.folderSegments.length + depth));
    const act = (folder: Folder): Promise<void> => removeFolderIfEmpty(this.#calls, folder.at(segment));
    this.#steps.add(() => this.#folders.reach(file, depth, act));
  }

  #note(segments: readonly string[]): void {
    if (this.#settings.fsync) this.#changed.set(segments.join("/"), segments);
  }

  /** Gives the file a name that nothing has; null when there is none. */
  async #create(file: StagedFile, temporary: string, folder: Folder): Promise<ObjectName | null> {
    const { onExisting } = file.plan;
    for (const name of candidates({ onExisting, name: file.name }, file.temporary)) {
      // The name that was asked for is locked; one that is picked is not.
      const alone: Alone = (act) =>
        name.base === file.name.base ? act() : ifFree(this.#coordinator, join(folder.realPath, name.base), act);
      if (!(await createExclusively(this.#calls, temporary, folder.at(name.base), alone))) continue;
      this.#undoCreation(file, name);
      return name;
    }
    return null;
  }

  #undoCreation(file: StagedFile, { base }: ObjectName): void {
    const act = (folder: Folder): Promise<void> => removeIfOwn(this.#calls, folder.at(base), file.inode);
    this.#steps.add(() => this.#folders.reach(file, file.missing.length, act));
  }

  async #replace(file: StagedFile, temporary: string, folder: Folder, target: Target, isGroup: boolean): Promise<void> {
    const { base } = file.name;
    const path = folder.at(base);
    if (target.own !== null && isGroup) {
      await this.#setAside(file, folder, target);
      await this.#calls.rename(temporary, path);
      return;
    }
    if (target.own === null) this.#undoCreation(file, file.name);
    await removeQuietly(this.#calls, path, target.usage.bytes, () => this.#calls.rename(temporary, path));
  }

  /** Renamed, never copied: what the name leads to is not touched. */
  async #setAside(file: StagedFile, folder: Folder, target: Target): Promise<void> {
    const { base } = file.name;
    const calls = this.#calls;
    const depth = file.missing.length;
    const aside = this.#journal?.asideOf(file.temporary) ?? temporaryName();
    await calls.rename(folder.at(base), folder.at(aside));
    this.#steps.add(() => this.#folders.reach(file, depth, (there) => calls.rename(there.at(aside), there.at(base))));
    const remove = (there: Folder): Promise<void> => removeQuietly(calls, there.at(aside), target.usage.bytes);
    this.#asides.push(() => this.#folders.reach(file, depth, remove));
  }
}

/** What was there when the upload began is there no more. */
function isMissing(error: unknown): boolean {
  return systemCode(error) === "ENOENT" && !(error instanceof LeadsOutside);
}
