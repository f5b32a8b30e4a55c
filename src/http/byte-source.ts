// One shape for every stream of bytes, in both directions: a request body that a handler pulls and a
// response body that the connection pulls are the same thing.

/** A value, or a promise of it where waiting is real. */
export type MaybePromise<T> = T | Promise<T>;

/** The length of a source that ends when it ends. */
export const UNKNOWN_LENGTH = -1;

/** A source cannot give the bytes that it promised, and it is no fault of this program. */
export abstract class ContentLost extends Error {
  /** What the log calls it, as it calls refusals. */
  abstract readonly row: string;
}

/** Someone changed what the bytes rest in. */
export class ContentChanged extends ContentLost {
  readonly row = "CONTENT_CHANGED";

  constructor() {
    super("The content changed while it was being read.");
    this.name = "ContentChanged";
  }
}

/** The disk, or the network behind it, failed. */
export class ContentUnreadable extends ContentLost {
  readonly row = "CONTENT_UNREADABLE";

  /** `fault` is the system's name of what happened, such as EIO. */
  constructor(fault: string) {
    super(`The system failed to read the content (${fault}).`);
    this.name = "ContentUnreadable";
  }
}

/** How a connection ends that is cut: an orderly FIN behind what was sent, or a reset that may take it back. */
export type CutForm = "close" | "reset";

/**
 * Whoever answers wants the connection cut here, before the answer or in the midst of it: nobody's fault either. Thrown by
 * a handler in place of an answer, or by the source of one. The message tells the log why.
 */
export class DeliberateCut extends Error {
  readonly form: CutForm;

  constructor(why: string, form: CutForm = "close") {
    super(why);
    this.name = "DeliberateCut";
    this.form = form;
  }
}

/** A stream of bytes with one reader. */
export interface ByteSource {
  /** Bytes that `read` will give in all, or UNKNOWN_LENGTH. */
  readonly length: number;
  /**
   * The next chunk (never empty), or null at the end. The chunk stays the source's own and is valid until the
   * next `read` or `close`. Throws or rejects when the bytes cannot be had; nothing may be read after that.
   */
  read(): MaybePromise<Uint8Array | null>;
  /**
   * Files only: of the chunk that was read last, the bytes from `offset` of the source on cannot be used for now. True:
   * the chunk is the source's again, and the next `read` begins at the offset; false: the chunk stays valid.
   */
  putBack?(offset: number): boolean;
  /**
   * Where the content goes out in chunks: the trailer fields (RFC 9112 7.1.2), asked for when `read` has given its end,
   * before `close`. Each line has its line end.
   */
  trailerLines?(): string;
  /** No more reads will come. Called exactly once: at the end, on an error, or when the client has left. */
  close(): void;
}

/** A source that gives its chunks away: they are the reader's own, to keep and to change. */
export interface GivingSource extends ByteSource {
  readonly gives: true;
}
