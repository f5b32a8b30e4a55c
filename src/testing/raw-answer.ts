// An answer as bytes, for faults that no well-formed answer could have: the head and the framing are written here.

import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { chooseFraming, dateLines, responseHead } from "../http/response-head.ts";
import { sourceOf } from "./faulty-source.ts";
import type { Timer } from "./timer.ts";

/** What is wrong with it. */
export type RawFault =
  | "garbage"
  | "bad-status"
  | "repeat-head"
  | "split-head"
  | "bad-chunk"
  | "half-close"
  /** Content-Length says fewer bytes than there are. */
  | "short-length";

const GARBAGE = "\x00\x01\x02 this is no HTTP \xff\xfe\r\n";
const SPLIT_PAUSE_MS = 1;
const LAST_CHUNK = "0\r\n\r\n";
/** No chunk-size (RFC 9112 7.1). */
const BAD_CHUNK = "xyz\r\n";

/** All bytes of the answer; `missing` is how many the length leaves out. The source closes the response's content. */
export function rawAnswer(
  request: HttpRequest,
  response: HttpResponse,
  fault: RawFault,
  missing: number,
  timer: Timer,
): ByteSource {
  const { method, minorVersion } = request;
  const framing = chooseFraming(method, minorVersion, response);
  const dates = dateLines(new Date(timer.now).toUTCString());
  const head = responseHead(response, method, minorVersion, true, dates);
  const content = sourceOf(response.body);
  const isChunked = framing === "chunked" || (fault === "bad-chunk" && framing === "length");
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield* headPieces(isChunked ? withChunks(head) : head, fault, missing, timer);
    if (framing === "none") return;
    for (let piece = await content.read(); piece !== null; piece = await content.read())
      yield isChunked ? Buffer.concat([latin1(`${piece.length.toString(16)}\r\n`), piece, latin1("\r\n")]) : piece;
    if (isChunked) yield latin1(fault === "bad-chunk" ? BAD_CHUNK : LAST_CHUNK);
  };
  const iterator = pieces();
  return {
    length: UNKNOWN_LENGTH,
    read: async () => {
      const { done, value } = await iterator.next();
      return done === true ? null : value;
    },
    close: () => content.close(),
  };
}

async function* headPieces(head: string, fault: RawFault, missing: number, timer: Timer): AsyncGenerator<Uint8Array> {
  switch (fault) {
    case "garbage":
      return yield latin1(GARBAGE + head);
    case "bad-status":
      return yield latin1(head.replace(/^HTTP\/1\.1 \d+/, "HTTP/1.1 2OO"));
    case "repeat-head":
      return yield latin1(head + head);
    case "short-length":
      return yield latin1(
        head.replace(/(?<=^Content-Length: )\d+/m, (length) => String(Math.max(0, Number(length) - missing))),
      );
    case "split-head":
      for (const char of head) {
        yield latin1(char);
        await new Promise<void>((resolve) => void timer.start(SPLIT_PAUSE_MS, resolve));
      }
      return;
    case "bad-chunk":
    case "half-close":
      yield latin1(head);
  }
}

/** Content of a known length goes in chunks too, so that any answer can have a bad one. */
function withChunks(head: string): string {
  return head.replace(/^Content-Length: \d+$/m, "Transfer-Encoding: chunked");
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
