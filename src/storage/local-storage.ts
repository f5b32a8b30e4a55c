// A directory of this machine. Nothing outside it is ever read or written, whatever links lead there, and whoever renames
// what meanwhile.

import type { MaybePromise } from "../http/byte-source.ts";
import { CallQueue, countThreads } from "./call-queue.ts";
import type { Coordinator, Usage } from "./coordinator.ts";
import { Debts } from "./debts.ts";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import { entryOf } from "./entry.ts";
import { FileCalls, lstatAtOnce } from "./file-calls.ts";
import { LocalFolderReader } from "./folder-list.ts";
import { FoldersInPlace, isGone } from "./folders-in-place.ts";
import { type GroupGate, gateOf } from "./group-gate.ts";
import { FolderShelf } from "./folder-shelf.ts";
import { FolderWalks } from "./folder-walks.ts";
import { isBeingWritten, readBeginning } from "./growing-file.ts";
import { ReadNotes } from "./ledger.ts";
import { foldersOf } from "./locked-names.ts";
import { LocalUpload, type UploadHouse, type UploadSettings } from "./local-upload.ts";
import { discardFile, makeFolder, removeName } from "./name-changes.ts";
import { moveName } from "./name-move.ts";
import { type NameRules, ObjectName } from "./object-name.ts";
import { LocalFile, LocalVersion, openLookedAt, openPatiently } from "./opened-file.ts";
import { Pace } from "./pace.ts";
import { HAS_PROC, liesIn, segmentsBelow } from "./real-path.ts";
import { RecencyLog } from "./recency.ts";
import type { RecoveryGround } from "./recovery.ts";
import { ServedRoot } from "./served-root.ts";
import type {
  Client,
  Condition,
  Entry,
  FileVersion,
  ListFault,
  Listing,
  Move,
  Moved,
  OpenedFile,
  ReadFault,
  Removal,
  Storage,
  Upload,
  WriteFault,
} from "./storage.ts";
import { type Surveyed, type SurveyedName, surveyOne, surveyTree } from "./survey.ts";
import { type Recovered, recoverGroups, sweepLeftovers, TOUCH_MS } from "./sweep.ts";
import { readFault, systemCode } from "./system-fault.ts";
import { measureTree } from "./tree.ts";
import { Turns } from "./turns.ts";
import { type Found, find, free } from "./way.ts";

/** Of so many hits in memory one is timed. */
const HITS_FOR_TIMED = 8;

/** How a folder is served. */
export interface LocalStorageSettings extends UploadSettings {
  readonly rules: NameRules;
  /** Links may lead out of the directory. */
  readonly followSymlinks: boolean;
  /** Files that may be open at once, for reading and writing together. */
  readonly maxOpenFiles: number;
}

/** Folders that the commit of a group has open at once, with those that others need beside it. */
const FOLDERS_FOR_GROUP = 16;

/** The server's own work on the folder. */
const OURSELVES: Client = { hasLeft: false };

/** Serves the folder `root`, which the first upload creates if need be. */
export class LocalStorage implements Storage {
  readonly #root: ServedRoot;
  readonly #settings: LocalStorageSettings;
  readonly #budget: DescriptorBudget;
  readonly #coordinator: Coordinator;
  /** Whether calls stand on the loop. */
  readonly pace = new Pace();
  readonly #queue = new CallQueue(countThreads(process.env["UV_THREADPOOL_SIZE"]));
  readonly #gate: GroupGate;
  readonly #house: UploadHouse;
  readonly #walks: FolderWalks;
  readonly #inPlace: FoldersInPlace;
  /** Null when nobody asks who read what. */
  readonly #reads: ReadNotes | null;
  #hits = 0;
  #heartbeat: Timer | null = null;

