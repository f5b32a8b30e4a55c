// Bytes in any number and at any pace: `/bytes`, `/stream-bytes`, `/range`, `/drip`, `/stream`, `/delay`.

import { MadeSource } from "../handlers/made-source.ts";
import { type ByteSource, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { evaluatePreconditions, rangeApplies, type Validators } from "../http/precondition.ts";
import { type ByteRange, contentRange, parseRange, unsatisfiedRange } from "../http/range.ts";
import { Arguments, parseCount, parseDuration } from "./arguments.ts";
import { showDelayed } from "./inspection.ts";
import { quoteJson } from "./json-text.ts";
import { paced } from "./paced-source.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import { describeRequest } from "./received-request.ts";
import { badRequest, empty, noSuchPath } from "./replies.ts";
import { pause, type Timer } from "./timer.ts";

const MOST_BYTES = 100 * 1024 * 1024;
const MOST_MS = 60_000;
const MOST_LINES = 100;
const PIECE_BYTES = 10 * 1024;
/** More often no timer is on time. */
const LEAST_PAUSE_MS = 10;
const BINARY = "application/octet-stream";
const ALPHABET = 26;
const FIRST_LETTER = 0x61;
const STAR = 0x2a;

/** GET `/bytes/{n}`, `?seed=`: so many random bytes. */
export function sendBytes(request: HttpRequest, n: string): HttpResponse {
  return sendRandom(request, n, (length) => length);
}

/** GET `/stream-bytes/{n}`, `?seed=&chunk_size=`: the same, without saying how many. */
export function streamBytes(request: HttpRequest, n: string): HttpResponse {
  return sendRandom(request, n, () => UNKNOWN_LENGTH);
}

function sendRandom(request: HttpRequest, n: string, promise: (length: number) => number): HttpResponse {
  const asked = parseCount(n);
  if (asked === null) return noSuchPath("a number of bytes");
  const length = Math.min(asked, MOST_BYTES);
  const parameters = new Arguments(request);
  const pieces = randomPieces(length, pieceBytes(parameters), parameters.seed);
  return new HttpResponse(200, new MadeSource(pieces, promise(length))).append("Content-Type", BINARY);
}

/** What goes out in one piece, and in one chunk where there are chunks. */
function pieceBytes(parameters: Arguments): number {
  return parameters.count("chunk_size", PIECE_BYTES, 1, 64 * 1024);
}

function* randomPieces(length: number, pieceLength: number, seed: bigint | null): Generator<Uint8Array> {
  const twister = seed === null ? null : new MersenneTwister(seed);
  for (let left = length; left > 0; left -= pieceLength) {
    const piece = new Uint8Array(Math.min(pieceLength, left));
    if (twister === null) crypto.getRandomValues(piece);
    else for (let i = 0; i < piece.length; i++) piece[i] = twister.byte();
    yield piece;
  }
}

/** GET `/range/{n}`, `?chunk_size=&duration=`: the alphabet again and again, of which a range may be asked for. */
export function createRange(timer: Timer): (request: HttpRequest, n: string) => HttpResponse {
  return (request, n) => {
    const size = parseCount(n);
    if (size === null || size < 1 || size > MOST_BYTES) return noSuchPath(`a number of bytes from 1 to ${MOST_BYTES}`);
    const validators = { etag: `"range${size}"`, modified: null };
    const describe = (reply: HttpResponse): HttpResponse => {
      return reply.append("ETag", validators.etag).append("Accept-Ranges", "bytes");
    };
    const verdict = evaluatePreconditions(request.method, request.fields, validators, timer.now);
    if (verdict !== "proceed") return describe(empty(verdict === "failed" ? 412 : 304));
    const ranges = chosenRanges(request, validators, size, timer.now);
    if (ranges === "unsatisfiable") return describe(empty(416)).append("Content-Range", unsatisfiedRange(size));
    // One who asks for several may be given all (RFC 9110 14.2).
    const only = ranges === "ignore" || ranges.length > 1 ? null : ranges[0]!;
    const body = letters(only ?? { from: 0, length: size }, new Arguments(request), timer);
    const reply = describe(new HttpResponse(only === null ? 200 : 206, body)).append("Content-Type", BINARY);
    return only === null ? reply : reply.append("Content-Range", contentRange(only, size));
  };
}

function chosenRanges(
  request: HttpRequest,
  validators: Validators,
  size: number,
  now: number,
): ReturnType<typeof parseRange> {
  const { fields, method } = request;
  const field = method === "GET" ? fields.get("range") : undefined;
  if (field === undefined || !rangeApplies(fields.get("if-range"), validators, now)) return "ignore";
  return parseRange(field, size, 1);
}

function letters({ from, length }: ByteRange, parameters: Arguments, timer: Timer): ByteSource {
  const durationMs = parameters.duration("duration", 0, MOST_MS);
  const piece = Math.max(pieceBytes(parameters), Math.ceil(length / mostPieces(durationMs)));
  const count = Math.ceil(length / piece);
  const make = (index: number): Uint8Array => {
    const at = from + index * piece;
    const end = Math.min(at + piece, from + length);
    return Uint8Array.from({ length: end - at }, (_, i) => FIRST_LETTER + ((at + i) % ALPHABET));
  };
  return paced({ count, make }, length, durationMs / count, timer);
}

/** As many as timers can tell apart. */
function mostPieces(durationMs: number): number {
  return durationMs === 0 ? Infinity : Math.max(1, Math.floor(durationMs / LEAST_PAUSE_MS));
}

/** GET `/drip`, `?duration=2&numbytes=10&code=200&delay=0`: so many bytes, spread over the duration. */
export function createDrip(timer: Timer): (request: HttpRequest) => MaybePromise<HttpResponse> {
  return (request) => {
    const parameters = new Arguments(request);
    const length = parseCount(parameters.text("numbytes") ?? "10");
    const status = parameters.count("code", 200, 200, 599);
    const durationMs = parameters.duration("duration", 2000, MOST_MS);
    const delayMs = parameters.duration("delay", 0, MOST_MS);
    if (length === null || length === 0) return badRequest("The number of bytes must be positive.");
    const reply = (): HttpResponse => drip(Math.min(length, MOST_BYTES), durationMs, status, timer);
    return delayMs === 0 ? reply() : pause(timer, delayMs, request.peer).then(reply);
  };
}

function drip(length: number, durationMs: number, status: number, timer: Timer): HttpResponse {
  // Pieces of one byte where that is slow enough; otherwise as few as are needed.
  const fewest = Math.ceil(length / PIECE_BYTES);
  const count = durationMs === 0 ? fewest : Math.max(Math.min(length, mostPieces(durationMs)), fewest);
  const boundary = (index: number): number => Math.floor((index * length) / count);
  const make = (index: number): Uint8Array => new Uint8Array(boundary(index + 1) - boundary(index)).fill(STAR);
  const body = paced({ count, make }, length, durationMs / count, timer);
  return new HttpResponse(status, body).append("Content-Type", BINARY);
}

/** GET `/stream/{n}`: so many lines of JSON, 100 at most. */
export function streamLines(request: HttpRequest, n: string): HttpResponse {
  const asked = parseCount(n);
  if (asked === null) return noSuchPath("a number of lines");
  const described = describeRequest(request);
  const lines = function* (): Generator<Uint8Array> {
    for (let id = 0; id < Math.min(asked, MOST_LINES); id++) yield Buffer.from(`${quoteJson({ ...described, id })}\n`);
  };
  return new HttpResponse(200, new MadeSource(lines(), UNKNOWN_LENGTH)).append("Content-Type", "application/json");
}

/** Any method, `/delay/{s}`: the request as JSON, so many seconds later. */
export function createDelay(timer: Timer): (request: HttpRequest, seconds: string) => MaybePromise<HttpResponse> {
  return (request, seconds) => {
    const ms = parseDuration(seconds);
    if (ms === null) return noSuchPath("a number of seconds");
    return pause(timer, Math.min(ms, MOST_MS), request.peer).then(() => showDelayed(request));
  };
}
