// A file under way: a temporary file that becomes visible at the commit, or goes away. Until then it is nobody's but ours
// (0600), in a folder that is there already: on the file system of its target.

import { type BigIntStats, constants, writev } from "node:fs";
import { promisify } from "node:util";
import type { MaybePromise } from "../http/byte-source.ts";
import { type Coordinator, NOTHING, type Usage } from "./coordinator.ts";
import type { Debts } from "./debts.ts";
import type { FileCalls } from "./file-calls.ts";
import type { FolderShelf, HeldFolder } from "./folder-shelf.ts";
import type { Folder } from "./folder.ts";
import { actInRoom } from "./ledger.ts";
import type { ObjectName } from "./object-name.ts";
import type { Place } from "./place.ts";
import { HAS_PROC, NO_DESCRIPTOR } from "./real-path.ts";
import type { Reservation } from "./reservation.ts";
import type { ServedRoot } from "./served-root.ts";
import type { WriteFault, WritePlan } from "./storage.ts";
import { SystemError, systemCode, writeFault } from "./system-fault.ts";
import { temporaryName } from "./temporary-name.ts";
import { stampVersion } from "./version-time.ts";
import { walk } from "./way.ts";
import { WriteQueue } from "./write-queue.ts";

const { O_WRONLY, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const CREATE_FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const AGAIN_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const STAGED_MODE = 0o600;
const writeAt = promisify(writev) as unknown as (
  descriptor: number,
  chunks: readonly Uint8Array[],
  position: number,
) => Promise<{ readonly bytesWritten: number }>;

/** What staged files share. */
export interface StagingHouse {
  readonly settings: { readonly fsync: boolean };
  readonly coordinator: Coordinator;
  readonly shelf: FolderShelf;
  readonly debts: Debts;
}

/** One that was looked at anew. */
export interface StagedAgain {
  /** The staged file's own. */
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

/** One file of an upload. Its descriptor and its reservation are its own until `discard` or `published`. */
export class StagedFile {
  readonly plan: WritePlan;
  /** The name that it is for; the plan's, unless another folder was picked. */
  readonly name: ObjectName;
  /** The real path of the folder that the temporary file is in. */
  readonly folderPath: string;
  /** The folders that are yet to be made below it. */
  readonly missing: readonly string[];
  readonly temporary: string;
  readonly #root: ServedRoot;
  readonly #calls: FileCalls;
  readonly #reservation: Reservation;
  readonly #house: StagingHouse;
  /** Kept open if there was room on the shelf. */
  #held: HeldFolder | null;
  readonly #queue: WriteQueue;
  #descriptor: number;
  /** As it was left when all of its bytes were there. */
  #finished: BigIntStats | null = null;
  #isGone = false;

  private constructor(
    root: ServedRoot,
    calls: FileCalls,
    plan: WritePlan,
    place: Place,
    reservation: Reservation,
    temporary: string,
    descriptor: number,
    house: StagingHouse,
  ) {
    this.#root = root;
    this.#calls = calls;
    this.plan = plan;
    this.name = place.name;
    this.folderPath = place.folder.realPath;
    reservation.moveTo(HAS_PROC ? `/proc/self/fd/${descriptor}` : this.folderPath);
    this.missing = place.missing;
    this.#reservation = reservation;
    this.temporary = temporary;
    this.#descriptor = descriptor;
    this.#house = house;
    this.#held = house.shelf.hold(place.folder);
    this.#queue = new WriteQueue(plan.length, {
      isDirect: () => calls.areDirect,
      whole: (bytes) => this.#inRoom([bytes], 0, () => Bun.write(Bun.file(this.#descriptor), bytes)),
      at: (chunks, position) => this.#inRoom(chunks, position, () => this.#writeAt(chunks, position)),
    });
  }

  /** Creates the temporary file. Takes over the reservation when it resolves; throws the system's error. */
  static async create(
    root: ServedRoot,
    calls: FileCalls,
    plan: WritePlan,
    place: Place,
    reservation: Reservation,
    house: StagingHouse,
  ): Promise<StagedFile> {
    root.budget.takeOrThrow();
    try {
      const temporary = temporaryName();
      // It lacks one for itself, and one for each of its folders.
      const lack = { bytes: 0, files: 1 + place.missing.length };
      const descriptor = await actInRoom(house.coordinator.ledger, lack, () =>
        calls.open(place.folder.at(temporary), CREATE_FLAGS, STAGED_MODE),
      );
      return new StagedFile(root, calls, plan, place, reservation, temporary, descriptor, house);
    } catch (error) {
      root.budget.giveBack();
      throw error;
    }
  }

  /** Bytes that were taken, on the disk or on the way there. */
  get size(): number {
    return this.#queue.size;
  }

  /** What tells it from whatever else may have its name. */
  get inode(): bigint {
    return this.#finished?.ino ?? 0n;
  }

  /** Takes the chunk over. See `Upload.write`. */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null> {
    const room = this.#reservation.grow(this.size + chunk.length);
    if (room instanceof Promise) return room.then((fault) => fault ?? this.#queue.write(chunk));
    return room ?? this.#queue.write(chunk);
  }

  async #writeAt(chunks: readonly Uint8Array[], position: number): Promise<number> {
    return (await this.#calls.later(() => writeAt(this.#descriptor, chunks, position))).bytesWritten;
  }

  /** Again when the disk was full and something has gone, where it can go by itself. */
  #inRoom(chunks: readonly Uint8Array[], position: number, write: () => Promise<number>): Promise<number> {
    const { ledger } = this.#house.coordinator;
    if (ledger === null) return write();
    let next = write;
    const lack = { bytes: chunks.reduce((sum, { length }) => sum + length, 0), files: 0 };
    return actInRoom(ledger, lack, () => {
      const now = next;
      next = () => this.#writeAt(chunks, position);
      return now();
    });
  }

  /** All bytes are given: they are in the file, and on the disk if that was asked for. */
  async finish(): Promise<WriteFault | null> {
    try {
      const fault = await this.#queue.end();
      if (fault !== null) return fault;
      await stampVersion(this.#calls, this.#descriptor, 0n);
      if (this.#house.settings.fsync) await this.#calls.fsync(this.#descriptor);
      this.#finished = await this.#calls.fstat(this.#descriptor);
      return null;
    } catch (error) {
      return writeFault(error);
    }
  }

  /** The segments of the folder that it is in, as they were asked for. */
  get folderSegments(): readonly string[] {
    const { segments } = this.name.parent;
    return segments.slice(0, segments.length - this.missing.length);
  }

  /** The folder that it is in, for the caller to close. Throws ENOENT when it is not where it was. */
  async openFolder(): Promise<Folder> {
    if (this.#held !== null) {
      if (this.#held.folder.isInPlace) return this.#held.folder.share();
      throw new SystemError("ENOENT", "the folder was moved");
    }
    const folder = await walk(this.#root, this.#calls, this.folderSegments, null);
    if (folder.realPath === this.folderPath) return folder;
    folder.close();
    throw new SystemError("ENOENT", "the folder was moved");
  }

  /** The same wherever it was moved to, as long as it is held. */
  async reachFolder(): Promise<Folder> {
    return this.#held?.folder.share() ?? this.openFolder();
  }

  /** Frees the descriptor: one request may hold but few of them. */
  async rest(): Promise<void> {
    const descriptor = this.#descriptor;
    if (descriptor === NO_DESCRIPTOR) return;
    this.#descriptor = NO_DESCRIPTOR;
    try {
      await this.#calls.close(descriptor);
    } finally {
      this.#root.budget.giveBack();
    }
  }

  /**
   * The very file that was written, which still has its temporary name in this folder. Null when somebody touched it.
   * Throws the system's error.
   */
  async reopen(folder: Folder): Promise<StagedAgain | null> {
    const path = folder.at(this.temporary);
    if (this.#descriptor === NO_DESCRIPTOR) {
      this.#root.budget.takeOrThrow();
      try {
        this.#descriptor = await this.#calls.open(path, AGAIN_FLAGS);
      } catch (error) {
        this.#root.budget.giveBack();
        throw error;
      }
    }
    const then = this.#finished;
    const now = await this.#calls.fstat(this.#descriptor);
    const named = await this.#calls.lstat(path);
    if (then === null || named.ino !== now.ino || named.dev !== now.dev) return null;
    const isSame = now.ino === then.ino && now.dev === then.dev && now.size === then.size;
    return isSame && now.ctimeNs === then.ctimeNs ? { descriptor: this.#descriptor, stats: now } : null;
  }

  /** Shows that somebody works on it: what nobody has touched for long is swept away. */
  async touch(): Promise<void> {
    if (this.#descriptor !== NO_DESCRIPTOR) {
      await stampVersion(this.#calls, this.#descriptor, 0n);
      if (this.#finished !== null) this.#finished = await this.#calls.fstat(this.#descriptor);
      return;
    }
    const folder = await this.openFolder();
    try {
      const again = await this.reopen(folder);
      if (again === null) return;
      await stampVersion(this.#calls, again.descriptor, 0n);
      this.#finished = await this.#calls.fstat(again.descriptor);
    } finally {
      folder.close();
      await this.rest();
    }
  }

  /** It has its name, and the folder has changed by so much. */
  async published(change: Usage): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#reservation.settle(change);
    await this.rest().catch(() => {});
    this.#end();
  }

  /** Leaves no trace. Never rejects. */
  async discard(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    await this.#queue.drop();
    try {
      await this.#remove();
      this.#end();
    } catch {
      void this.#house.debts.add(async () => {
        await this.#remove();
        this.#end();
      });
    }
    await this.rest().catch(() => {});
    this.#reservation.settle(NOTHING);
  }

  #end(): void {
    if (this.#held !== null) this.#house.shelf.putBack(this.#held);
    this.#held = null;
  }

  /** Harmless when it is done already. */
  async #remove(): Promise<void> {
    const folder = await this.reachFolder();
    try {
      await this.#calls.unlink(folder.at(this.temporary));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    } finally {
      folder.close();
    }
  }
}
