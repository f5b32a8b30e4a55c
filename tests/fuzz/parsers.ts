// The fast parsers against the slow ones, whole and cut.

import { ChunkedDecoder } from "../../src/http/body-decoder.ts";
import type { HeadProgress } from "../../src/http/head-progress.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { INCOMPLETE, REFUSED, RequestHeadParser } from "../../src/http/request-head.ts";
import { readChunkedSlowly } from "../support/slow-chunked.ts";
import { readHeadSlowly, type SlowOutcome } from "../support/slow-request-head.ts";
import { generateChunked, generateHead, mutate } from "./generate.ts";
import type { Random } from "./random.ts";

const parser = new RequestHeadParser(DEFAULT_LIMITS);

/** A sentence about a difference, or null. */
export type Finding = string | null;

/** One head, from generation to verdict. */
export function fuzzHead(random: Random): { readonly raw: string; readonly finding: Finding } {
  const head = generateHead(random);
  const raw = random.oneIn(3) ? head : mutate(random, head);
  return { raw, finding: compareHead(raw, random.below(raw.length + 1)) };
}

/** Compares all parsers on one head, which is also cut at `cut`. */
export function compareHead(raw: string, cut: number): Finding {
  const bytes = Buffer.from(raw, "latin1");
  const whole = readFast(bytes, null, bytes.length);
  const slow = readHeadSlowly(raw, DEFAULT_LIMITS.maxBody);
  // Of what is incomplete the fast parser may know already that it can never become valid.
  const agree = slow === "incomplete" ? typeof whole !== "object" : JSON.stringify(whole) === JSON.stringify(slow);
  if (!agree) return `fast: ${JSON.stringify(whole)}, slow: ${JSON.stringify(slow)}`;
  if (cut === 0) return null;
  const first = readFast(bytes, null, cut);
  const after = first === "incomplete" ? readFast(bytes, parser.progress, bytes.length) : first;
  if (after === "incomplete" && typeof whole === "number") return null;
  return JSON.stringify(after) === JSON.stringify(whole)
    ? null
    : `cut at ${cut}: ${JSON.stringify(after)}, whole: ${JSON.stringify(whole)}`;
}

function readFast(bytes: Buffer, progress: HeadProgress | null, end: number): SlowOutcome {
  const consumed = end === 0 ? INCOMPLETE : parser.parse(bytes, 0, end, progress);
  if (consumed === INCOMPLETE) return "incomplete";
  if (consumed === REFUSED) return parser.refusal.status;
  const { method, target, minorVersion, keepAlive, expectsContinue, bodyLength } = parser;
  return { method, target, minorVersion, consumed, keepAlive, expectsContinue, bodyLength };
}

/** One chunked body, from generation to verdict. */
export function fuzzChunked(random: Random): { readonly raw: string; readonly finding: Finding } {
  const body = generateChunked(random);
  const raw = random.oneIn(3) ? body : mutate(random, body);
  return { raw, finding: compareChunked(raw, random.below(raw.length + 1)) };
}

/** Compares both decoders on one body, which is also cut at `cut`. */
export function compareChunked(raw: string, cut: number): Finding {
  const slow = JSON.stringify(readChunkedSlowly(raw, DEFAULT_LIMITS.maxBody));
  const whole = JSON.stringify(decodeFast([raw]));
  if (whole !== slow) return `fast: ${whole}, slow: ${slow}`;
  const pieces = JSON.stringify(decodeFast([raw.slice(0, cut), raw.slice(cut)]));
  return pieces === whole ? null : `cut at ${cut}: ${pieces}, whole: ${whole}`;
}

function decodeFast(pieces: readonly string[]): ReturnType<typeof readChunkedSlowly> {
  const decoder = new ChunkedDecoder(DEFAULT_LIMITS);
  let content = "";
  let consumed = 0;
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1");
    consumed += decoder.decode(bytes, 0, bytes.length);
    if (decoder.refusal !== null) return decoder.refusal.status;
    content += bytes.toString("latin1", decoder.outputStart, decoder.outputEnd);
    if (decoder.done) return { content, consumed };
  }
  return "incomplete";
}
