// Dates as RFC 9110 5.6.7 writes them, in each of the three formats, and what is almost one.

import { describe, expect, test } from "bun:test";
import { formatHttpDate, parseHttpDate } from "../../src/http/http-date.ts";

/** The moment of RFC 9110's own examples. */
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);
const NOW = Date.UTC(2026, 6, 1, 12, 0, 0);

const written: [why: string, ms: number, text: string][] = [
  ["the example of RFC 9110", EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["the epoch", 0, "Thu, 01 Jan 1970 00:00:00 GMT"],
  ["a fraction of a second is cut off", EXAMPLE + 999.999, "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["a fraction before the epoch is cut off towards the past", -0.5, "Wed, 31 Dec 1969 23:59:59 GMT"],
  ["a leap day", Date.UTC(2024, 1, 29, 23, 59, 59), "Thu, 29 Feb 2024 23:59:59 GMT"],
  ["a year of three digits keeps its zero", new Date(0).setUTCFullYear(987, 0, 1), "Mon, 01 Jan 0987 00:00:00 GMT"],
  ["a year past 9999 becomes the last second of it", Date.UTC(10_000, 0, 1), "Fri, 31 Dec 9999 23:59:59 GMT"],
  ["a year before 0 becomes the first second of it", Date.UTC(-1, 0, 1), "Sat, 01 Jan 0000 00:00:00 GMT"],
  ["a moment past all dates becomes the last second", 9e15, "Fri, 31 Dec 9999 23:59:59 GMT"],
];

const read: [why: string, text: string, ms: number][] = [
  ["an IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE],
  ["an RFC 850 date", "Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE],
  ["an asctime date with a day of one digit", "Sun Nov  6 08:49:37 1994", EXAMPLE],
  ["an asctime date with a day of two digits", "Wed Nov 16 08:49:37 1994", EXAMPLE + 10 * 86_400_000],
  ["an asctime date with a zero", "Sun Nov 06 08:49:37 1994", EXAMPLE],
  ["the weekday need not fit", "Mon, 06 Nov 1994 08:49:37 GMT", EXAMPLE],
  ["a leap second is the next second", "Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
  ["a leap day", "Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
  ["a leap day of a century", "Tue, 29 Feb 2000 00:00:00 GMT", Date.UTC(2000, 1, 29)],
  ["a year below 100 is that year", "Sat, 01 Jan 0050 00:00:00 GMT", new Date(0).setUTCFullYear(50, 0, 1)],
  ["the last moment of a year", "Fri, 31 Dec 1999 23:59:59 GMT", Date.UTC(1999, 11, 31, 23, 59, 59)],
];

const centuries: [why: string, text: string, now: number, ms: number][] = [
  ["a year that is past", "Sunday, 06-Nov-94 08:49:37 GMT", NOW, EXAMPLE],
  ["this year", "Monday, 01-Jun-26 00:00:00 GMT", NOW, Date.UTC(2026, 5, 1)],
  ["a year to come", "Monday, 01-Jun-60 00:00:00 GMT", NOW, Date.UTC(2060, 5, 1)],
  ["exactly 50 years ahead", "Monday, 01-Jul-76 12:00:00 GMT", NOW, Date.UTC(2076, 6, 1, 12)],
  ["a second more is a century back", "Monday, 01-Jul-76 12:00:01 GMT", NOW, Date.UTC(1976, 6, 1, 12, 0, 1)],
  [
    "the next century, seen from the end of one",
    "Monday, 01-Jun-05 00:00:00 GMT",
    Date.UTC(2099, 0, 1),
    Date.UTC(2105, 5, 1),
  ],
  ["a leap day is one of the century chosen", "Monday, 29-Feb-00 00:00:00 GMT", NOW, Date.UTC(2000, 1, 29)],
];

const refused: [why: string, text: string][] = [
  ["nothing", ""],
  ["a word", "yesterday"],
  ["the seconds since the epoch", "784111777"],
  ["the format of ISO 8601", "1994-11-06T08:49:37Z"],
  ["another zone than GMT", "Sun, 06 Nov 1994 08:49:37 UTC"],
  ["an offset", "Sun, 06 Nov 1994 08:49:37 +0000"],
  ["no zone", "Sun, 06 Nov 1994 08:49:37"],
  ["lower case", "sun, 06 nov 1994 08:49:37 gmt"],
  ["a weekday that is none", "Foo, 06 Nov 1994 08:49:37 GMT"],
  ["a long weekday in the short format", "Sunday, 06 Nov 1994 08:49:37 GMT"],
  ["a short weekday in the long format", "Sun, 06-Nov-94 08:49:37 GMT"],
  ["a month that is none", "Sun, 06 Nob 1994 08:49:37 GMT"],
  ["a day of one digit", "Sun, 6 Nov 1994 08:49:37 GMT"],
  ["a year of two digits with spaces", "Sun, 06 Nov 94 08:49:37 GMT"],
  ["a year of four digits with dashes", "Sunday, 06-Nov-1994 08:49:37 GMT"],
  ["day 0", "Sun, 00 Nov 1994 08:49:37 GMT"],
  ["31 November", "Sun, 31 Nov 1994 08:49:37 GMT"],
  ["29 February of a common year", "Sun, 29 Feb 2023 08:49:37 GMT"],
  ["29 February of a century that is no leap year", "Sun, 29 Feb 1900 08:49:37 GMT"],
  ["31 November in the RFC 850 format", "Sunday, 31-Nov-94 08:49:37 GMT"],
  ["day 32 in the asctime format", "Sun Nov 32 08:49:37 1994"],
  ["hour 24", "Sun, 06 Nov 1994 24:00:00 GMT"],
  ["minute 60", "Sun, 06 Nov 1994 08:60:00 GMT"],
  ["second 61", "Sun, 06 Nov 1994 08:49:61 GMT"],
  ["no seconds", "Sun, 06 Nov 1994 08:49 GMT"],
  ["a space before", " Sun, 06 Nov 1994 08:49:37 GMT"],
  ["a space behind", "Sun, 06 Nov 1994 08:49:37 GMT "],
  ["a line end behind", "Sun, 06 Nov 1994 08:49:37 GMT\n"],
  ["two spaces", "Sun,  06 Nov 1994 08:49:37 GMT"],
  ["no comma", "Sun 06 Nov 1994 08:49:37 GMT"],
  ["a second date", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"],
  ["digits of another script", "Sun, ٠٦ Nov 1994 08:49:37 GMT"],
];

describe("formatHttpDate", () => {
  test.each(written)("%s", (_why, ms, text) => {
    expect(formatHttpDate(ms)).toBe(text);
  });

  test("its output is read back to the second", () => {
    for (let ms = Date.UTC(1900, 0, 1); ms < Date.UTC(2200, 0, 1); ms += 40 * 86_400_000 + 12_345_000) {
      expect(parseHttpDate(formatHttpDate(ms), NOW)).toBe(ms);
    }
  });
});

describe("parseHttpDate", () => {
  test.each(read)("reads %s", (_why, text, ms) => {
    expect(parseHttpDate(text, NOW)).toBe(ms);
  });

  test.each(centuries)("takes a year of two digits for %s", (_why, text, now, ms) => {
    expect(parseHttpDate(text, now)).toBe(ms);
  });

  test.each(refused)("refuses %s", (_why, text) => {
    expect(parseHttpDate(text, NOW)).toBeNull();
  });
});
