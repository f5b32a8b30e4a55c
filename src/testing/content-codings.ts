// `/gzip`, `/deflate`, `/brotli`, `/zstd`: an answer in one content coding, whatever the client accepts.

import { brotliCompressSync, constants, deflateSync } from "node:zlib";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { printJson } from "./json-text.ts";
import { headersOf, originOf } from "./received-request.ts";

/** A coding, what the answer calls it, and how it is made. */
interface Coding {
  readonly name: string;
  /** The member of the answer that is true. */
  readonly mark: string;
  readonly encode: (bytes: Buffer<ArrayBuffer>) => Uint8Array;
}

const QUICK_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** By the path that gives them. */
export const CODINGS = {
  gzip: { name: "gzip", mark: "gzipped", encode: (bytes) => Bun.gzipSync(bytes) },
  // The "zlib" format, as RFC 9110 8.4.1.2 has it, and not bare deflate data.
  deflate: { name: "deflate", mark: "deflated", encode: (bytes) => deflateSync(bytes) },
  brotli: { name: "br", mark: "brotli", encode: (bytes) => brotliCompressSync(bytes, QUICK_BROTLI) },
  zstd: { name: "zstd", mark: "zstd", encode: (bytes) => Bun.zstdCompressSync(bytes) },
} as const satisfies Record<string, Coding>;

/** GET. */
export function sendCoded(coding: Coding): (request: HttpRequest) => HttpResponse {
  return (request) => {
    const { method } = request;
    const text = [
      ...printJson({ headers: headersOf(request), method, origin: originOf(request), [coding.mark]: true }),
    ].join("");
    return new HttpResponse(200, coding.encode(Buffer.from(`${text}\n`, "latin1")))
      .append("Content-Type", "application/json")
      .append("Content-Encoding", coding.name);
  };
}
