// A fault as people write it: what goes wrong, where, how often, and with which requests.
//
//   reset@50%                     the fault alone, as one request may ask for it
//   GET /files/* reset@50% p=0.1 seed=7      a rule: perhaps a method, a pattern of paths, the fault, when

import { isToken } from "../http/field-syntax.ts";
import { parseCount, parseDuration } from "./arguments.ts";
import { fitsGlob, MOST_GLOB_CHARS } from "./path-glob.ts";

/** A place in the content of an answer: so many bytes, or a share of them from 0 to 1. */
export type FaultPlace = { readonly bytes: number } | { readonly share: number };

/**
 * What goes wrong. `hang`, `reset` and `close` without a place, `early` and `503` are in place of an answer: the request is
 * not carried out, so that what fails twice was done once when it works. All others spoil the answer to a request that
 * was carried out; `reset@0` is the reset of one that was.
 */
export type Fault =
  /** The answer comes later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** So long between two pieces of content. */
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "rate"; readonly bytesPerSecond: number }
  /** Nothing more comes, and nothing ends. */
  | { readonly kind: "hang"; readonly at: FaultPlace | null }
  /** The connection ends in a reset. */
  | { readonly kind: "reset"; readonly at: FaultPlace | null }
  /** The connection ends in order, too early. */
  | { readonly kind: "close"; readonly at: FaultPlace | null }
  /** Content-Length says so many bytes more than there are, or fewer. */
  | { readonly kind: "length"; readonly by: number }
  /** Another answer altogether, to a request that was not carried out. */
  | { readonly kind: "unavailable"; readonly retryAfter: number }
  | { readonly kind: PlainFault };

/** Those that take no argument. */
const PLAIN_FAULTS = [
  "bad-chunk",
  "no-last-chunk",
  "bad-gzip",
  "half-close",
  "garbage",
  "bad-status",
  "repeat-head",
  "split-head",
  "early",
] as const;
type PlainFault = (typeof PLAIN_FAULTS)[number];

/** When it goes wrong. */
export interface FaultTiming {
  /** The share of the requests. */
  readonly probability: number;
  /** What the chance begins with; null for a new one each time. */
  readonly seed: bigint | null;
  /** Only so many requests of a key, behind those of `after`. */
  readonly first: number;
  /** So many requests of a key are answered well before. */
  readonly after: number;
  /** The lower-case field whose value is the key; null when the path is. */
  readonly key: string | null;
}

/** A fault and when it happens. */
export interface TimedFault extends FaultTiming {
  /** As it was written. */
  readonly text: string;
  readonly fault: Fault;
}

/** A fault for all requests of a kind. */
export interface FaultRule extends TimedFault {
  /** Null for every method. */
  readonly method: string | null;
  /** A pattern for the decoded path. */
  readonly path: string;
}

