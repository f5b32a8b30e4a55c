// The body of several ranges, in the order in which they go out. Small pieces leave together: two hundred ranges of a few
// bytes cost two hundred reads, but not four hundred writes to the socket.

import type { ByteSource } from "../http/byte-source.ts";

/** Pieces up to here are gathered; larger ones go out as they are. */
const GATHERED_BYTES = 64 * 1024;

/** Bytes and sources one behind the other. Closing it closes the sources. */
export class RangesSource implements ByteSource {
  readonly length: number;
  readonly #pieces: readonly (Uint8Array | ByteSource)[];
  #next = 0;
  /** Where in the whole the next piece begins. */
  #position = 0;
  /** The large piece that is being read, and where in the whole it begins; null while pieces are gathered. */
  #large: { readonly source: ByteSource; readonly start: number } | null = null;

  /** `length` is that of all pieces together. */
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
    const source = this.#pieces[this.#next];
    if (source === undefined) return null;
    this.#next += 1;
    // A single head is never so large, so this is a range.
    if (source instanceof Uint8Array) return source;
    this.#large = { source, start: this.#position };
    this.#position += source.length;
    return source.read();
  }
}

/** Copies, because a source lends its bytes only until it is read again, and so that it gives back what it borrowed. */
async function readInto(small: Uint8Array[], source: ByteSource): Promise<void> {
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) small.push(Uint8Array.from(chunk));
}