  constructor(root: string, settings: LocalStorageSettings, coordinator: Coordinator) {
    const { rules, followSymlinks: followsLinks } = settings;
    this.#settings = settings;
    this.#root = new ServedRoot(root, { rules, followsLinks }, settings.maxOpenFiles, this.pace);
    this.#budget = this.#root.budget;
    this.#inPlace = new FoldersInPlace(this.#root);
    this.#coordinator = coordinator;
    this.#reads = coordinator.ledger === null ? null : new ReadNotes(coordinator.ledger);
    this.#walks = new FolderWalks(rules);
    this.#gate = gateOf(coordinator);
    const { most } = this.#root.folders;
    this.#house = {
      root: this.#root,
      coordinator,
      settings,
      rules,
      shelf: new FolderShelf(Math.floor(most / 2)),
      debts: new Debts(),
      turns: new Turns(Math.max(1, Math.floor(most / FOLDERS_FOR_GROUP))),
      uploads: new Set(),
    };
  }

  // ── Reading ──

  async open(name: ObjectName, client: Client): Promise<OpenedFile | ReadFault> {
    // One for the file, and one to look at it first.
    if (!this.#budget.take()) return "no-descriptors";
    let isOpen = false;
    try {
      const calls = this.#callsFor(client);
      const found = await find(this.#root, calls, name.segments, this.#gate);
      try {
        if (!found.stats.isFile()) return found.stats.isDirectory() ? "directory" : "missing";
        const file = await this.#openFound(calls, found);
        isOpen = true;
        this.#reads?.follow(found.realPath, file);
        return file;
      } finally {
        free(found.descriptor);
      }
    } catch (error) {
      return readFault(error);
    } finally {
      if (!isOpen) this.#budget.giveBack();
    }
  }

  isUnchanged(version: FileVersion, client: Client): MaybePromise<boolean> {
    if (!(version instanceof LocalVersion) || !this.#isOfRoot(version)) return false;
    this.#reads?.add(version.path);
    const { pace } = this;
    if (!pace.isDirect || this.#coordinator.hasGroups) return this.#isUnchangedLater(version, this.#callsFor(client));
    if (!this.#inPlace.has(version.folder) && !this.#isInRoot(version)) {
      const isInPlace = this.#inPlace.look(version.folder, this.#callsFor(client));
      if (isInPlace instanceof Promise) return this.#isUnchangedLater(version, this.#callsFor(client));
      if (!isInPlace) return false;
    }
    // A clock costs a thirtieth of the call: some are timed for all.
    this.#hits += 1;
    const start = this.#hits % HITS_FOR_TIMED === 0 ? pace.start() : 0;
    const stats = lstatAtOnce(version.path);
    if (start > 0) pace.took(performance.now() - start);
    return stats !== undefined && version.is(stats);
  }

  async stat(name: ObjectName, client: Client): Promise<Entry | ReadFault> {
    try {
      const found = await find(this.#root, this.#callsFor(client), name.segments, this.#gate);
      free(found.descriptor);
      if (found.stats.isFile()) this.#reads?.add(found.realPath);
      return entryOf(found.stats, Date.now()) ?? "missing";
    } catch (error) {
      return readFault(error);
    }
  }

  list(name: ObjectName, client: Client): Promise<Listing | ListFault> {
    const readFor = (waiting: Client): LocalFolderReader =>
      new LocalFolderReader(this.#root, this.#callsFor(waiting), name, this.#gate);
    return this.#walks.list(name.path, readFor, client);
  }

  // ── Writing ──

  upload(client: Client): Upload {
    // Nothing to touch, nothing to do: the timer is there while there are uploads only.
    this.#heartbeat ??= setInterval(() => void this.#touchUploads(), TOUCH_MS).unref();
    return new LocalUpload(this.#house, this.#callsFor(client));
  }

  makeFolder(name: ObjectName, condition: Condition | null, client: Client): Promise<WriteFault | null> {
    return makeFolder(this.#house, this.#callsFor(client), name, condition);
  }

  async remove(removal: Removal, client: Client): Promise<WriteFault | null> {
    const fault = await removeName(this.#house, this.#callsFor(client), removal);
    if (fault === null) await this.#coordinator.ledger?.changed([removal.name.path]);
    return fault;
  }

  async move(move: Move, client: Client): Promise<Moved | WriteFault> {
    const moved = await moveName(this.#house, this.#callsFor(client), move);
    if (typeof moved !== "string") await this.#coordinator.ledger?.moved(move.from.path, move.to.path);
    return moved;
  }

  // ── Order ──

  async sweep(): Promise<number> {
    return sweepLeftovers({ ...this.#ground, hold: null, waits: true }, this.#callsFor(OURSELVES));
  }

  /**
   * Finishes the groups that a killed process left half visible: those with journals in the directory itself and, of
   * names that it had locked and that are locked still, in their folders.
   */
  async recover(locked: readonly string[]): Promise<Recovered> {
    try {
      const ground = { ...this.#ground, hold: { names: locked, isHeld: true }, waits: locked.length === 0 };
      return await recoverGroups(ground, this.#callsFor(OURSELVES), foldersOf(locked));
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return { finished: 0, left: 0 };
    }
  }

  measure(): Promise<Usage> {
    return measureTree(this.#root, this.#callsFor(OURSELVES));
  }

  // ── For whoever keeps it small ──

  /** All files that may be removed, as they are now. */
  survey(): AsyncGenerator<Surveyed> {
    return surveyTree(this.#root, this.#callsFor(OURSELVES), this.#settings.rules);
  }

  /** Those below a folder. */
  async *surveyBelow(path: string): AsyncGenerator<Surveyed> {
    const name = this.#nameOf(path);
    if (name !== null) yield* surveyTree(this.#root, this.#callsFor(OURSELVES), this.#settings.rules, name);
  }

  /** What has this path below the directory; null where nothing can have it. */
  async surveyOne(path: string): Promise<SurveyedName | null> {
    const name = this.#nameOf(path);
    return name === null ? null : surveyOne(this.#root, this.#callsFor(OURSELVES), name);
  }

  /** Removes this version of a file, as the ledger itself wants it to go; see `discardFile`. */
  async discard(path: string, tag: string): Promise<WriteFault | "in-use" | null> {
    const name = this.#nameOf(path);
    return name === null ? "missing" : discardFile(this.#house, this.#callsFor(OURSELVES), { name, tag });
  }

  #nameOf(path: string): ObjectName | null {
    const name = ObjectName.ROOT.join(path.split("/"), this.#settings.rules);
    return name instanceof ObjectName ? name : null;
  }

  /** The path below the directory; null for what lies elsewhere. */
  pathBelow(realPath: string): string | null {
    const { realPath: root } = this.#root;
    return liesIn(realPath, root) ? segmentsBelow(realPath, root).join("/") : null;
  }

  /** When its files were read, on the disk. */
  recency(): RecencyLog {
    const calls = this.#callsFor(OURSELVES);
    return new RecencyLog(calls, () => this.#root.open(calls));
  }

  get #ground(): Omit<RecoveryGround, "hold" | "waits"> {
    return { root: this.#root, rules: this.#settings.rules, coordinator: this.#coordinator };
  }

  #callsFor(client: Client): FileCalls {
    return new FileCalls(this.pace, this.#queue, client);
  }

  async #openFound(calls: FileCalls, found: Found): Promise<LocalFile> {
    const { descriptor, stats, realPath, folderPath, rootPath, isDirect } = found;
    const opened = await (HAS_PROC
      ? openPatiently(calls, `/proc/self/fd/${descriptor}`)
      : openLookedAt(calls, realPath, stats));
    try {
      const now = await calls.fstat(opened);
      const foundAt = { folder: folderPath, path: realPath, root: rootPath, isDirect };
      if (!isBeingWritten(now, Date.now())) return new LocalFile(opened, now, foundAt, calls, this.#budget);
      const beginning = await readBeginning(calls, opened);
      return new LocalFile(opened, await calls.fstat(opened), foundAt, calls, this.#budget, beginning);
    } catch (error) {
      await calls.close(opened);
      throw error;
    }
  }

  /** False when the directory's own path has led elsewhere since: the name may be another file's there. */
  #isOfRoot({ root }: LocalVersion): boolean {
    return root === this.#root.realPath;
  }

  /** Nobody but the directory's owner can put a link into its own path, and then the name leads where it is looked at. */
  #isInRoot({ folder }: LocalVersion): boolean {
    return folder === this.#root.realPath && folder === this.#root.path;
  }

  async #isUnchangedLater(version: LocalVersion, calls: FileCalls): Promise<boolean> {
    if (this.#gate.isActive) await this.#gate.pass(version.path);
    try {
      if (!(await this.#inPlace.look(version.folder, calls)) || !this.#isOfRoot(version)) return false;
      return version.is(await calls.lstatRoughly(version.path));
    } catch (error) {
      return isGone(error);
    }
  }

  async #touchUploads(): Promise<void> {
    if (this.#house.uploads.size === 0 && this.#heartbeat !== null) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = null;
    }
    for (const upload of this.#house.uploads) await upload.touch();
  }
}
