// Sources made of others: of bytes, of several sources, and of one with something to close behind it.

import type { ByteSource, MaybePromise } from "./byte-source.ts";

/** Gives these bytes in one chunk, which is not to be changed. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  let rest = bytes.length === 0 ? null : bytes;
  return {
    length: bytes.length,
    read: () => {
      const chunk = rest;
      rest = null;
      return chunk;
    },
    close: () => {},
  };
}

/** A source that closes something with itself, such as the file that its bytes are of. */
export class ClosingSource implements ByteSource {
  readonly length: number;
  readonly #source: ByteSource;
  readonly #owner: { close(): void };

  /** Both are closed once, the source first. */
  constructor(source: ByteSource, owner: { close(): void }) {
    this.length = source.length;
    this.#source = source;
    this.#owner = owner;
  }

  read(): MaybePromise<Uint8Array | null> {
    return this.#source.read();
  }

  putBack(offset: number): boolean {
    return this.#source.putBack?.(offset) ?? false;
  }

  close(): void {
    this.#source.close();
    this.#owner.close();
  }
}

/** Pieces up to here are gathered; larger ones go out as they are. */
const GATHERED_BYTES = 64 * 1024;

/**
 * Bytes and sources one behind the other. Small pieces leave together: two hundred ranges of a few bytes cost two hundred
 * reads, but not four hundred writes to the socket. Closing it closes the sources.
 */
export class JoinedSource implements ByteSource {
  readonly length: number;
  readonly #pieces: readonly (Uint8Array | ByteSource)[];
  #next = 0;
  /** Where in the whole the next piece begins. */
  #position = 0;
  /** The large piece that is being read, and where in the whole it begins; null while pieces are gathered. */
  #large: { readonly source: ByteSource; readonly start: number } | null = null;

  /** The length of every piece is known, and `length` is that of all together. */
  constructor(pieces: readonly (Uint8Array | ByteSource)[], length: number) {
    this.#pieces = pieces;
    this.length = length;
  }

  async read(): Promise<Uint8Array | null> {
    const chunk = (await this.#large?.source.read()) ?? null;
    if (chunk !== null) return chunk;
    this.#large = null;
    const gathered = await this.#gather();
    return gathered ?? (await this.#beginLarge());
  }

  putBack(offset: number): boolean {
    return this.#large?.source.putBack?.(offset - this.#large.start) ?? false;
  }

  close(): void {
    for (const piece of this.#pieces) if (!(piece instanceof Uint8Array)) piece.close();
  }

  /** All small pieces that come next, up to a bound; null when there is none. */
  async #gather(): Promise<Uint8Array | null> {
    const small: Uint8Array[] = [];
    let total = 0;
    for (let piece = this.#small(total); piece !== null; piece = this.#small(total)) {
      this.#next += 1;
      if (piece instanceof Uint8Array) small.push(piece);
      else await readInto(small, piece);
      total += piece.length;
    }
    this.#position += total;
    return total === 0 ? null : Buffer.concat(small);
  }

  /** The next piece, if there is room for it behind so many bytes. */
  #small(total: number): Uint8Array | ByteSource | null {
    const piece = this.#pieces[this.#next];
    return piece !== undefined && total + piece.length <= GATHERED_BYTES ? piece : null;
  }

  async #beginLarge(): Promise<Uint8Array | null> {
    const piece = this.#pieces[this.#next];
    if (piece === undefined) return null;
    const start = this.#position;
    this.#next += 1;
    this.#position += piece.length;
    if (piece instanceof Uint8Array) return piece;
    this.#large = { source: piece, start };
    return piece.read();
  }
}

/** Copies, because a source lends its bytes only until it is read again, and so that it gives back what it borrowed. */
async function readInto(small: Uint8Array[], source: ByteSource): Promise<void> {
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) small.push(Uint8Array.from(chunk));
}

/** Reads a source to its end, and closes it; its length is known. Rejects when it breaks. */
export async function readWhole(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const whole = new Uint8Array(source.length);
    let filled = 0;
    for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
      whole.set(chunk, filled);
      filled += chunk.length;
    }
    return whole;
  } finally {
    source.close();
  }
}
