// Puts a recorder behind a dispatch: every exchange but those about the recorder itself leaves a record when its answer is
// whole, or will never be.

import type { ByteSource, GivingSource, MaybePromise } from "../http/byte-source.ts";
import { BodyRefused } from "../http/refusal.ts";
import { type Dispatch, type HttpRequest, HttpResponse } from "../http/message.ts";
import { isSource } from "../http/response-head.ts";
import { faultOf } from "./faults.ts";
import type { RecordedBody } from "./recorded-exchange.ts";
import type { ExchangeStore } from "./recorder.ts";
import type { Timer } from "./timer.ts";

/** What is kept of one body. */
const MOST_BODY_BYTES = 64 * 1024;
/** What may be kept of the bodies of all exchanges that are still going on; past it their records have less. */
const MOST_OPEN_BYTES = 32 * 1024 * 1024;
let openBytes = 0;

const NO_BODY: RecordedBody = { length: 0, beginning: "" };
const OWN_PATHS = "/-/";

/** The dispatch with the recorder behind it. */
export function recordDispatch(dispatch: Dispatch, store: ExchangeStore, timer: Timer): Dispatch {
  return (request) => {
    if (request.decodedPath.startsWith(OWN_PATHS)) return dispatch(request);
    const recording = new Recording(request, store, timer);
    const reply = dispatch(request);
    if (!(reply instanceof Promise)) return recording.answered(reply);
    return reply.then(
      (response) => recording.answered(response),
      (error: unknown) => {
        recording.failed(error);
        throw error;
      },
    );
  };
}

/** What becomes of one exchange. */
class Recording {
  readonly #request: HttpRequest;
  readonly #store: ExchangeStore;
  readonly #time: number;
  readonly #startedAt = performance.now();
  /** Taken now: what a connection knows of its client, and the fields, are there no longer than the request. */
  readonly #client: string;
  readonly #fieldLines: string;
  readonly #body: Beginning | null;

  constructor(request: HttpRequest, store: ExchangeStore, timer: Timer) {
    const { body, peer } = request;
    this.#request = request;
    this.#store = store;
    this.#time = timer.now;
    this.#client = peer.address === "" ? "" : `${peer.address}:${peer.port}`;
    this.#fieldLines = request.fields.text;
    this.#body = body === null ? null : new Beginning();
    if (body !== null) watch(body, this.#body, () => {});
  }

  answered(response: HttpResponse): HttpResponse {
    const { body } = response;
    if (!isSource(body)) this.#add(response, this.#isHead ? NO_BODY : wholeBody(body), this.#body?.take());
    // What goes back as it comes is watched already.
    else if (body === this.#request.body) watch(body, null, () => this.#addEcho(response));
    else {
      const sent = new Beginning();
      watch(body, sent, () => this.#add(response, sent.take(), this.#body?.take()));
    }
    return response;
  }

  /** What would be the content is not sent. */
  get #isHead(): boolean {
    return this.#request.method === "HEAD";
  }

  failed(error: unknown): void {
    const response = error instanceof BodyRefused ? new HttpResponse(error.refusal.status) : null;
    this.#add(response, NO_BODY, this.#body?.take());
  }

  #addEcho(response: HttpResponse): void {
    const body = this.#body?.take() ?? NO_BODY;
    this.#add(response, body, body);
  }

  #add(response: HttpResponse | null, responseBody: RecordedBody, body: RecordedBody = NO_BODY): void {
    const { method, target, decodedPath, minorVersion } = this.#request;
    this.#store.add({
      time: this.#time,
      durationMs: performance.now() - this.#startedAt,
      client: this.#client,
      method,
      target,
      path: decodedPath,
      version: `HTTP/1.${minorVersion}`,
      fieldLines: this.#fieldLines,
      body,
      status: response?.status ?? null,
      responseLines: response?.fieldLines ?? "",
      responseBody,
      fault: faultOf(this.#request),
    });
  }
}

/** The beginning of a body that comes in pieces. */
class Beginning {
  readonly #pieces: Uint8Array[] = [];
  #kept = 0;
  #length = 0;

  add(piece: Uint8Array): void {
    // What was put back comes again.
    const known = Math.max(0, this.#kept - this.#length);
    if (this.#kept <= this.#length + piece.length) this.#keep(piece.subarray(known));
    this.#length += piece.length;
  }

  /** The bytes from here on come again. */
  rewind(offset: number): void {
    this.#length = offset;
  }

  /** What was kept; nothing more will come. */
  take(): RecordedBody {
    openBytes -= this.#kept;
    return { length: this.#length, beginning: Buffer.concat(this.#pieces.splice(0)) };
  }

  #keep(bytes: Uint8Array): void {
    const room = Math.min(MOST_BODY_BYTES - this.#kept, MOST_OPEN_BYTES - openBytes);
    if (room <= 0 || bytes.length === 0) return;
    // The piece is its reader's, who may change it.
    const copy = copyOf(bytes, room);
    this.#kept += copy.length;
    openBytes += copy.length;
    this.#pieces.push(copy);
  }
}

/**
 * Looks on while a source is read. On the source itself and not around it: an echo is known by its body being that of the
 * request.
 */
function watch(source: ByteSource | GivingSource, beginning: Beginning | null, closed: () => void): void {
  const read = source.read.bind(source);
  const close = source.close.bind(source);
  let isClosed = false;
  const note = (piece: Uint8Array | null): Uint8Array | null => {
    if (piece !== null) beginning?.add(piece);
    return piece;
  };
  if (beginning !== null)
    source.read = (): MaybePromise<Uint8Array | null> => {
      const piece = read();
      return piece instanceof Promise ? piece.then(note) : note(piece);
    };
  if (beginning !== null && source.putBack !== undefined) {
    const putBack = source.putBack.bind(source);
    source.putBack = (offset) => {
      const isTaken = putBack(offset);
      if (isTaken) beginning.rewind(offset);
      return isTaken;
    };
  }
  source.close = () => {
    close();
    if (!isClosed) closed();
    isClosed = true;
  };
}

function wholeBody(body: string | Uint8Array | null): RecordedBody {
  if (body === null) return NO_BODY;
  const beginning = typeof body === "string" ? body.slice(0, MOST_BODY_BYTES) : copyOf(body, MOST_BODY_BYTES);
  return { length: body.length, beginning };
}

/** The first bytes, in memory of their own. */
function copyOf(bytes: Uint8Array, most: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, 0, most);
}
