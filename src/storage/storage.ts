// One door to where bytes rest: the local disk now, object storage later. Handlers see nothing else of it.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import type { ObjectName } from "./object-name.ts";

/** Why something cannot be read. */
export type ReadFault =
  | "missing" // nothing that may be served has this name
  | "directory" // a folder has this name
  | "not-allowed" // the system gives no permission
  | "no-descriptors"; // the process has no file descriptor left; try again later

/** Why something cannot be written. */
export type WriteFault =
  | "precondition" // the condition of the plan does not hold
  | "exists" // the name is taken, and the plan says not to replace
  | "missing" // there is nothing to remove
  | "no-space" // the disk is full
  | "over-quota" // the folder's own limits of bytes or files
  | "too-large" // over the system's file size limit
  | "is-directory" // a folder has this name
  | "not-a-directory" // a file stands where a folder is needed
  | "not-allowed" // no permission, a read-only disk, or a link that leaves the directory
  | "bad-name" // too long for the file system
  | "no-descriptors";

/** What tells a version of a file from every other; only the storage that made it can read it. */
export interface FileVersion {
  readonly etag: string;
}

/** An open file. Size, time and entity tag come from `fstat` of the descriptor that supplies its bytes. */
export interface OpenedFile {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong, with its quotes (RFC 9110 8.8.3): no two versions of a file share one. */
  readonly etag: string;
  /** For `isUnchanged`; null while the file is so young that a next version could look the same. */
  readonly version: FileVersion | null;
  /** Some of its bytes. The source's `close` does not close the file. Rejects with `ContentChanged` when they changed. */
  range(from: number, length: number): ByteSource;
  /** Frees the descriptor; once, after its sources are done. */
  close(): void;
}

/** What has a name now. A folder's size is 0. */
export interface Entry {
  readonly type: "file" | "directory";
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly etag: string;
}

/** One of a folder's entries. */
export interface ListedEntry extends Entry {
  /** The last segment of its name. */
  readonly name: string;
}

/** Why there is no list of a folder. */
export type ListFault =
  | ReadFault
  | "busy" // too many folders are listed, or too many lists are held; try again later
  | "abandoned"; // all who waited for it have left

/** What a folder held at one moment: the entries that can be read under their names, in no order. */
export interface Listing {
  /** How many entries there are; they are numbered from 0. */
  readonly length: number;
  /** Two listings of one folder that share it are the same in all that is told here. */
  readonly fingerprint: string;
  /** Entries left out because their names are no UTF-8, or of characters that no name may have here. */
  readonly unnameable: number;
  /** Entries left out because the system does not let the server look at them. */
  readonly unreadable: number;
  /** One of the entries, until the listing is closed. */
  at(index: number): ListedEntry;
  /** Others may share it, and what is held is bounded: once, by each who got it. */
  close(): void;
}

/** Whether a write may go on, given what has its name: null for nothing. Asked more than once. */
export type Condition = (now: Entry | null) => boolean;

/** What is to be written. */
export interface WritePlan {
  readonly name: ObjectName;
  /** Bytes, or UNKNOWN_LENGTH. */
  readonly length: number;
  /**
   * What to do when a file has the name. "rename" picks another name, and a folder counts as taken too; "conceal" does so
   * for the folders on the way as well, so that nothing of what is there shows.
   */
  readonly onExisting: "replace" | "refuse" | "rename" | "conceal";
  /** Asked before the first byte and again at the commit, without a race. Null: no condition. */
  readonly condition: Condition | null;
}

/** What became of a write. */
export interface Stored {
  /** The plan's name, unless it was renamed. */
  readonly name: ObjectName;
  /** False when it took the place of an older version. */
  readonly isNew: boolean;
  readonly etag: string;
}

/** A write under way. Nothing is visible before `Storage.commit`; exactly one of `commit` and `abort` ends it. */
export interface PendingWrite {
  /**
   * Takes the chunk, which is its own from now on; a promise says to wait before the next one. After a fault, which may
   * be an earlier chunk's, only `abort` may follow.
   */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null>;
  /** All bytes are given: waits until they are written, and frees the descriptor, so that many writes may wait for one commit. */
  seal(): Promise<WriteFault | null>;
  /** Leaves no trace. Never rejects. */
  abort(): Promise<void>;
}

/** Where bytes rest. Names are `ObjectName`s, which only `object-name.ts` makes, so no other path can be reached. */
export interface Storage {
  open(name: ObjectName): MaybePromise<OpenedFile | ReadFault>;
  /** True when the name from which the version was opened still leads to it; no system call is cheaper. */
  isUnchanged(version: FileVersion): boolean;
  /** What has this name, as readers see it; null for nothing. */
  look(name: ObjectName): MaybePromise<Entry | ReadFault>;
  /** What is in a folder now. Nothing is done for a client that has left. */
  list(folder: ObjectName, client: { readonly hasLeft: boolean }): Promise<Listing | ListFault>;
  begin(plan: WritePlan): MaybePromise<PendingWrite | WriteFault>;
  /** Makes sealed writes visible, all or none. On a fault nothing of them is left. */
  commit(writes: readonly PendingWrite[]): Promise<readonly Stored[] | WriteFault>;
  /** Removes a file. Null: it is gone. */
  remove(name: ObjectName, condition: Condition | null): Promise<WriteFault | null>;
}
