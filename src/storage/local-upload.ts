// What one request sends, staged file by file. Nothing of it is visible before the commit.

import { join } from "node:path";
import type { MaybePromise } from "../http/byte-source.ts";
import type { FileCalls } from "./file-calls.ts";
import { findPlace, type Place } from "./place.ts";
import { Reservation } from "./reservation.ts";
import { StagedFile, type StagingHouse } from "./staged-file.ts";
import type { Stored, Upload, WriteFault, WritePlan } from "./storage.ts";
import { writeFault } from "./system-fault.ts";
import { picksName } from "./target.ts";
import { type CommitHouse, type CommitSettings, Transaction } from "./transaction.ts";

/** How uploads are taken. */
export interface UploadSettings extends CommitSettings {
  /** New folders that one upload may make. */
  readonly maxNewFolders: number;
}

/** What all uploads of a storage share. */
export interface UploadHouse extends StagingHouse, CommitHouse {
  readonly settings: UploadSettings;
  /** Those under way: they are touched now and then. */
  readonly uploads: Set<LocalUpload>;
}

/** See `Upload`. */
export class LocalUpload implements Upload {
  readonly #house: UploadHouse;
  readonly #calls: FileCalls;
  readonly #files: StagedFile[] = [];
  /** The places of the files, to find two of one name; and the folders that are to be made. */
  readonly #paths = new Set<string>();
  readonly #newFolders = new Set<string>();
  /** In a drop box all folders that were asked for, those that are there too. */
  readonly #namedFolders = new Set<string>();
  #foldersReserved = 0;
  /** The last touch: a file that was touched under a commit would seem to be another. */
  #touching: Promise<void> = Promise.resolve();
  #state: "open" | "committing" | "ended" = "open";

  constructor(house: UploadHouse, calls: FileCalls) {
    this.#house = house;
    this.#calls = calls;
  }

  async add(plan: WritePlan): Promise<WriteFault | null> {
    try {
      // A descriptor must not be closed under a touch.
      await this.#touching;
      await this.#files.at(-1)?.rest();
      return await this.#add(plan);
    } catch (error) {
      return writeFault(error);
    }
  }

  write(chunk: Uint8Array): MaybePromise<WriteFault | null> {
    return this.#current.write(chunk);
  }

  finish(): Promise<WriteFault | null> {
    return this.#current.finish();
  }

  async commit(): Promise<readonly Stored[] | WriteFault> {
    const stored = await this.#commit();
    if (typeof stored !== "string") await this.#house.coordinator.ledger?.changed(stored.map(({ name }) => name.path));
    return stored;
  }

  async #commit(): Promise<readonly Stored[] | WriteFault> {
    this.#state = "committing";
    try {
      await this.#touching;
      return await new Transaction(this.#house, this.#calls).run(this.#files);
    } catch (error) {
      // There may be nobody to ask for its names any more.
      return writeFault(error);
    } finally {
      // What was published has no temporary file any more; the rest goes.
      await this.#end();
    }
  }

  async abort(): Promise<void> {
    if (this.#state === "open") await this.#end();
  }

  /** Shows that somebody works on it. */
  async touch(): Promise<void> {
    this.#touching = this.#touchAll();
    await this.#touching;
  }

  async #touchAll(): Promise<void> {
    for (const file of this.#files) if (this.#state === "open") await file.touch().catch(() => {});
  }

  get #current(): StagedFile {
    const file = this.#files.at(-1);
    if (file === undefined) throw new Error("an upload was written to before a file was added");
    return file;
  }

  async #end(): Promise<void> {
    this.#state = "ended";
    await this.#touching;
    this.#house.uploads.delete(this);
    for (const file of this.#files) await file.discard();
  }

  async #add(plan: WritePlan): Promise<WriteFault | null> {
    const { root } = this.#house;
    await root.make(this.#calls);
    const place = await findPlace(root, this.#calls, plan);
    if (typeof place === "string") return place;
    try {
      return this.#count(plan, place) ?? (await this.#stage(plan, place));
    } finally {
      place.folder.close();
    }
  }

  #count(plan: WritePlan, { folder, missing, name }: Place): WriteFault | null {
    const path = join(folder.realPath, ...missing, name.base);
    if (this.#paths.has(path) && !picksName(plan.onExisting)) return "twice";
    this.#paths.add(path);
    for (const depth of missing.keys()) this.#newFolders.add(join(folder.realPath, ...missing.slice(0, depth + 1)));
    // Whose count stopped at folders that are there would learn which are.
    const named = plan.onExisting === "conceal" ? plan.name.parent.segments : [];
    for (const depth of named.keys()) this.#namedFolders.add(named.slice(0, depth + 1).join("/"));
    const most = Math.max(this.#newFolders.size, this.#namedFolders.size);
    return most > this.#house.settings.maxNewFolders ? "too-many-folders" : null;
  }

  async #stage(plan: WritePlan, place: Place): Promise<WriteFault | null> {
    const { root, coordinator, uploads } = this.#house;
    const reservation = new Reservation(coordinator, this.#calls, place.folder, plan.length);
    const replaced = plan.onExisting === "replace" ? place.target.usage.files : 0;
    const folders = this.#newFolders.size - this.#foldersReserved;
    const fault = await reservation.begin(1 - replaced + folders);
    if (fault !== null) return fault;
    this.#foldersReserved += folders;
    try {
      this.#files.push(await StagedFile.create(root, this.#calls, plan, place, reservation, this.#house));
      uploads.add(this);
      return null;
    } catch (error) {
      reservation.settle({ bytes: 0, files: 0 });
      throw error;
    }
  }
}
