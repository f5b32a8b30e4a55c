// `/raw`: a request exactly as it came, byte for byte: head with the order, case and repetition of its fields, chunks with
// their framing, and trailers.

import type { MaybePromise } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest, type Peer } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import type { BodyTap, Wiretap } from "../http/wiretap.ts";
import { Arguments } from "./arguments.ts";
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

/** A piece of a request, by when it was looked at. */
interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

/** What is known of a client's connection. */
interface ConnectionAge {
  readonly firstAt: number;
  requests: number;
}

const ages = new WeakMap<Peer, ConnectionAge>();
const taps = new WeakMap<HttpRequest, RawTap>();

/** Looks at bodies that go to `/raw`. */
export const tapRaw: Wiretap = (request) => {
  if (request.decodedPath !== RAW_PATH) return null;
  const tap = new RawTap();
  taps.set(request, tap);
  return tap;
};

/** Keeps what comes. */
class RawTap implements BodyTap {
  readonly arrivals: Arrival[] = [];
  isTooMuch = false;
  /** A handler is there, who lets go of what is kept. */
  #isCounted = false;
  #pieces: Uint8Array[] = [];
  #length = 0;

  took(bytes: Uint8Array): void {
    if (this.isTooMuch) return;
    this.isTooMuch =
      this.#length + bytes.length > MOST_BODY_BYTES ||
      openBytes + bytes.length > MOST_OPEN_BYTES ||
      this.arrivals.length >= MOST_READS;
    if (this.isTooMuch) return this.release();
    this.#pieces.push(Uint8Array.prototype.slice.call(bytes));
    this.#length += bytes.length;
    if (this.#isCounted) openBytes += bytes.length;
    this.arrivals.push({ at: performance.now(), bytes: bytes.length });
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

/** Counts the requests of each connection, for `?json`. */
export function countRequest({ peer }: HttpRequest): void {
  const age = ages.get(peer);
  if (age === undefined) ages.set(peer, { firstAt: performance.now(), requests: 1 });
  else age.requests += 1;
}

/** Any method. `?json` adds when each piece came, and the connection's age and number of requests. */
export function showRaw(request: HttpRequest): MaybePromise<HttpResponse> {
  const headAt = performance.now();
  const { body } = request;
  const tap = taps.get(request) ?? null;
  if (body === null) return reply(request, headAt, null);
  tap?.begin();
  const readAll = async (): Promise<HttpResponse> => {
    try {
      while ((await body.read()) !== null);
      return reply(request, headAt, tap);
    } finally {
      body.close();
      tap?.release();
    }
  };
  return readAll();
}

function reply(request: HttpRequest, headAt: number, tap: RawTap | null): HttpResponse {
  if (tap?.isTooMuch) return plainText("A body that is shown as it came may have 1 MiB, framing and all.\n", 413);
  const { method, target, minorVersion, fields } = request;
  const head = Buffer.from(`${method} ${target} HTTP/1.${minorVersion}\r\n${fields.text}\r\n`, "latin1");
  const raw = Buffer.concat([head, tap?.take() ?? new Uint8Array(0)]);
  if (new Arguments(request).text("json") === undefined)
    return new HttpResponse(200, raw).append("Content-Type", "application/octet-stream");
  const arrivals = [{ at: headAt, bytes: head.length }, ...(tap?.arrivals ?? [])];
  const start = Math.min(...arrivals.map(({ at }) => at));
  const age = ages.get(request.peer);
  return jsonReply({
    raw: isText(raw) ? new SentBytes(raw) : { base64: raw.toString("base64") },
    arrivals: arrivals.map(({ at, bytes }) => ({ after_ms: rounded(at - start), bytes })),
    connection: {
      age_ms: rounded(age === undefined ? 0 : headAt - age.firstAt),
      requests: age?.requests ?? 1,
    },
  });
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
