// Entity tags as text (RFC 9110 8.8.3).

import { describe, expect, test } from "bun:test";
import { codedTag, parseEntityTags, strongMatch, weakMatch } from "../../src/http/entity-tag.ts";

const comparisons: [why: string, a: string, b: string, strong: boolean, weak: boolean][] = [
  ["both weak and the same", 'W/"1"', 'W/"1"', false, true],
  ["both weak and different", 'W/"1"', 'W/"2"', false, false],
  ["one weak", 'W/"1"', '"1"', false, true],
  ["both strong and the same", '"1"', '"1"', true, true],
  ["both strong and different", '"1"', '"2"', false, false],
  ["the case counts", '"a"', '"A"', false, false],
];

describe("two tags compare", () => {
  test.each(comparisons)("%s", (_why, a, b, strong, weak) => {
    expect([strongMatch(a, b), weakMatch(a, b)]).toEqual([strong, weak]);
    expect([strongMatch(b, a), weakMatch(b, a)]).toEqual([strong, weak]);
  });
});

const lists: [why: string, list: string, etags: readonly string[]][] = [
  ["one", '"a"', ['"a"']],
  ["several, with blanks and empty members", ' "a",, W/"b"\t, ', ['"a"', 'W/"b"']],
  ["commas inside", '"a,b","c"', ['"a,b"', '"c"']],
  ["a blank inside", '"a b"', []],
  ["an empty tag", '""', ['""']],
  ["bytes 0x80 to 0xFF", '"\x80\xff"', ['"\x80\xff"']],
  ["none", "", []],
  ["no quotes", "a", []],
  ["a lower-case weakness", 'w/"a"', []],
  ["two without a comma", '"a" "b"', []],
  ["a good one before a bad one", '"a", b', []],
  ["a quote that is not closed", '"a', []],
];

describe("a list of tags", () => {
  test.each(lists)("of %s", (_why, list, etags) => {
    expect(parseEntityTags(list)).toEqual(etags);
  });

  test("is read in linear time, however hostile", () => {
    expect(parseEntityTags('"a"'.repeat(10_000))).toEqual([]);
    expect(parseEntityTags(" ,".repeat(50_000))).toEqual([]);
  });
});

test("a coded form has a tag of its own, as weak as that of its file", () => {
  expect(codedTag('"a"', "gzip")).toBe('"a-gzip"');
  expect(codedTag('W/"a"', "zstd")).toBe('W/"a-zstd"');
});
