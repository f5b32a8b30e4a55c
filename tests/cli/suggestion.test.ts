import { describe, expect, test } from "bun:test";
import { editDistance, suggest } from "../../src/cli/suggestion.ts";

describe("the distance counts letters inserted, deleted, replaced and swapped", () => {
  const cases: [from: string, to: string, distance: number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["port", "port", 0],
    ["prot", "port", 1],
    ["prt", "port", 1],
    ["porrt", "port", 1],
    ["pork", "port", 1],
    ["kitten", "sitting", 3],
    ["abcd", "badc", 2],
  ];
  test.each(cases)("%p to %p: %d", (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });
});

describe("the nearest name is suggested, or none", () => {
  const known = [
    "port",
    "host",
    "quiet",
    "directory",
    "max-head",
    "max-fields",
    "max-body-size",
    "testing",
    "no-listing",
  ];
  const cases: [typed: string, suggestion: string | null][] = [
    ["prot", "port"],
    ["PORT", "port"],
    ["dir", "directory"],
    ["max-b", "max-body-size"],
    ["max-bdy-sise", "max-body-size"],
    ["listing", "no-listing"], // and not "testing", which is nearer
    ["Listing", "no-listing"],
    ["no-quiet", "quiet"],
    ["max", null], // the beginning of several
    ["p", null], // the beginning of one, but anything starts so
    ["q", null],
    ["silent", null],
    ["", null],
  ];
  test.each(cases)("%p: %p", (typed, suggestion) => {
    expect(suggest(typed, known)).toBe(suggestion);
  });
});
