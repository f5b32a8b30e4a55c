// What is compressed, and how: gzip in memory for what is small, as a stream for what is not.

import { createGzip, type Gzip } from "node:zlib";
import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HttpResponse } from "../http/message.ts";
import { preferredCoding } from "../http/negotiation.ts";

/** Up to here one call costs less than a stream, and does not hold up other clients for long (about 1 ms). */
export const GZIP_IN_MEMORY_BYTES = 256 * 1024;
/** The fast end of libdeflate: 0.36 of zlib's default time for 7 % more bytes. */
const MEMORY_LEVEL = 1;
const STREAM_LEVEL = 1;

/** The content coding for this client: "gzip", "identity", or null when it accepts neither (RFC 9110 12.5.3). */
export function chooseCoding(acceptEncoding: string | undefined): "gzip" | "identity" | null {
  return preferredCoding(acceptEncoding, ["gzip"]) as "gzip" | "identity" | null;
}

/** Compresses at once. */
export function gzip(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  return Bun.gzipSync(bytes, { library: "libdeflate", level: MEMORY_LEVEL });
}

/** The answer to a client that accepts no coding that there is. */
export function notAcceptable(): HttpResponse {
  return new HttpResponse(406, "No content coding is left that you accept; this has identity and gzip.\n")
    .set("Content-Type", "text/plain")
    .set("Vary", "Accept-Encoding");
}

/** Compresses a source as it is read, off the event loop; holds no more than a few windows. */
export class GzipSource implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #source: ByteSource;
  readonly #gzip: Gzip = createGzip({ level: STREAM_LEVEL, chunkSize: 64 * 1024 });
  readonly #output: AsyncIterator<Uint8Array>;
  #hasBegun = false;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#output = this.#gzip[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async read(): Promise<Uint8Array | null> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#feed().catch((error: Error) => this.#gzip.destroy(error));
    }
    const { done, value } = await this.#output.next();
    return done === true ? null : value;
  }

  close(): void {
    // An iterator that waits would reject with "premature close"; nobody listens any more.
    this.#gzip.on("error", () => {});
    this.#gzip.destroy();
    this.#source.close();
  }

  /** The source may reuse its window, so each piece is compressed before the next is read. */
  async #feed(): Promise<void> {
    for (let chunk = await this.#source.read(); chunk !== null; chunk = await this.#source.read()) {
      const piece = chunk;
      await new Promise<void>((resolve, reject) => {
        this.#gzip.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      if (this.#gzip.destroyed) return;
    }
    this.#gzip.end();
  }
}