/** What should have been written. */
export class BadFault {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

const MOST_TEXT_CHARS = 2000;
const MOST_MS = 600_000;
const METHOD = /^[A-Z]{1,20}$/;
const MOST_KEY_CHARS = 100;

/** Reads `[METHOD] PATH FAULT [OPTION…]`. */
export function parseFaultRule(text: string): FaultRule | BadFault {
  if (text.length > MOST_TEXT_CHARS) return new BadFault(`at most ${MOST_TEXT_CHARS} chars`);
  const words = text.trim().split(/\s+/);
  const method = METHOD.test(words[0] ?? "") ? words.shift()! : null;
  const path = words.shift() ?? "";
  if (!/^[/*]/.test(path) || path.length > MOST_GLOB_CHARS)
    return new BadFault("a path and a fault: GET /files/* reset@50% p=0.1");
  const timed = parseTimedFault(words.join(" "));
  return timed instanceof BadFault ? timed : { ...timed, text: text.trim(), method, path };
}

/** Reads `FAULT [OPTION…]`. */
export function parseTimedFault(text: string): TimedFault | BadFault {
  if (text.length > MOST_TEXT_CHARS) return new BadFault(`at most ${MOST_TEXT_CHARS} chars`);
  const [name = "", ...options] = text.trim().split(/\s+/);
  const fault = parseFault(name);
  if (fault instanceof BadFault) return fault;
  const timing = parseTiming(options);
  return timing instanceof BadFault ? timing : { ...timing, fault, text: text.trim() };
}

function parseFault(word: string): Fault | BadFault {
  const at = word.indexOf("@");
  const kind = at < 0 ? word : word.slice(0, at);
  const argument = at < 0 ? null : word.slice(at + 1);
  switch (kind) {
    case "delay":
    case "pause": {
      const ms = parseDuration(argument ?? "");
      return ms === null ? new BadFault(`a time: ${kind}@500ms`) : { kind, ms: Math.min(ms, MOST_MS) };
    }
    case "rate": {
      const bytesPerSecond = parseSize(argument ?? "");
      return bytesPerSecond ? { kind, bytesPerSecond } : new BadFault("bytes a second: rate@10K");
    }
    case "hang":
    case "reset":
    case "close": {
      const place = argument === null ? null : parsePlace(argument);
      return place instanceof BadFault ? place : { kind, at: place };
    }
    case "truncate": {
      const place = parsePlace(argument ?? "50%");
      return place instanceof BadFault ? place : { kind: "close", at: place };
    }
    case "length": {
      const match = /^(?<sign>[+-])(?<count>\d{1,9})$/.exec(argument ?? "");
      if (match === null) return new BadFault("a difference: length@+10 or length@-10");
      return { kind, by: Number(match[0]) };
    }
    case "503": {
      const retryAfter = argument === null ? 1 : parseCount(argument);
      return retryAfter === null
        ? new BadFault("seconds: 503@5")
        : { kind: "unavailable", retryAfter: Math.min(retryAfter, Number.MAX_SAFE_INTEGER) };
    }
    default: {
      const plain = PLAIN_FAULTS.find((each) => each === word);
      return plain === undefined ? new BadFault(`one of ${FAULT_WORDS}`) : { kind: plain };
    }
  }
}

const FAULT_WORDS = `delay@TIME, pause@TIME, rate@SIZE, hang, reset, close, truncate, length@+N, 503, ${PLAIN_FAULTS.join(", ")}`;

function parsePlace(text: string): FaultPlace | BadFault {
  const share = /^(?<percent>\d{1,3}(?:\.\d{1,3})?)%$/.exec(text)?.groups?.["percent"];
  if (share !== undefined && Number(share) <= 100) return { share: Number(share) / 100 };
  const bytes = parseSize(text);
  return bytes === null ? new BadFault("a place in the content: reset@1000 or reset@50%") : { bytes };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function parseSize(text: string): number | null {
  const match = /^(?<count>\d{1,12})(?<unit>[KMG]?)$/.exec(text);
  return match === null ? null : Number(match.groups!["count"]) * UNIT_BYTES[match.groups!["unit"]!]!;
}

function parseTiming(options: readonly string[]): FaultTiming | BadFault {
  let timing: FaultTiming = { probability: 1, seed: null, first: Infinity, after: 0, key: null };
  for (const option of options) {
    const change = parseOption(option);
    if (change instanceof BadFault) return change;
    timing = { ...timing, ...change };
  }
  return timing;
}

function parseOption(option: string): Partial<FaultTiming> | BadFault {
  const equals = option.indexOf("=");
  const value = option.slice(equals + 1);
  switch (option.slice(0, Math.max(0, equals))) {
    case "p": {
      const probability = /^(?:[01]|[01]?\.\d{1,9})$/.test(value) ? Number(value) : 2;
      return probability > 1 ? new BadFault("a probability from 0 to 1: p=0.1") : { probability };
    }
    case "seed":
      return /^-?\d{1,40}$/.test(value) ? { seed: BigInt(value) } : new BadFault("a whole number: seed=7");
    case "first": {
      const first = parseCount(value);
      return first === null ? new BadFault("a number of requests: first=2") : { first };
    }
    case "after": {
      const after = parseCount(value);
      return after === null ? new BadFault("a number of requests: after=3") : { after };
    }
    case "key":
      return isToken(value) && value.length <= MOST_KEY_CHARS
        ? { key: value.toLowerCase() }
        : new BadFault("the name of a field: key=X-Test");
    default:
      return new BadFault("options p=, seed=, first=, after= and key=");
  }
}

/** Whether a rule is about requests of this method and decoded path. */
export function isAbout({ method, path }: FaultRule, askedMethod: string, askedPath: string): boolean {
  return (method === null || method === askedMethod) && fitsGlob(path, askedPath);
}
