// Sizes, durations and counts, as people write them and as they are shown: 8K, 1.5G, 500ms, 10s, 2m, 7d.

/** A text that is not what its flag takes. `expected` ends the sentence "must be …". */
export class Unreadable {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

const KIB = 1024;
const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: KIB, m: KIB ** 2, g: KIB ** 3, t: KIB ** 4 };
/** A number without a unit counts seconds: the unit of `--grace 9` in every other tool. */
const DURATION_UNITS: Readonly<Record<string, number>> = {
  "": 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest duration: what a timer can count (2^31 - 1 ms), rounded down to a number that can be said. */
export const LONGEST_MS = 24 * 24 * 3_600_000;

/** What caches count up to (RFC 9111 1.2.2), 2^31 s, rounded down to hours: for durations that no timer has to wait. */
export const LONGEST_AGE_MS = 596_523 * 3_600_000;

const SIZE_EXAMPLES = "a size such as 4096, 8K, 1.5M or 2G";
const DURATION_EXAMPLES = "a duration such as 500ms, 10s or 2m";

/**
 * A text of a number and a unit as whole base units, or null.
 * A fraction is welcome as long as it is a whole number of base units: 1.5K, but not 1.0001K.
 */
function readQuantity(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text);
  if (match === null) return null;
  const unit = units[(match[2] ?? "").toLowerCase()];
  if (unit === undefined) return null;
  const quantity = Number(match[1]) * unit;
  return Number.isSafeInteger(quantity) ? quantity : null;
}

/** Bytes from 8192, 8K, 1.5M, 2G or 1T (powers of 1024, either case). */
export function readSize(text: string, least = 0): number | Unreadable {
  const bytes = readQuantity(text.replace(/(?<=[kmgt])ib$/i, ""), SIZE_UNITS);
  if (bytes === null) return new Unreadable(SIZE_EXAMPLES);
  return bytes < least ? new Unreadable(`at least ${formatSize(least)}`) : bytes;
}

/** Milliseconds from 500ms, 10s, 2m, 1h or 7d; a number alone counts seconds. */
export function readDuration(text: string, leastMs = 0, mostMs = LONGEST_MS): number | Unreadable {
  const ms = readQuantity(text, DURATION_UNITS);
  if (ms === null) return new Unreadable(DURATION_EXAMPLES);
  if (ms < leastMs) return new Unreadable(`at least ${formatDuration(leastMs)}`);
  return ms > mostMs ? new Unreadable(`at most ${formatDuration(mostMs)}`) : ms;
}

/** A whole number between two bounds, both inclusive. */
export function readCount(text: string, least = 0, most = Number.MAX_SAFE_INTEGER): number | Unreadable {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  const range = most === Number.MAX_SAFE_INTEGER ? `, at least ${least}` : ` from ${least} to ${most}`;
  return new Unreadable(`a whole number${range}`);
}

/** The shortest exact form: 8K, 1G, 1500. */
export function formatSize(bytes: number): string {
  for (const unit of ["t", "g", "m", "k"]) {
    const size = SIZE_UNITS[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit.toUpperCase()}`;
  }
  return String(bytes);
}

/** The shortest exact form: 500ms, 10s, 2m. A minute is written 60s: what most people compare it with is in seconds. */
export function formatDuration(ms: number): string {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0 && ms > 60_000) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
