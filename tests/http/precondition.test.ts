// Preconditions (RFC 9110 13): each field alone, their order, and the two ways to compare entity tags.

import { describe, expect, test } from "bun:test";
import {
  evaluatePreconditions,
  type PreconditionResult,
  rangeApplies,
  type Validators,
} from "../../src/http/precondition.ts";
import { fieldsOf } from "../support/request.ts";
import { processorMs } from "../support/processor-time.ts";

const CURRENT: Validators = { etag: '"v1"', modified: Date.UTC(2026, 0, 15, 10, 30, 0, 789) };
const WEAK: Validators = { etag: 'W/"v1"', modified: CURRENT.modified };
const BEFORE = "Thu, 15 Jan 2026 10:29:59 GMT";
const SAME = "Thu, 15 Jan 2026 10:30:00 GMT";
const AFTER = "Thu, 15 Jan 2026 10:30:01 GMT";

type Fields = Record<string, string>;

function evaluate(method: string, fields: Fields, current: Validators | null): PreconditionResult {
  return evaluatePreconditions(method, fieldsOf(fields), current, Date.now());
}

const ifMatch: [why: string, list: string, result: PreconditionResult][] = [
  ["the same tag", '"v1"', "proceed"],
  ["another tag", '"v2"', "failed"],
  ["the same tag, weak", 'W/"v1"', "failed"],
  ["the same tag among others", '"a", "v1", "b"', "proceed"],
  ["the same tag among others without white space", '"a","v1","b"', "proceed"],
  ["empty elements", ' ,, \t"v1" ,,', "proceed"],
  ["a tag with a comma inside", '"a,b", "v1"', "proceed"],
  ["a tag that holds the other as text", '"\\"v1\\""', "failed"],
  ["any", "*", "proceed"],
  ["nothing", "", "failed"],
  ["only commas", ", ,", "failed"],
  ["any beside a tag", '*, "v1"', "failed"],
  ["a tag without quotes", "v1", "failed"],
  ["a tag without its end", '"v1', "failed"],
  ["a malformed tag behind the same", '"v1", v2', "failed"],
  ["a malformed tag before the same", 'v2, "v1"', "failed"],
  ["two tags without a comma", '"v1" "v2"', "failed"],
  ["two tags without anything between", '"v1""v2"', "failed"],
  ["a weak mark in lower case", 'w/"v1"', "failed"],
  ["a space behind the weak mark", 'W/ "v1"', "failed"],
  ["a control char inside of a tag", '"v\x011", "v1"', "failed"],
  ["a space inside of a tag", '"v 1", "v1"', "failed"],
];

const ifNoneMatch: [why: string, method: string, list: string, result: PreconditionResult][] = [
  ["GET of the same", "GET", '"v1"', "not-modified"],
  ["HEAD of the same", "HEAD", '"v1"', "not-modified"],
  ["PUT of the same", "PUT", '"v1"', "failed"],
  ["DELETE of the same", "DELETE", '"v1"', "failed"],
  ["POST of the same", "POST", '"v1"', "failed"],
  ["a method in lower case is another method", "get", '"v1"', "failed"],
  ["GET of another", "GET", '"v2"', "proceed"],
  ["PUT of another", "PUT", '"v2"', "proceed"],
  ["GET of the same, weak", "GET", 'W/"v1"', "not-modified"],
  ["GET of the same among others", "GET", '"a", W/"v1"', "not-modified"],
  ["GET of any", "GET", "*", "not-modified"],
  ["PUT of any", "PUT", "*", "failed"],
  ["GET of nothing", "GET", "", "proceed"],
  ["GET of a tag without quotes", "GET", "v1", "proceed"],
  ["GET of a list with a malformed tag", "GET", '"v1", v2', "proceed"],
];

