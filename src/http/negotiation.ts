// Chooses the form of an answer that a client likes best: its content coding (RFC 9110 12.5.3) and its media type
// (12.5.1). A member of a field that is malformed counts as if it were not there; no field costs more than its length.

import { splitList, trimBlanks } from "./field-syntax.ts";

/** The coding that changes nothing. */
export const IDENTITY = "identity";

/** How much a client wants something: 0 (never) to 1. */
type Quality = number;

/** What each member of a field names, in lower case, and how much it is wanted. */
type Preferences = Map<string, Quality>;

/**
 * The content coding for an answer by the value of Accept-Encoding: one of `available`, "identity", or null when even
 * that is excluded (406). `available` is in the server's order, which decides between equal qualities; a coding that
 * is acceptable at all comes before an identity that is not asked for by name. Of two members with one name the
 * first counts.
 */
export function preferredCoding(acceptEncoding: string | undefined, available: readonly string[]): string | null {
  if (acceptEncoding === undefined || acceptEncoding === "") return IDENTITY;
  const wanted = parsePreferences(acceptEncoding, CODINGS);
  const others = wanted.get("*") ?? 0;
  let best: string | null = null;
  let bestQuality: Quality = 0;
  for (const coding of available) {
    const quality = wanted.get(coding) ?? others;
    if (quality <= bestQuality) continue;
    best = coding;
    bestQuality = quality;
  }
  const identity = wanted.get(IDENTITY);
  if (identity !== undefined) return identity > bestQuality ? IDENTITY : best;
  return best ?? (wanted.get("*") === 0 ? null : IDENTITY);
}

/**
 * The media type for an answer by the value of Accept: one of `available`, or null when none is acceptable. For each
 * type its most specific range counts (RFC 9110 12.5.1); the highest quality wins, then the more specific range, then
 * the server's order. An absent or empty field accepts everything. `available` holds lower-case types without
 * parameters, so a range with one names another representation; only charset=utf-8 is what ours are in anyway.
 */
export function preferredType(accept: string | undefined, available: readonly string[]): string | null {
  if (accept === undefined || accept === "") return available[0] ?? null;
  const wanted = parsePreferences(accept, MEDIA_RANGES);
  let best: string | null = null;
  let bestQuality: Quality = 0;
  let bestSpecificity = 0;
  for (const type of available) {
    const ranges = ["*/*", type.slice(0, type.indexOf("/")) + "/*", type];
    const specificity = ranges.findLastIndex((range) => wanted.has(range));
    const quality = wanted.get(ranges[specificity] ?? "") ?? 0;
    if (quality === 0 || quality < bestQuality) continue;
    if (quality === bestQuality && specificity <= bestSpecificity) continue;
    best = type;
    bestQuality = quality;
    bestSpecificity = specificity;
  }
  return best;
}

/** How the members of a field read. */
interface Grammar {
  /** The name in its one spelling, from lower case; null when it is none. */
  readonly toName: (lowerCase: string) => string | null;
  /** Parameters without a meaning, besides the weight; any other makes the member unusable. */
  readonly ignoredParameter: RegExp | null;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const MEDIA_RANGE = /^[!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** `weight` of RFC 9110 12.4.2. */
const WEIGHT = /^q=(?<quality>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/** `#( codings [ weight ] )`; "x-gzip" is "gzip" (RFC 9110 8.4.1.3). */
const CODINGS: Grammar = {
  toName: (name) => (name === "x-gzip" ? "gzip" : TOKEN.test(name) ? name : null),
  ignoredParameter: null,
};

/** `#( media-range [ weight ] )`; a parameter may be empty (RFC 9110 5.6.6). */
const MEDIA_RANGES: Grammar = {
  toName: (name) => (MEDIA_RANGE.test(name) ? name : null),
  ignoredParameter: /^(?:charset=(?:utf-8|"utf-8"))?$/i,
};

function parsePreferences(field: string, grammar: Grammar): Preferences {
  const wanted: Preferences = new Map();
  for (const member of splitList(field)) {
    const mark = member.indexOf(";");
    const name = grammar.toName(trimBlanks(mark < 0 ? member : member.slice(0, mark)).toLowerCase());
    if (name === null || wanted.has(name)) continue;
    const quality = mark < 0 ? 1 : parseQuality(member.slice(mark + 1), grammar.ignoredParameter);
    if (quality !== null) wanted.set(name, quality);
  }
  return wanted;
}

/** The quality among parameters, 1 when there is none; null when the member is malformed or names something else. */
function parseQuality(parameters: string, ignored: RegExp | null): Quality | null {
  let quality: Quality | null = null;
  for (const text of parameters.split(";")) {
    const parameter = trimBlanks(text);
    if (ignored?.test(parameter)) continue;
    const weight = WEIGHT.exec(parameter);
    if (weight === null || quality !== null) return null;
    quality = Number(weight.groups!["quality"]);
  }
  return quality ?? 1;
}
