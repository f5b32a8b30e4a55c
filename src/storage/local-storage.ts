// A directory of this machine. Nothing outside it is ever read or written, whatever links lead there.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { Commit, findFolder, holdContent, judge, lookAtTarget, NO_TARGET } from "./commit.ts";
import { type Coordinator, NOTHING, type Release, type Usage } from "./coordinator.ts";
import { DescriptorBudget } from "./descriptor-budget.ts";
import { entryOf, LocalFolderReader } from "./folder-list.ts";
import { FolderWalks } from "./folder-walks.ts";
import { candidateNames, MOST_NAME_BYTES } from "./numbered-name.ts";
import type { NameRules, ObjectName } from "./object-name.ts";
import { LocalFile, LocalVersion } from "./opened-file.ts";
import { freeBytes, LocalWrite, type WriteHouse } from "./pending-write.ts";
import { ServedRoot } from "./served-root.ts";
import type { WaitingClient } from "./shared-work.ts";
import type {
  Condition,
  Entry,
  FileVersion,
  ListFault,
  Listing,
  OpenedFile,
  PendingWrite,
  ReadFault,
  Storage,
  Stored,
  WriteFault,
  WritePlan,
} from "./storage.ts";
import { readFault, systemCode, writeFault } from "./system-fault.ts";
import { temporaryName } from "./temporary-name.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const CREATE_FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const NOT_OPEN = -1;
/** Less the umask. */
const NEW_FILE_MODE = 0o666;

/** How a folder is served. */
export interface LocalStorageSettings {
  readonly rules: NameRules;
  /** Links may lead out of the directory. */
  readonly followSymlinks: boolean;
  /** Files that may be open at once, for reading and writing together. */
  readonly maxOpenFiles: number;
  /** An upload is on the disk before its commit resolves. */
  readonly fsync: boolean;
  /** Permission bits of new files; null leaves them to the umask. */
  readonly mode: number | null;
  /** Bytes that uploads leave free on the disk. */
  readonly minFree: number;
}

/** Serves the folder `root`, which the first upload creates if need be. */
export class LocalStorage implements Storage {
  readonly #root: ServedRoot;
  readonly #settings: LocalStorageSettings;
  readonly #budget: DescriptorBudget;
  readonly #coordinator: Coordinator;
  readonly #house: WriteHouse;
  readonly #walks: FolderWalks;

