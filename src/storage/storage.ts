// One door to where bytes rest: the local disk now, object storage later. Handlers see nothing else of it.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import type { ObjectName } from "./object-name.ts";

/** What stands at a name now. `modified` is in milliseconds since the epoch, fractions kept. */
export type Entry =
  | { readonly kind: "file"; readonly size: number; readonly modified: number; readonly etag: string }
  | { readonly kind: "directory"; readonly modified: number }
  | { readonly kind: "missing" };

/** Why something cannot be read. */
export type ReadFault =
  | "missing" // nothing (that may be served) has this name
  | "directory" // a folder has this name
  | "not-allowed" // the system gives no permission
  | "no-descriptors"; // the process has no file descriptor left; try again later

/** Why something cannot be written. */
export type WriteFault =
  | "precondition" // the plan's condition does not hold
  | "exists" // "refuse": the name is taken
  | "too-large" // the system's file size limit (EFBIG)
  | "no-space" // disk, quota, --min-free or --max-files exhausted
  | "is-directory" // a folder has this name
  | "not-a-directory" // a file stands where a folder is needed
  | "not-allowed" // no permission, a read-only disk, or a link that leaves the directory
  | "bad-name" // too long for the file system
  | "no-descriptors";

/** An open file. Size, time and ETag come from `fstat` of the descriptor that supplies its bytes. */
export interface OpenedFile {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong, with quotes, for the identity coding. */
  readonly etag: string;
  /** Some of its bytes; the source's `close` does not close the file. Rejects when the file changed meanwhile. */
  range(from: number, length: number): ByteSource;
  /** All bytes at once, for small files. Rejects when the file changed meanwhile. */
  bytes(): Promise<Uint8Array>;
  /** Frees the descriptor. Exactly once, after all sources are done. */
  close(): void;
}

/** A write, before its first byte. */
export interface WritePlan {
  readonly name: ObjectName;
  /** Bytes that will come, or UNKNOWN_LENGTH. */
  readonly length: number;
  readonly onExisting: "replace" | "refuse" | "rename";
  /** The preconditions: asked early, and again at the commit when nobody else can commit to the name. */
  readonly condition: (now: Entry) => boolean;
}

/** What a commit did. `name` differs from the plan's after "rename". */
export interface Committed {
  readonly name: ObjectName;
  readonly created: boolean;
  readonly etag: string;
  readonly modified: number;
}

/** A write under way. Nothing is visible before `commit`; exactly one of `commit` and `abort` ends it. */
export interface PendingWrite {
  /** Takes the chunk. After a fault only `abort` may follow. The chunk may be reused once the result is there. */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null>;
  commit(): Promise<Committed | WriteFault>;
  abort(): MaybePromise<void>;
}

/** One row of a folder's list. */
export interface ListedEntry {
  /** One segment, as text. */
  readonly name: string;
  readonly entry: Entry;
}

/** Where bytes rest. Names are `ObjectName`s: only `object-name.ts` makes them, so no other path can be reached. */
export interface Storage {
  stat(name: ObjectName): MaybePromise<Entry | ReadFault>;
  open(name: ObjectName): MaybePromise<OpenedFile | ReadFault>;
  begin(plan: WritePlan): MaybePromise<PendingWrite | WriteFault>;
  /** Several writes that become visible together, or not at all: the parts of a form. */
  beginGroup(): WriteGroup;
  remove(name: ObjectName, condition: (now: Entry) => boolean): Promise<"removed" | "missing" | WriteFault>;
  list(name: ObjectName): Promise<readonly ListedEntry[] | ReadFault>;
}

/** Several pending writes under one commit. */
export interface WriteGroup {
  begin(plan: WritePlan): MaybePromise<PendingWrite | WriteFault>;
  /** Commits all writes begun, in their order; on a fault none stays visible. The writes' own `commit` is not called. */
  commit(): Promise<readonly Committed[] | WriteFault>;
  abort(): MaybePromise<void>;
}
