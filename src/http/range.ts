// Decides which bytes of a representation a Range field asks for (RFC 9110 14.1 and 14.2). A field that is not
// understood to the last char is ignored, as the RFC wants; no field makes more work than its own length.

/** Some bytes of a representation: `length`, at least 1, from the offset `from`. */
export interface ByteRange {
  readonly from: number;
  readonly length: number;
}

/** The fields that ask for a part (RFC 9110 13.1.5, 14.2). */
export const RANGE_FIELDS: readonly string[] = ["range", "if-range"];

const BYTES_UNIT = /^bytes=/i;
/** `int-range` or `suffix-range`, with the white space of a list around it. */
const RANGE_SPEC = /^[ \t]*(?:(?<first>\d+)-(?<last>\d*)|-(?<suffix>\d+))[ \t]*$/;
const EMPTY_ELEMENT = /^[ \t]*$/;

/** A range that asks for nothing that is there. */
const OUTSIDE = null;

/**
 * The ranges that the value of a Range field selects of `size` bytes; never an empty list. Ranges that overlap or
 * touch are one range, at the place of the first of them (RFC 9110 15.3.7.2).
 *
 * "ignore" means all bytes with 200: another unit, bad syntax, more than `maxRanges` ranges, or a representation
 * without bytes. Of none there is no range that Content-Range can express, and a proxy that fetches in slices would turn
 * 416 into an error (RFC 9110 14.2 lets a server ignore the field). "unsatisfiable" means 416.
 */
export function parseRange(
  field: string,
  size: number,
  maxRanges: number,
): readonly ByteRange[] | "ignore" | "unsatisfiable" {
  if (size === 0 || !BYTES_UNIT.test(field)) return "ignore";
  const satisfiable: ByteRange[] = [];
  let specs = 0;
  for (const element of field.slice("bytes=".length).split(",")) {
    if (EMPTY_ELEMENT.test(element)) continue;
    const spec = RANGE_SPEC.exec(element);
    specs += 1;
    if (spec === null || specs > maxRanges) return "ignore";
    const { first, last, suffix } = spec.groups!;
    if (first !== undefined && isBackward(first, last!)) return "ignore";
    const range = first === undefined ? suffixRange(suffix!, size) : intRange(first, last!, size);
    if (range !== OUTSIDE) satisfiable.push(range);
  }
  if (specs === 0) return "ignore";
  if (satisfiable.length === 0) return "unsatisfiable";
  return satisfiable.length === 1 ? satisfiable : merge(satisfiable);
}

/** The value of Content-Range in a 206, or in one of its parts (RFC 9110 14.4). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.from}-${range.from + range.length - 1}/${size}`;
}

/** The value of Content-Range in a 416 (RFC 9110 15.5.17). */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}

/** Past 2^53 a position loses digits but stays behind every byte there is. */
function intRange(first: string, last: string, size: number): ByteRange | null {
  const from = Number(first);
  if (from >= size) return OUTSIDE;
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { from, length: end - from };
}

function suffixRange(suffix: string, size: number): ByteRange | null {
  const length = Math.min(Number(suffix), size);
  return length > 0 ? { from: size - length, length } : OUTSIDE;
}

/** Whether the last position is before the first. Compared as text: two numbers past 2^53 can look the same. */
function isBackward(first: string, last: string): boolean {
  if (last === "") return false;
  const from = withoutZeros(first);
  const to = withoutZeros(last);
  return from.length === to.length ? to < from : to.length < from.length;
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, "");
}

/** One range instead of several that overlap or touch, in the order in which the field first named each. */
function merge(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const rows = ranges.map(({ from, length }, place) => ({ from, end: from + length, place }));
  rows.sort((a, b) => a.from - b.from);
  const merged: typeof rows = [];
  for (const row of rows) {
    const before = merged.at(-1);
    if (before === undefined || row.from > before.end) {
      merged.push(row);
      continue;
    }
    before.end = Math.max(before.end, row.end);
    before.place = Math.min(before.place, row.place);
  }
  merged.sort((a, b) => a.place - b.place);
  return merged.map(({ from, end }) => ({ from, length: end - from }));
}
