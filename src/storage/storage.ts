// One door to where bytes rest: the local disk now, object storage later. Handlers see nothing else of it.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import type { Usage } from "./coordinator.ts";
import type { ObjectName } from "./object-name.ts";

/** Whoever asks: its turns are shared out by it, and nothing more is done for it once it has left. */
export interface Client {
  /** True when no answer can reach it any more. */
  readonly hasLeft: boolean;
}

/** Why something cannot be read. */
export type ReadFault =
  | "missing" // nothing that may be served has this name
  | "directory" // a folder has this name
  | "not-allowed" // the system gives no permission
  | "busy" // somebody else holds it; try again later
  | "failed" // the disk, or the network behind it, failed
  | "no-descriptors"; // the process has no file descriptor left; try again later

/** Why something cannot be written. */
export type WriteFault =
  | "precondition" // the condition of the plan does not hold
  | "exists" // the name is taken, and the plan says not to replace
  | "missing" // there is nothing to remove
  | "absent" // nothing has the name, and the plan says only to replace
  | "same-name" // the new name is the old one
  | "twice" // two files of one group would have one name
  | "moved" // the folder was moved or removed during the upload
  | "disturbed" // somebody touched the unfinished upload
  | "no-space" // the disk is full
  | "over-quota" // the folder's own limits of bytes or files
  | "too-many-folders" // more new folders than one request may make
  | "too-large" // over the system's file size limit
  | "is-directory" // a folder has this name
  | "not-empty" // the folder that is to go holds something
  | "into-itself" // a folder is to lie in itself
  | "other-disk" // the two names lie on two file systems
  | "no-parent" // the folder that it is to lie in is not there
  | "not-a-directory" // a file stands where a folder is needed
  | "not-allowed" // no permission, a read-only disk, or a link that leaves the directory
  | "bad-name" // too long for the file system, or none that it takes
  | "held" // the system holds what has the name: a mount, a program that runs
  | "busy" // somebody else holds it; try again later
  | "not-durable" // stored, but the disk did not confirm it
  | "failed" // the disk, or the network behind it, failed
  | "no-descriptors";

/** What tells a version of a file from every other; only the storage that made it can read it. */
export interface FileVersion {
  readonly etag: string;
}

/** An open file. Size, time and entity tag come from `fstat` of the descriptor that supplies its bytes. */
export interface OpenedFile {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch, never in the future: what Last-Modified and conditions with dates are about. */
  readonly modified: number;
  /** With its quotes: no two versions of a file share a strong one (RFC 9110 8.8.3). */
  readonly etag: string;
  /** For `isUnchanged`; null while the file is so young that a next version could look the same. */
  readonly version: FileVersion | null;
  /** Somebody writes to it just now, as to a log: a transfer would hardly ever get all of this very version. */
  readonly isGrowing: boolean;
  /** All of its bytes, not to be changed, where they are in memory already. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /**
   * Some of its bytes. The source's `close` does not close the file. Rejects with `ContentChanged` when they can be other
   * bytes than those of this version, with `ContentUnreadable` when the system fails. `mayGrow`: of a file that is
   * growing, these bytes as they are at one moment of the transfer will do; they are of another version then, so the
   * entity tag can only be a weak one.
   */
  range(from: number, length: number, mayGrow?: boolean): ByteSource;
  /**
   * All of its bytes, which are the caller's, or why they cannot be had: "failed" when there are more than `most`, too.
   * There may be more or fewer than `size` where a file does not tell the truth (those of the kernel). Rejects with
   * `ContentChanged`.
   */
  content(most: number): Promise<Uint8Array<ArrayBuffer> | ReadFault>;
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
  | "crowded" // too many folders are listed, or too many lists are held; try again later
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
  /** The system lets the server make files in the folder. */
  readonly isWritable: boolean;
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

/**
 * What one request sends: one file, or the files of a form. Nothing of it is visible before `commit`; exactly one of
 * `commit` and `abort` ends it. After a fault only `abort` may follow.
 */
export interface Upload {
  /** Begins the next file. The one before is finished. */
  add(plan: WritePlan): Promise<WriteFault | null>;
  /**
   * Takes the next bytes of the file: the chunk is the upload's own from now on. A promise says to wait before the next
   * one. A fault may be an earlier chunk's.
   */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null>;
  /** All bytes of the file are given: waits until they are written. */
  finish(): Promise<WriteFault | null>;
  /**
   * Makes the finished files visible, all or none, in the order in which they came. On a fault nothing of them is left,
   * but for "not-durable".
   */
  commit(): Promise<readonly Stored[] | WriteFault>;
  /** Leaves no trace. Never rejects. Harmless after the end. */
  abort(): Promise<void>;
}

/** What is to go. */
export interface Removal {
  readonly name: ObjectName;
  /** The name was given as a folder's: a file that has it is not meant. */
  readonly isFolder: boolean;
  readonly condition: Condition | null;
}

/** What gets another name. */
export interface Move {
  readonly from: ObjectName;
  readonly to: ObjectName;
  /** The names were given as a folder's: a file is not meant. */
  readonly isFolder: boolean;
  /** Of what is moved. */
  readonly condition: Condition | null;
  /** It may take a name that nothing has. */
  readonly mayCreate: boolean;
  /** A file may take the place of a file. */
  readonly mayReplace: boolean;
}

/** What became of a move. */
export interface Moved {
  /** False when it took the place of another file. */
  readonly isNew: boolean;
  /** Of a file; empty for a folder. */
  readonly etag: string;
}

/** Where bytes rest. Names are `ObjectName`s, which only `object-name.ts` makes, so no other path can be reached. */
export interface Storage {
  /** The caller closes the file. */
  open(name: ObjectName, client: Client): Promise<OpenedFile | ReadFault>;
  /** True when the name from which the version was opened still leads to it; no system call is cheaper. */
  isUnchanged(version: FileVersion, client: Client): MaybePromise<boolean>;
  /** What has this name, as readers see it. Whoever asks answers a reader: it counts as read. */
  stat(name: ObjectName, client: Client): Promise<Entry | ReadFault>;
  /** What is in a folder now. Nothing is done for clients that have left. */
  list(folder: ObjectName, client: Client): Promise<Listing | ListFault>;
  /** Begins an upload, without asking for anything yet. */
  upload(client: Client): Upload;
  /** Makes a folder in one that is there. Null: it is made; "exists": something has its name. */
  makeFolder(name: ObjectName, condition: Condition | null, client: Client): Promise<WriteFault | null>;
  /** Removes a file, or a folder that holds nothing. Null: it is gone. */
  remove(removal: Removal, client: Client): Promise<WriteFault | null>;
  /** Gives a file or a folder another name, in a folder that is there. "exists": something has it that stays. */
  move(move: Move, client: Client): Promise<Moved | WriteFault>;
  /** Finishes or removes what servers that are gone left behind; gives how many files that were. */
  sweep(): Promise<number>;
  /** Bytes, and files and folders, below the directory, but for the uploads that this server has in hand. */
  measure(): Promise<Usage>;
}