const dates: [why: string, method: string, fields: Fields, result: PreconditionResult][] = [
  ["modified since before", "GET", { "if-modified-since": BEFORE }, "proceed"],
  ["not modified since its own second, whatever the fraction", "GET", { "if-modified-since": SAME }, "not-modified"],
  ["not modified since after", "GET", { "if-modified-since": AFTER }, "not-modified"],
  [
    "not modified since a date to come",
    "GET",
    { "if-modified-since": "Fri, 31 Dec 2100 23:59:59 GMT" },
    "not-modified",
  ],
  ["not modified, HEAD", "HEAD", { "if-modified-since": SAME }, "not-modified"],
  ["If-Modified-Since does not count for PUT", "PUT", { "if-modified-since": SAME }, "proceed"],
  ["If-Modified-Since that is no date", "GET", { "if-modified-since": "today" }, "proceed"],
  ["If-Modified-Since with two dates", "GET", { "if-modified-since": `${SAME}, ${SAME}` }, "proceed"],
  [
    "If-Modified-Since in the RFC 850 format",
    "GET",
    { "if-modified-since": "Thursday, 15-Jan-26 10:30:00 GMT" },
    "not-modified",
  ],
  [
    "If-Modified-Since in the asctime format",
    "GET",
    { "if-modified-since": "Thu Jan 15 10:30:00 2026" },
    "not-modified",
  ],
  ["unmodified since before", "PUT", { "if-unmodified-since": BEFORE }, "failed"],
  ["unmodified since its own second", "PUT", { "if-unmodified-since": SAME }, "proceed"],
  ["unmodified since after", "DELETE", { "if-unmodified-since": AFTER }, "proceed"],
  ["If-Unmodified-Since counts for GET too", "GET", { "if-unmodified-since": BEFORE }, "failed"],
  ["If-Unmodified-Since that is no date", "PUT", { "if-unmodified-since": "long ago" }, "proceed"],
];

const order: [why: string, method: string, fields: Fields, result: PreconditionResult][] = [
  ["nothing asked", "GET", {}, "proceed"],
  [
    "If-Match holds, so If-Unmodified-Since is not asked",
    "PUT",
    { "if-match": '"v1"', "if-unmodified-since": BEFORE },
    "proceed",
  ],
  [
    "If-Match fails, whatever If-Unmodified-Since",
    "PUT",
    { "if-match": '"v2"', "if-unmodified-since": AFTER },
    "failed",
  ],
  ["If-Match fails before If-None-Match is asked", "GET", { "if-match": '"v2"', "if-none-match": '"v1"' }, "failed"],
  ["If-Match holds, then If-None-Match", "GET", { "if-match": '"v1"', "if-none-match": '"v1"' }, "not-modified"],
  ["If-Match holds, then If-Modified-Since", "GET", { "if-match": "*", "if-modified-since": SAME }, "not-modified"],
  [
    "If-Unmodified-Since fails before If-None-Match",
    "GET",
    { "if-unmodified-since": BEFORE, "if-none-match": '"v1"' },
    "failed",
  ],
  [
    "If-Unmodified-Since holds, then If-None-Match",
    "PUT",
    { "if-unmodified-since": SAME, "if-none-match": "*" },
    "failed",
  ],
  ["both dates hold", "GET", { "if-unmodified-since": SAME, "if-modified-since": BEFORE }, "proceed"],
  [
    "If-None-Match differs, so If-Modified-Since is not asked",
    "GET",
    { "if-none-match": '"v2"', "if-modified-since": SAME },
    "proceed",
  ],
  [
    "If-None-Match matches, whatever If-Modified-Since",
    "GET",
    { "if-none-match": '"v1"', "if-modified-since": BEFORE },
    "not-modified",
  ],
  [
    "a malformed If-None-Match keeps If-Modified-Since from being asked",
    "GET",
    { "if-none-match": "v1", "if-modified-since": SAME },
    "proceed",
  ],
];

const nothingThere: [why: string, method: string, fields: Fields, result: PreconditionResult][] = [
  ["If-Match: * fails", "PUT", { "if-match": "*" }, "failed"],
  ["If-Match with a tag fails", "PUT", { "if-match": '"v1"' }, "failed"],
  ["If-None-Match: * holds: create only", "PUT", { "if-none-match": "*" }, "proceed"],
  ["If-None-Match with a tag holds", "GET", { "if-none-match": '"v1"' }, "proceed"],
  ["If-Unmodified-Since is ignored", "PUT", { "if-unmodified-since": BEFORE }, "proceed"],
  ["If-Modified-Since is ignored", "GET", { "if-modified-since": AFTER }, "proceed"],
  ["nothing asked", "DELETE", {}, "proceed"],
];

