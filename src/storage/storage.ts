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
  | "no-space" // disk or quota used up
  | "too-large" // over the system's file size limit
  | "is-directory" // a folder has this name
  | "not-a-directory" // a file stands where a folder is needed
  | "not-allowed" // no permission, a read-only disk, or a link that leaves the directory
  | "bad-name" // too long for the file system
  | "no-descriptors";

/** An open file. Size, time and entity tag come from `fstat` of the descriptor that supplies its bytes. */
export interface OpenedFile {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong, with its quotes (RFC 9110 8.8.3): no two versions of a file share one. */
  readonly etag: string;
  /** Some of its bytes. The source's `close` does not close the file. Rejects when the file changed meanwhile. */
  range(from: number, length: number): ByteSource;
  /** Frees the descriptor; once, after its sources are done. */
  close(): void;
}

/** A write under way. Nothing is visible before `commit`; exactly one of `commit` and `abort` ends it. */
export interface PendingWrite {
  /** Takes the chunk. After a fault only `abort` may follow. The chunk may be reused once the result is there. */
  write(chunk: Uint8Array): MaybePromise<WriteFault | null>;
  /** Makes all that was written visible at once. On a fault nothing of it is left. */
  commit(): Promise<WriteFault | null>;
  /** Leaves no trace. Never rejects. */
  abort(): void;
}

/** Where bytes rest. Names are `ObjectName`s, which only `object-name.ts` makes, so no other path can be reached. */
export interface Storage {
  open(name: ObjectName): MaybePromise<OpenedFile | ReadFault>;
  begin(name: ObjectName): MaybePromise<PendingWrite | WriteFault>;
}
