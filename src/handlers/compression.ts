// What is compressed, and how: in memory for what is small, as a stream for what is not. One coding of one version is
// always the same bytes, as its strong entity tag says.

import type { Transform } from "node:stream";
import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { isWorthCoding, mediaType } from "../http/media-type.ts";
import { HttpResponse } from "../http/message.ts";
import { preferredCoding } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";

/** A content coding that this server can make. */
export type MadeCoding = "gzip" | "zstd";
/** A content coding that it can serve; "br" only from a file beside the file. */
export type Coding = MadeCoding | "br" | "identity";

const UNKNOWN_TYPE = "application/octet-stream";
/** Data of no known kind is compressed up to here only: most of what is larger is compressed already. */
const UNKNOWN_KIND_BYTES = 1024 * 1024;

/** In the server's order, which decides between equal qualities. */
const MADE: readonly MadeCoding[] = ["gzip", "zstd"];
const NONE: readonly MadeCoding[] = [];

/** Up to here one call costs less than a stream, and does not hold up other clients for long (about 1 ms). */
export const CODED_IN_MEMORY_BYTES = 256 * 1024;
/** The fast end of libdeflate: 0.36 of zlib's default time for 7 % more bytes. */
const GZIP_LEVEL = 1;
/** zlib's level 1 is twice as fast, and leaves text 40 % larger. */
const GZIP_STREAM_LEVEL = 3;
const ZSTD_LEVEL = 3;
const STREAM_CHUNK_BYTES = 64 * 1024;
/** A window of 128 KiB: an encoder of 1.6 MiB and not 3.5, for 7 % more bytes. */
const ZSTD_WINDOW_LOG = 17;
/** Stream encoders alive at once, of 0.7 (gzip) or 1.6 MiB (zstd) each, for as long as a client takes to read. */
const MOST_ENCODERS = 32;
let encodersAlive = 0;

/**
 * The content coding for this client, or null when it accepts none that there is (RFC 9110 12.5.3). `available` are
 * those that there are beside identity, the best first.
 */
export function chooseCoding(acceptEncoding: string | undefined, available: readonly Coding[] = MADE): Coding | null {
  if (acceptEncoding === undefined) return "identity";
  return preferredCoding(acceptEncoding, available) as Coding | null;
}

/** The codings that can be made of this file. */
export function codingsOf(name: string, size: number): readonly MadeCoding[] {
  const type = mediaType(name);
  const isMade = isWorthCoding(type) && (type !== UNKNOWN_TYPE || size <= UNKNOWN_KIND_BYTES);
  return isMade ? MADE : NONE;
}

/** Compresses at once. */
export function compress(bytes: Uint8Array<ArrayBuffer>, coding: MadeCoding): Uint8Array {
  return coding === "gzip"
    ? Bun.gzipSync(bytes, { library: "libdeflate", level: GZIP_LEVEL })
    : Bun.zstdCompressSync(bytes, { level: ZSTD_LEVEL });
}

/** The answer to a client that accepts neither identity nor one of these. */
export function notAcceptable(available: readonly Coding[] = MADE): HttpResponse {
  const last = available.at(-1);
  const there =
    last === undefined
      ? "there is only identity"
      : `there are ${["identity", ...available.slice(0, -1)].join(", ")} and ${last}`;
  return plainText(`No content coding is left that you accept; ${there}.\n`, 406).append("Vary", "Accept-Encoding");
}

/** The answer to a client that accepts only what no encoder is free for. */
export function encodersBusy(): HttpResponse {
  return plainText("Too many downloads are being compressed; try again in a moment, or accept identity.\n", 503)
    .append("Retry-After", 1)
    .append("Vary", "Accept-Encoding");
}

/**
 * Compresses a source as it is read, off the event loop; holds its encoder and a few pieces until it is closed. Made only
 * when `canBegin` says so: without an encoder the identity form is sent.
 */
export class CodedSource implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #source: ByteSource;
  readonly #coding: MadeCoding;
  #encoder: Transform | null = null;
  #output: AsyncIterator<Uint8Array> | null = null;
  #isClosed = false;

  constructor(source: ByteSource, coding: MadeCoding) {
    this.#source = source;
    this.#coding = coding;
    encodersAlive += 1;
  }

  /** An encoder is free. */
  static get canBegin(): boolean {
    return encodersAlive < MOST_ENCODERS;
  }

  async read(): Promise<Uint8Array | null> {
    this.#output ??= await this.#begin();
    const { done, value } = await this.#output.next();
    return done === true ? null : value;
  }

  close(): void {
    this.#isClosed = true;
    encodersAlive -= 1;
    this.#discard();
    this.#source.close();
  }

  /** The module is loaded when it is needed first: it takes 5 MiB of memory with all that comes with it. */
  async #begin(): Promise<AsyncIterator<Uint8Array>> {
    const { constants, createGzip, createZstdCompress } = await import("node:zlib");
    const { length } = this.#source;
    const params = {
      [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
      [constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG,
    };
    // With its size known a frame tells it (RFC 8878 3.1.1.1.4), and a decoder can show progress.
    const size = length === UNKNOWN_LENGTH ? {} : { pledgedSrcSize: length };
    const encoder =
      this.#coding === "gzip"
        ? createGzip({ level: GZIP_STREAM_LEVEL, chunkSize: STREAM_CHUNK_BYTES })
        : createZstdCompress({ chunkSize: STREAM_CHUNK_BYTES, params, ...size });
    this.#encoder = encoder;
    if (this.#isClosed) this.#discard();
    else this.#feed(encoder).catch((error: Error) => encoder.destroy(error));
    return encoder[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  #discard(): void {
    // An iterator that waits would reject with "premature close"; nobody listens any more.
    this.#encoder?.on("error", () => {});
    this.#encoder?.destroy();
  }

  /**
   * The next piece is read when the last is compressed. A piece is copied, so that a client that stops reading holds
   * none of the few windows that all file reads share.
   */
  async #feed(encoder: Transform): Promise<void> {
    let offset = 0;
    for (let chunk = await this.#source.read(); chunk !== null; chunk = await this.#source.read()) {
      const piece = Buffer.from(chunk);
      offset += piece.length;
      this.#source.putBack?.(offset);
      await new Promise<void>((resolve, reject) => {
        encoder.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      if (encoder.destroyed) return;
    }
    encoder.end();
  }
}