  constructor(root: string, settings: LocalStorageSettings, coordinator: Coordinator) {
    this.#root = new ServedRoot(root, settings.followSymlinks);
    this.#settings = settings;
    this.#budget = new DescriptorBudget(settings.maxOpenFiles);
    this.#coordinator = coordinator;
    this.#walks = new FolderWalks(settings.rules);
    this.#house = {
      budget: this.#budget,
      coordinator,
      minFree: settings.minFree,
      fsync: settings.fsync,
      mode: settings.mode,
    };
  }

  // ── Reading ──

  open(name: ObjectName): OpenedFile | ReadFault {
    if (!this.#budget.take()) return "no-descriptors";
    const file = this.#openFile(this.#root.pathOf(name));
    if (typeof file === "string") this.#budget.giveBack();
    return file;
  }

  isUnchanged(version: FileVersion): boolean {
    if (!(version instanceof LocalVersion)) return false;
    try {
      // Numbers cost a quarter less than bigints here, and this is the one system call of a hit.
      return version.is(statSync(version.path));
    } catch {
      return false;
    }
  }

  look(name: ObjectName): Entry | ReadFault {
    try {
      const path = realpathSync(this.#root.pathOf(name));
      if (!this.#root.holds(path)) return "missing";
      return entryOf(statSync(path, { bigint: true })) ?? "missing";
    } catch (error) {
      return readFault(error);
    }
  }

  list(folder: ObjectName, client: WaitingClient): Promise<Listing | ListFault> {
    return this.#walks.list(folder.path, new LocalFolderReader(this.#root, folder), client);
  }

  #openFile(path: string): OpenedFile | ReadFault {
    let descriptor = NOT_OPEN;
    try {
      const opened = this.#root.open(path);
      if (opened === null) return "missing";
      descriptor = opened;
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) return stats.isDirectory() ? "directory" : "missing";
      const file = new LocalFile(descriptor, path, stats, this.#budget);
      descriptor = NOT_OPEN;
      return file;
    } catch (error) {
      return readFault(error);
    } finally {
      if (descriptor !== NOT_OPEN) closeSync(descriptor);
    }
  }

  // ── Writing ──

  begin(plan: WritePlan): MaybePromise<PendingWrite | WriteFault> {
    try {
      mkdirSync(this.#root.path, { recursive: true });
      const place = this.#findPlace(plan);
      if ("fault" in place) return place.fault;
      const { folder, name, files } = place;
      const wanted: Usage = { bytes: Math.max(plan.length, 0), files };
      const { minFree } = this.#settings;
      // Where nobody said how much there will be, and nothing is to be left free, the disk itself says when it is full.
      const isBounded = plan.length !== UNKNOWN_LENGTH || minFree > 0;
      if (isBounded && freeBytes(folder) < wanted.bytes + minFree) return "no-space";
      const granted = this.#coordinator.reserve(wanted);
      const named = { ...plan, name };
      if (granted instanceof Promise) return granted.then((isGranted) => this.#start(named, folder, wanted, isGranted));
      return this.#start(named, folder, wanted, granted);
    } catch (error) {
      return writeFault(error);
    }
  }

  async commit(pending: readonly PendingWrite[]): Promise<readonly Stored[] | WriteFault> {
    const writes = pending.filter((write) => write instanceof LocalWrite);
    const commit = new Commit(this.#root);
    let release: Release | null = null;
    let result: readonly Stored[] | WriteFault = "not-allowed";
    try {
      release = await this.#coordinator.lock(writes.map(({ plan }) => this.#lockedPath(plan.name)));
      result = commit.run(writes);
      if (typeof result !== "string" && this.#settings.fsync) await syncFolders(commit.changedFolders);
      return result;
    } finally {
      release?.();
      // What was published has no temporary file any more; the rest goes.
      if (typeof result === "string") await Promise.all(writes.map((write) => write.abort()));
    }
  }

  async remove(name: ObjectName, condition: Condition | null): Promise<WriteFault | null> {
    const release = await this.#coordinator.lock([this.#lockedPath(name)]);
    try {
      const fault = this.#remove(name, condition);
      if (fault === null && this.#settings.fsync) await syncFolders([dirname(this.#root.pathOf(name))]);
      return fault;
    } catch (error) {
      const fault = writeFault(error);
      return fault === "not-a-directory" ? "missing" : fault;
    } finally {
      release();
    }
  }

  /** What a writer locks: the same for all names that lead to one place through links. */
  #lockedPath(name: ObjectName): string {
    try {
      return join(realpathSync(this.#root.pathOf(name.parent)), name.base);
    } catch {
      // In a folder that is yet to be made nothing can be replaced, and only one can create.
      return this.#root.pathOf(name);
    }
  }

  #start(plan: WritePlan, folder: string, reserved: Usage, isGranted: boolean): PendingWrite | WriteFault {
    if (!isGranted) return "over-quota";
    const write = this.#openTemporary(plan, folder, reserved);
    if (typeof write === "string") this.#coordinator.settle(reserved, NOTHING);
    return write;
  }

  #openTemporary(plan: WritePlan, folder: string, reserved: Usage): LocalWrite | WriteFault {
    if (!this.#budget.take()) return "no-descriptors";
    const temporary = join(folder, temporaryName());
    try {
      const descriptor = openSync(temporary, CREATE_FLAGS, NEW_FILE_MODE);
      return new LocalWrite(plan, descriptor, temporary, reserved, this.#house);
    } catch (error) {
      this.#budget.giveBack();
      return writeFault(error);
    }
  }

  /** Where the plan may begin, under which name, or why it may not. Throws the system's error. */
  #findPlace(plan: WritePlan): Place {
    if (isTooLong(plan.name)) return { fault: "bad-name" };
    const folder = findFolder(this.#root, plan.name.parent);
    if (folder !== null) return this.#placeIn(folder, plan, plan.name);
    return this.#walkToPlace(plan);
  }

  #placeIn(folder: string, plan: WritePlan, name: ObjectName): Place {
    const target = lookAtTarget(this.#root, join(folder, name.base));
    const fault = judge(plan, target);
    const { files } = target.usage;
    return fault === null ? { folder, name, files: plan.onExisting === "replace" ? 1 - files : 1 } : { fault };
  }

  /** The way that is not there as a whole, or not allowed. */
  #walkToPlace(plan: WritePlan): Place {
    let folder = realpathSync(this.#root.path);
    const walked: string[] = [];
    const { segments } = plan.name.parent;
    for (const [depth, segment] of segments.entries()) {
      const step = this.#enter(folder, segment, plan.onExisting === "conceal");
      if (typeof step === "string") return { fault: step };
      walked.push(step.segment);
      if (step.folder === null) {
        const fault = judge(plan, NO_TARGET);
        const name = plan.name.within([...walked, ...segments.slice(depth + 1)]);
        return fault === null ? { folder, name, files: 1 } : { fault };
      }
      folder = step.folder;
    }
    return this.#placeIn(folder, plan, plan.name.within(walked));
  }

  /** The folder of this name in a folder, null for one that is yet to be made; with `conceals` perhaps under another name. */
  #enter(folder: string, segment: string, conceals: boolean): Step | WriteFault {
    for (const candidate of conceals ? candidateNames(segment) : [segment]) {
      const path = join(folder, candidate);
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return { segment: candidate, folder: null };
      const fault = this.#judgeFolder(path);
      if (fault === null) return { segment: candidate, folder: realpathSync(path) };
      if (!conceals) return fault;
    }
    return "exists";
  }

  #judgeFolder(path: string): WriteFault | null {
    try {
      if (!this.#root.holds(realpathSync(path))) return "not-allowed";
      return statSync(path).isDirectory() ? null : "not-a-directory";
    } catch (error) {
      // A link to nowhere is no folder.
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ELOOP") return "not-a-directory";
      throw error;
    }
  }

  #remove(name: ObjectName, condition: Condition | null): WriteFault | null {
    const path = join(realpathSync(this.#root.pathOf(name.parent)), name.base);
    if (!this.#root.holds(dirname(path))) return "missing";
    const { entry, usage } = lookAtTarget(this.#root, path);
    if (entry === null) return "missing";
    if (entry.type === "directory") return "is-directory";
    if (condition !== null && !condition(entry)) return "precondition";
    const free = holdContent(path, usage.bytes);
    try {
      unlinkSync(path);
    } finally {
      free();
    }
    this.#coordinator.settle(NOTHING, { bytes: -usage.bytes, files: -usage.files });
    return null;
  }
}

/** Where a temporary file is to be, the name that it is for, and how many files there will be more; or why not. */
type Place =
  { readonly folder: string; readonly name: ObjectName; readonly files: number } | { readonly fault: WriteFault };

/** One step on the way to a place. */
interface Step {
  readonly segment: string;
  /** Null: it is yet to be made. */
  readonly folder: string | null;
}

/** PATH_MAX of the common systems, with room for where the directory itself is. */
const MOST_PATH_BYTES = 3800;
/** A folder costs the system time for each that it lies in, and each upload has to find its own. */
const MOST_SEGMENTS = 128;

/** Names that no file system takes are refused before the body, even where a folder is yet to be made. */
function isTooLong(name: ObjectName): boolean {
  if (name.segments.length > MOST_SEGMENTS || Buffer.byteLength(name.path) > MOST_PATH_BYTES) return true;
  return name.segments.some((segment) => Buffer.byteLength(segment) > MOST_NAME_BYTES);
}

/** Puts folders' entries on the disk; where folders cannot be opened, the system does it in its own time. */
async function syncFolders(paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    const folder = await open(path, constants.O_RDONLY).catch(() => null);
    await folder?.sync().catch(() => {});
    await folder?.close();
  }
}
