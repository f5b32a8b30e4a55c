// One shape for every stream of bytes, in both directions: a request body that a handler pulls and a
// response body that the connection pulls are the same thing.

/** A value, or a promise of it where waiting is real. */
export type MaybePromise<T> = T | Promise<T>;

/** The length of a source that ends when it ends. */
export const UNKNOWN_LENGTH = -1;

/** A stream of bytes with one reader. */
export interface ByteSource {
  /** Bytes that `read` will give in all, or UNKNOWN_LENGTH. */
  readonly length: number;
  /**
   * The next chunk (never empty), or null at the end. The chunk stays the source's own and is valid until the
   * next `read` or `close`. Throws or rejects when the bytes cannot be had; nothing may be read after that.
   */
  read(): MaybePromise<Uint8Array | null>;
  /** Files only: the next `read` starts at this offset of the source, so an unsent window need not be kept. */
  seek?(offset: number): void;
  /** No more reads will come. Called exactly once: at the end, on an error, or when the client has left. */
  close(): void;
}