const ifRange: [why: string, field: string | undefined, current: Validators, ageMs: number, applies: boolean][] = [
  ["absent", undefined, CURRENT, 0, true],
  ["the same strong tag", '"v1"', CURRENT, 0, true],
  ["another tag", '"v2"', CURRENT, 60_000, false],
  ["the same tag, weak", 'W/"v1"', CURRENT, 60_000, false],
  ["a weak tag of a weak representation", 'W/"v1"', WEAK, 60_000, false],
  ["a list of tags", '"v1", "v2"', CURRENT, 60_000, false],
  ["any", "*", CURRENT, 60_000, false],
  ["a tag without quotes", "v1", CURRENT, 60_000, false],
  ["nothing", "", CURRENT, 60_000, false],
  ["the exact date, long ago", SAME, CURRENT, 60_000, true],
  ["the exact date, a second ago", SAME, CURRENT, 1000, true],
  ["the exact date, less than a second ago", SAME, CURRENT, 999, false],
  ["the exact date, of a time to come", SAME, CURRENT, -5000, false],
  ["a later date", AFTER, CURRENT, 60_000, false],
  ["an earlier date", BEFORE, CURRENT, 60_000, false],
  ["the exact date in the asctime format", "Thu Jan 15 10:30:00 2026", CURRENT, 60_000, true],
];

describe("entity tags", () => {
  test("bytes 0x80 to 0xFF are part of a tag", () => {
    const current = { etag: '"\x80\xff"', modified: 0 };
    expect(evaluate("PUT", { "if-match": '"x", "\x80\xff"' }, current)).toBe("proceed");
  });

  test("a representation with a weak tag never fulfils If-Match, but If-None-Match", () => {
    expect(evaluate("PUT", { "if-match": 'W/"v1"' }, WEAK)).toBe("failed");
    expect(evaluate("PUT", { "if-match": '"v1"' }, WEAK)).toBe("failed");
    expect(evaluate("GET", { "if-none-match": '"v1"' }, WEAK)).toBe("not-modified");
  });
});

describe("evaluatePreconditions", () => {
  test.each(ifMatch)("If-Match: %s", (_why, list, result) => {
    expect(evaluate("PUT", { "if-match": list }, CURRENT)).toBe(result);
    expect(evaluate("GET", { "if-match": list }, CURRENT)).toBe(result);
  });

  test.each(ifNoneMatch)("If-None-Match: %s", (_why, method, list, result) => {
    expect(evaluate(method, { "if-none-match": list }, CURRENT)).toBe(result);
  });

  test.each(dates)("%s", (_why, method, fields, result) => {
    expect(evaluate(method, fields, CURRENT)).toBe(result);
  });

  test.each(order)("in order: %s", (_why, method, fields, result) => {
    expect(evaluate(method, fields, CURRENT)).toBe(result);
  });

  test.each(nothingThere)("where nothing is: %s", (_why, method, fields, result) => {
    expect(evaluate(method, fields, null)).toBe(result);
  });

  const hostile: [why: string, list: string][] = [
    ["commas", ",".repeat(30_000)],
    ["white space", `${" ".repeat(30_000)}x`],
    ["tags", '"",'.repeat(10_000)],
    ["quotes", '"'.repeat(30_001)],
    ["a tag without its end", `"${"x".repeat(30_000)}`],
    ["weak marks", "W/".repeat(15_000)],
  ];
  test.each(hostile)("30 KB of %s take linear time", (_why, list) => {
    const cost = processorMs(() => {
      for (let i = 0; i < 10; i++) evaluate("GET", { "if-match": list, "if-none-match": list }, CURRENT);
    });
    expect(cost).toBeLessThan(300);
  });
});

describe("rangeApplies", () => {
  test.each(ifRange)("If-Range: %s", (_why, field, current, ageMs, applies) => {
    expect(rangeApplies(field, current, (current.modified ?? 0) + ageMs)).toBe(applies);
  });
});
