// Puts a recorder behind a dispatch: every exchange but those about the recorder itself leaves a record when its answer is
// whole, or will never be.

import type { ByteSource, GivingSource, MaybePromise } from "../http/byte-source.ts";
import { BodyRefused } from "../http/refusal.ts";
import { type Dispatch, type HttpRequest, HttpResponse } from "../http/message.ts";
import { isSource } from "../http/response-head.ts";
import { faultOf } from "./faults.ts";
import type { RecordedBody, RecordedExchange } from "./recorded-exchange.ts";
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
    const begin = { time: timer.now, startedAt: performance.now(), clientAddress: request.clientAddress };
    if (request.body !== null) return recordLater(request, dispatch, store, begin);
    const reply = dispatch(request);
    // Nearly every exchange is over here, and costs one record.
    if (!(reply instanceof Promise) && !isSource(reply.body)) {
      store.add(recordOf(request, reply, begin, NO_BODY, wholeBody(request.method, reply.body)));
      return reply;
    }
    const recording = new Recording(request, store, begin);
    return reply instanceof Promise ? recording.follow(reply) : recording.answered(reply);
  };
}

function recordLater(
  request: HttpRequest,
  dispatch: Dispatch,
  store: ExchangeStore,
  begin: Beginning,
): ReturnType<Dispatch> {
  const recording = new Recording(request, store, begin);
  const reply = dispatch(request);
  return reply instanceof Promise ? recording.follow(reply) : recording.answered(reply);
}

/** When an exchange began, by the calendar and by a clock that never jumps, and with whom: nobody knows once he left. */
interface Beginning {
  readonly time: number;
  readonly startedAt: number;
  readonly clientAddress: string;
}

function recordOf(
  request: HttpRequest,
  response: HttpResponse | null,
  { time, startedAt, clientAddress }: Beginning,
  body: RecordedBody,
  responseBody: RecordedBody,
): RecordedExchange {
  const { method, target, decodedPath, minorVersion, clientPort, fields } = request;
  return {
    time,
    durationMs: performance.now() - startedAt,
    clientAddress,
    clientPort,
    method,
    target,
    path: decodedPath,
    minorVersion,
    fieldLines: fields.text,
    body,
    status: response === null ? null : response.status,
    responseLines: response === null ? "" : response.fieldLines,
    responseBody,
    fault: faultOf(request),
    refusal: null,
  };
}

/** What becomes of an exchange that is not over at once. */
class Recording {
  readonly #request: HttpRequest;
  readonly #store: ExchangeStore;
  readonly #begin: Beginning;
  /** Taken now: the fields are there no longer than the request. */
  readonly #fieldLines: string;
  readonly #body: GatheredBody | null;

  constructor(request: HttpRequest, store: ExchangeStore, begin: Beginning) {
    this.#request = request;
    this.#store = store;
    this.#begin = begin;
    this.#fieldLines = request.fields.text;
    this.#body = request.body === null ? null : new GatheredBody();
    if (request.body !== null) watch(request.body, this.#body, () => {});
  }

  follow(reply: Promise<HttpResponse>): Promise<HttpResponse> {
    return reply.then(
      (response) => this.answered(response),
      (error: unknown) => {
        const response = error instanceof BodyRefused ? new HttpResponse(error.refusal.status) : null;
        this.#add(response, NO_BODY, this.#body?.take());
        throw error;
      },
    );
  }

  answered(response: HttpResponse): HttpResponse {
    const { body } = response;
    if (!isSource(body)) this.#add(response, wholeBody(this.#request.method, body), this.#body?.take());
    // What goes back as it comes is watched already.
    else if (body === this.#request.body) watch(body, null, () => this.#addEcho(response));
    else {
      const sent = new GatheredBody();
      watch(body, sent, () => this.#add(response, sent.take(), this.#body?.take()));
    }
    return response;
  }

  #addEcho(response: HttpResponse): void {
    const body = this.#body?.take() ?? NO_BODY;
    this.#add(response, body, body);
  }

  #add(response: HttpResponse | null, responseBody: RecordedBody, body: RecordedBody = NO_BODY): void {
    const record = recordOf(this.#request, response, this.#begin, body, responseBody);
    this.#store.add({ ...record, fieldLines: this.#fieldLines });
  }
}

/** The beginning of a body that comes in pieces. */
class GatheredBody {
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
function watch(source: ByteSource | GivingSource, gathered: GatheredBody | null, closed: () => void): void {
  const read = source.read.bind(source);
  const close = source.close.bind(source);
  let isClosed = false;
  const note = (piece: Uint8Array | null): Uint8Array | null => {
    if (piece !== null) gathered?.add(piece);
    return piece;
  };
  if (gathered !== null)
    source.read = (): MaybePromise<Uint8Array | null> => {
      const piece = read();
      return piece instanceof Promise ? piece.then(note) : note(piece);
    };
  if (gathered !== null && source.putBack !== undefined) {
    const putBack = source.putBack.bind(source);
    source.putBack = (offset) => {
      const isTaken = putBack(offset);
      if (isTaken) gathered.rewind(offset);
      return isTaken;
    };
  }
  source.close = () => {
    close();
    if (!isClosed) closed();
    isClosed = true;
  };
}

function wholeBody(method: string, body: string | Uint8Array | null): RecordedBody {
  // What would be the content is not sent for HEAD.
  if (body === null || method === "HEAD") return NO_BODY;
  const beginning = typeof body === "string" ? body.slice(0, MOST_BODY_BYTES) : copyOf(body, MOST_BODY_BYTES);
  return { length: body.length, beginning };
}

/** The first bytes, in memory of their own. */
function copyOf(bytes: Uint8Array, most: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, 0, most);
}
