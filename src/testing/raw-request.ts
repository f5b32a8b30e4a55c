// `/raw`: a request exactly as it came, byte for byte: head with the order, case and repetition of its fields, chunks with
// their framing, and trailers.

import type { MaybePromise } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import type { BodyTap, Wiretap } from "../http/wiretap.ts";
import { Arguments } from "./arguments.ts";
import { type Arrival, ConnectionLog, logOf } from "./connection-log.ts";
import { isText, SentBytes } from "./json-text.ts";
import { jsonReply } from "./replies.ts";

/** The path that the tap is about. */
export const RAW_PATH = "/raw";
/** Of a body with its framing. */
const MOST_BODY_BYTES = 1024 * 1024;
/** Of all bodies that are being looked at; past it nobody's is. */
const MOST_OPEN_BYTES = 32 * 1024 * 1024;
const MOST_READS = 10_000;
let openBytes = 0;

const taps = new WeakMap<HttpRequest, RawTap>();

/** Keeps a log of every connection, and looks at requests that go to `/raw`. */
export const tapRaw: Wiretap = {
  opened: (peer) => void new ConnectionLog(peer),
  received: (peer, count) => logOf(peer)?.note(count),
  begun: (request, waiting) => {
    const log = logOf(request.peer);
    if (log === undefined) return null;
    const headEnd = log.received - waiting;
    const tap = request.decodedPath === RAW_PATH ? new RawTap(log, headOf(request).length, headEnd) : null;
    if (tap !== null) taps.set(request, tap);
    log.requests += 1;
    log.forget(headEnd);
    return tap;
  },
};

/** Keeps what comes. */
class RawTap implements BodyTap {
  readonly arrivals: Arrival[];
  isTooMuch = false;
  readonly #log: ConnectionLog;
  /** Where on the connection the body begins. */
  readonly #begin: number;
  /** A handler is there, who lets go of what is kept. */
  #isCounted = false;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** `begin` is how many bytes of the connection came up to the end of the head. */
  constructor(log: ConnectionLog, headBytes: number, begin: number) {
    this.#log = log;
    this.#begin = begin;
    this.arrivals = [...log.arrivals(begin - headBytes, begin)];
  }

  took(bytes: Uint8Array): void {
    if (this.isTooMuch) return;
    this.isTooMuch =
      this.#length + bytes.length > MOST_BODY_BYTES ||
      openBytes + bytes.length > MOST_OPEN_BYTES ||
      this.arrivals.length >= MOST_READS;
    if (this.isTooMuch) return this.release();
    this.#pieces.push(Uint8Array.prototype.slice.call(bytes));
    const from = this.#begin + this.#length;
    this.#length += bytes.length;
    if (this.#isCounted) openBytes += bytes.length;
    this.arrivals.push(...this.#log.arrivals(from, from + bytes.length));
  }

  /** From here on what is kept counts; before, it is a part of one read. */
  begin(): void {
    this.#isCounted = true;
    openBytes += this.#length;
  }

  /** What came, once. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#pieces);
    this.release();
    return bytes;
  }

  release(): void {
    if (this.#isCounted) openBytes -= this.#length;
    this.#length = 0;
    this.#pieces = [];
  }
}

/**
 * Any method. `?json` adds when each read of it came, head and body, from the first of them on, and the connection's age
 * by then, from its opening, and number of requests.
 */
export function showRaw(request: HttpRequest): MaybePromise<HttpResponse> {
  const { body } = request;
  const tap = taps.get(request) ?? null;
  if (body === null) return reply(request, tap);
  tap?.begin();
  const readAll = async (): Promise<HttpResponse> => {
    try {
      while ((await body.read()) !== null);
      return reply(request, tap);
    } finally {
      body.close();
      tap?.release();
    }
  };
  return readAll();
}

function reply(request: HttpRequest, tap: RawTap | null): HttpResponse {
  if (tap?.isTooMuch) return plainText("A body that is shown as it came may have 1 MiB, framing and all.\n", 413);
  const raw = Buffer.concat([headOf(request), tap?.take() ?? new Uint8Array(0)]);
  if (new Arguments(request).text("json") === undefined)
    return new HttpResponse(200, raw).append("Content-Type", "application/octet-stream");
  const arrivals = tap?.arrivals ?? [];
  const log = logOf(request.peer);
  const start = arrivals[0]?.at ?? 0;
  return jsonReply({
    raw: isText(raw) ? new SentBytes(raw) : { base64: new SentBytes(raw, null) },
    arrivals: arrivals.map(({ at, bytes }) => ({ after_ms: rounded(at - start), bytes })),
    connection: {
      age_ms: rounded(log === undefined ? 0 : start - log.openedAt),
      requests: log?.requests ?? 1,
    },
  });
}

function headOf({ method, target, minorVersion, fields }: HttpRequest): Buffer {
  return Buffer.from(`${method} ${target} HTTP/1.${minorVersion}\r\n${fields.text}\r\n`, "latin1");
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
