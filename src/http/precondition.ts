// Decides whether a request may act on what is there now (RFC 9110 13): by tags or dates, and in which order they count.
// A date that is none is ignored; a list of entity tags that is malformed names nothing.

import { parseEntityTags, strongMatch, weakMatch } from "./entity-tag.ts";
import type { FieldSection } from "./field-section.ts";
import { parseHttpDate } from "./http-date.ts";

const SECOND_MS = 1000;

/** Every field that `evaluatePreconditions` looks at. */
export const PRECONDITION_FIELDS: readonly string[] = [
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
];

/** What identifies the representation that is there now. */
export interface Validators {
  /** An entity tag, with its quotes. */
  readonly etag: string;
  /** Other tags under which a client may know the same version, such as those of its coded forms. */
  readonly alternatives?: readonly string[];
  /** Milliseconds since the epoch; null when nobody knows, and then no date counts (RFC 9110 13.1.3, 13.1.4). */
  readonly modified: number | null;
}

/** "not-modified" is a 304, "failed" a 412. */
export type PreconditionResult = "proceed" | "not-modified" | "failed";

/**
 * Judges If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 13.2.2; If-Range
 * is `rangeApplies`. `current` is null when nothing is there. Ask only when the answer would otherwise be a success:
 * anything else outranks a precondition (13.2.1). `now` (milliseconds) decides the century of two-digit years.
 */
export function evaluatePreconditions(
  method: string,
  fields: FieldSection,
  current: Validators | null,
  now: number,
): PreconditionResult {
  const isRead = method === "GET" || method === "HEAD";
  const ifMatch = fields.get("if-match");
  if (ifMatch !== undefined) {
    if (!listNames(ifMatch, current, strongMatch)) return "failed";
  } else if (isModifiedSince(fields.get("if-unmodified-since"), current, now) === true) return "failed";

  const ifNoneMatch = fields.get("if-none-match");
  if (ifNoneMatch !== undefined) {
    if (!listNames(ifNoneMatch, current, weakMatch)) return "proceed";
    return isRead ? "not-modified" : "failed";
  }
  if (isRead && isModifiedSince(fields.get("if-modified-since"), current, now) === false) return "not-modified";
  return "proceed";
}

/**
 * Whether the Range field counts, by the value of If-Range (RFC 9110 13.1.5). A date counts only when it is exactly
 * the time of the last modification and that second is over at `now` (milliseconds since the epoch): within it the
 * bytes may have changed once more (8.8.2.2).
 */
export function rangeApplies(ifRange: string | undefined, validators: Validators, now: number): boolean {
  if (ifRange === undefined) return true;
  const date = parseHttpDate(ifRange, now);
  if (date === null) return strongMatch(ifRange, validators.etag);
  const { modified } = validators;
  return modified !== null && date === wholeSecond(modified) && now - modified >= SECOND_MS;
}

/** Whether an If-Match or If-None-Match names what is there. A list that is malformed anywhere names nothing. */
function listNames(list: string, current: Validators | null, match: typeof strongMatch): boolean {
  if (current === null) return false;
  if (list === "*") return true;
  const known = [current.etag, ...(current.alternatives ?? [])];
  return parseEntityTags(list).some((etag) => known.some((each) => match(etag, each)));
}

/** Null when there is nothing to compare: no field, no date in it or of what is there, or nothing there. */
function isModifiedSince(field: string | undefined, current: Validators | null, now: number): boolean | null {
  const modified = current?.modified ?? null;
  if (field === undefined || modified === null) return null;
  const date = parseHttpDate(field, now);
  // A date has no fraction of a second: what was modified within its second is as old as it.
  return date === null ? null : wholeSecond(modified) > date;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}
