// Puts faults in front of a dispatch: what a rule, or a request itself, asks to go wrong with the answer. There is none of
// this without `--testing`, and what is the server's own (`/-/`) always works.

import { DeliberateCut, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { type Dispatch, type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { bodyLength } from "../http/response-head.ts";
import type { FaultBook } from "./fault-book.ts";
import { BadFault, type Fault, type FaultPlace, type TimedFault } from "./fault-rule.ts";
import { ConnectionTaken } from "../http/connection-taken.ts";
import { type RawFault, rawAnswer } from "./raw-answer.ts";
import { FaultySource, measure, sourceOf, type Spoiling, UNSPOILED } from "./faulty-source.ts";
import { badRequest } from "./replies.ts";
import { pause, type Timer } from "./timer.ts";

const OWN_PATHS = "/-/";
/** No hang is longer. */
const MOST_HANG_MS = 600_000;
const PAUSED_PIECE_BYTES = 1024;
/** A rate is kept in steps of this. */
const RATE_STEP_MS = 50;
/** Behind the head of a gzip member (RFC 1952 2.3). */
const GZIP_HEAD_BYTES = 10;

/** Which fault a request met: for its record. */
const met = new WeakMap<HttpRequest, string>();

/** The fault that the answer to a request met, as it was written; null when there was none. */
export function faultOf(request: HttpRequest): string | null {
  return met.get(request) ?? null;
}

/** The dispatch with faults in front. `tell` puts each that happens into the log. */
export function faultDispatch(
  dispatch: Dispatch,
  book: FaultBook,
  timer: Timer,
  tell: (line: string) => void,
): Dispatch {
  return (request) => {
    if (request.decodedPath.startsWith(OWN_PATHS)) return dispatch(request);
    const chosen = book.choose(request);
    return chosen instanceof Promise ? chosen.then((fault) => answer(request, fault)) : answer(request, chosen);
  };

  function answer(request: HttpRequest, chosen: TimedFault | BadFault | null): MaybePromise<HttpResponse> {
    if (chosen === null) return dispatch(request);
    if (chosen instanceof BadFault) return badRequest(`A fault must have ${chosen.expected}.`);
    met.set(request, chosen.text);
    tell(`A fault on purpose: ${chosen.text}`);
    return spoil(request, dispatch, chosen, timer);
  }
}

/** Answers, wrongly. Rejects with the cut where there is to be no answer. */
async function spoil(
  request: HttpRequest,
  dispatch: Dispatch,
  chosen: TimedFault,
  timer: Timer,
): Promise<HttpResponse> {
  const { fault, text } = chosen;
  switch (fault.kind) {
    case "delay":
      await pause(timer, fault.ms, request.peer);
      return dispatch(request);
    case "unavailable":
      return plainText("This answer is a fault on purpose.\n", 503).append("Retry-After", fault.retryAfter);
    case "hang":
    case "reset":
    case "close":
      if (fault.at === null) return endWithoutAnswer(request, fault.kind, text, timer);
      return spoilContent(await dispatch(request), fault, text, timer);
    case "early":
      return plainText("This answer came before the request was read.\n", 413);
    case "garbage":
    case "bad-status":
    case "repeat-head":
    case "split-head":
    case "bad-chunk":
    case "half-close":
      return sendRaw(request, await dispatch(request), fault.kind, 0, timer);
    case "length": {
      const response = await dispatch(request);
      const isShort = fault.by < 0 && bodyLength(response.body) !== UNKNOWN_LENGTH;
      if (isShort) return sendRaw(request, response, "short-length", -fault.by, timer);
      return spoilContent(response, fault, text, timer);
    }
    default:
      return spoilContent(await dispatch(request), fault, text, timer);
  }
}

function sendRaw(request: HttpRequest, response: HttpResponse, fault: RawFault, missing: number, timer: Timer): never {
  throw new ConnectionTaken(response.status, (incoming) => {
    incoming.close();
    return rawAnswer(request, response, fault, missing, timer);
  });
}

async function endWithoutAnswer(
  request: HttpRequest,
  end: "hang" | "reset" | "close",
  why: string,
  timer: Timer,
): Promise<HttpResponse> {
  // With bytes unread the kernel would make a reset of any end.
  if (end === "close") await readAway(request);
  if (end === "hang") await pause(timer, MOST_HANG_MS, request.peer);
  throw new DeliberateCut(why, end === "reset" ? "reset" : "close");
}

async function readAway({ body }: HttpRequest): Promise<void> {
  if (body === null) return;
  try {
    while ((await body.read()) !== null);
  } finally {
    body.close();
  }
}

/** The same response with its content spoiled. */
async function spoilContent(response: HttpResponse, fault: Fault, why: string, timer: Timer): Promise<HttpResponse> {
  const { source, length } = await measure(sourceOf(response.body));
  const promised = promisedLength(response, fault);
  const spoiled = new FaultySource(source, promised, spoilingOf(fault, length, response), why, timer);
  const reply = new HttpResponse(response.status, spoiled).appendLines(response.fieldLines);
  return fault.kind === "bad-gzip" ? reply.set("Content-Encoding", "gzip") : reply;
}

function promisedLength(response: HttpResponse, fault: Fault): number {
  const length = bodyLength(response.body);
  switch (fault.kind) {
    case "no-last-chunk":
      return UNKNOWN_LENGTH;
    case "length":
      return length === UNKNOWN_LENGTH ? length : length + fault.by;
    default:
      return length;
  }
}

function spoilingOf(fault: Fault, length: number, { fieldLines }: HttpResponse): Spoiling {
  switch (fault.kind) {
    case "pause":
      return { ...UNSPOILED, pieceBytes: PAUSED_PIECE_BYTES, pauseMs: fault.ms };
    case "rate":
      return { ...UNSPOILED, ...stepsOf(fault.bytesPerSecond) };
    case "hang":
    case "reset":
    case "close":
      return { ...UNSPOILED, until: placeOf(fault.at, length), end: fault.kind };
    case "no-last-chunk":
    case "length":
      return { ...UNSPOILED, end: "close" };
    case "bad-gzip":
      return {
        ...UNSPOILED,
        garbledFrom: /^content-encoding: gzip\r$/im.test(fieldLines) ? GZIP_HEAD_BYTES : Infinity,
      };
    default:
      return UNSPOILED;
  }
}

function stepsOf(bytesPerSecond: number): Pick<Spoiling, "pieceBytes" | "pauseMs"> {
  const pieceBytes = Math.max(1, Math.floor((bytesPerSecond * RATE_STEP_MS) / 1000));
  return { pieceBytes, pauseMs: (1000 * pieceBytes) / bytesPerSecond };
}

function placeOf(place: FaultPlace | null, length: number): number {
  if (place === null) return 0;
  return "bytes" in place ? place.bytes : Math.floor(place.share * length);
}
