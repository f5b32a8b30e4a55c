// Accept-Encoding and Accept (RFC 9110 12.5): what a client gets for what it says, from real clients to hostile ones.

import { describe, expect, test } from "bun:test";
import { preferredCoding, preferredType } from "../../src/http/negotiation.ts";
import { processorMs } from "../support/processor-time.ts";

const CODINGS = ["gzip", "zstd", "br"];

const codings: [why: string, field: string | undefined, coding: string | null][] = [
  ["no field", undefined, "identity"],
  ["an empty field", "", "identity"],
  ["only white space and commas", " , ,\t", "identity"],
  ["gzip", "gzip", "gzip"],
  ["gzip in capitals", "GZIP", "gzip"],
  ["x-gzip", "x-gzip", "gzip"],
  ["x-gzip with a quality", "X-GZip;q=0.5", "gzip"],
  ["a browser", "gzip, deflate, br, zstd", "gzip"],
  ["a browser in another order", "zstd, br, gzip", "gzip"],
  ["curl --compressed", "deflate, gzip, br, zstd", "gzip"],
  ["without white space", "br,gzip", "gzip"],
  ["only codings that we lack", "deflate, compress", "identity"],
  ["a better quality for zstd", "gzip;q=0.8, zstd", "zstd"],
  ["a better quality for br", "gzip;q=0.5, zstd;q=0.7, br;q=0.9", "br"],
  ["qualities that differ in the third digit", "gzip;q=0.998, br;q=0.999", "br"],
  ["equal qualities are the server's choice", "br;q=0.5, zstd;q=0.5", "zstd"],
  ["white space around the semicolon", "gzip \t;\t q=0.1, br ; q=0.2", "br"],
  ["the quality in capitals", "gzip;Q=0.1, br;Q=0.2", "br"],
  ["a low quality is better than nothing", "gzip;q=0.001", "gzip"],
  ["quality 0 is never", "gzip;q=0", "identity"],
  ["quality 0.000 is never", "gzip;q=0.000, br", "br"],
  ["quality 1.000 is 1", "gzip;q=0.999, br;q=1.000", "br"],
  ["a quality that ends in the point", "gzip;q=0., br;q=1.", "br"],
  ["any", "*", "gzip"],
  ["any but gzip", "gzip;q=0, *", "zstd"],
  ["any, gzip less", "gzip;q=0.5, *", "zstd"],
  ["any less than br", "*;q=0.5, br", "br"],
  ["any, the named ones excluded", "gzip;q=0, zstd;q=0, br;q=0, *", "identity"],
  ["identity by name, better", "identity, gzip;q=0.5", "identity"],
  ["identity by name, equal", "identity, gzip", "gzip"],
  ["identity by name, worse", "identity;q=0.5, gzip", "gzip"],
  ["identity by name in capitals, better", "Identity;q=0.9, gzip;q=0.5", "identity"],
  ["identity by name beside any", "identity;q=0.5, *;q=0.1", "identity"],
  ["identity excluded, gzip not", "identity;q=0, gzip", "gzip"],
  ["identity excluded, any left", "identity;q=0, *", "gzip"],
  ["all but gzip excluded", "gzip, *;q=0", "gzip"],
  ["all excluded but identity", "identity, *;q=0", "identity"],
  ["all excluded but a little identity", "identity;q=0.001, *;q=0", "identity"],
  ["all excluded", "*;q=0", null],
  ["identity excluded alone", "identity;q=0", null],
  ["identity excluded beside what we lack", "deflate, identity;q=0", null],
  ["all excluded but what we lack", "deflate, *;q=0", null],
  ["identity and gzip excluded", "gzip;q=0, identity;q=0", null],
  ["of two members the first counts", "gzip;q=0, gzip", "identity"],
  ["of two members under two names the first counts", "x-gzip;q=0.1, br;q=0.5, gzip", "br"],
  ["a malformed member does not count as the first", "gzip;q=2, gzip;q=0.5, br;q=0.4", "gzip"],
];

const malformed: [why: string, member: string][] = [
  ["a quality over 1", "gzip;q=1.1"],
  ["a quality of 2", "gzip;q=2"],
  ["a negative quality", "gzip;q=-1"],
  ["four digits", "gzip;q=0.1234"],
  ["1 with four digits", "gzip;q=1.0000"],
  ["1 and a bit", "gzip;q=1.001"],
  ["no digit", "gzip;q="],
  ["no digit before the point", "gzip;q=.5"],
  ["a comma for a point", "gzip;q=0_5"],
  ["a word", "gzip;q=high"],
  ["quotes", 'gzip;q="1"'],
  ["white space around the equals sign", "gzip;q = 1"],
  ["two qualities", "gzip;q=1;q=0.5"],
  ["another parameter", "gzip;level=9"],
  ["a charset, which no coding has", "gzip;charset=utf-8"],
  ["nothing behind the semicolon", "gzip;"],
  ["two words", "gzip deflate"],
  ["a char that no token has", "gz/ip"],
  ["a no-break space", "\xa0gzip"],
  ["an exponent", "gzip;q=1e0"],
];

const PLAIN_FIRST = ["text/plain", "text/html"];
const HTML_FIRST = ["text/html", "application/json", "text/plain"];
const FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/png,image/svg+xml,*/*;q=0.8";
const CHROME = `text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7`;
const JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";

const types: [why: string, field: string | undefined, available: readonly string[], type: string | null][] = [
  ["no field: the first", undefined, PLAIN_FIRST, "text/plain"],
  ["an empty field: the first", "", HTML_FIRST, "text/html"],
  ["no field and nothing to offer", undefined, [], null],
  ["curl: the first", "*/*", PLAIN_FIRST, "text/plain"],
  ["curl: the first of others", "*/*", HTML_FIRST, "text/html"],
  ["Firefox", FIREFOX, PLAIN_FIRST, "text/html"],
  ["Chrome", CHROME, PLAIN_FIRST, "text/html"],
  ["the HTTP client of Java", JAVA, PLAIN_FIRST, "text/html"],
  ["axios", "application/json, text/plain, */*", HTML_FIRST, "application/json"],
  ["exactly one", "application/json", HTML_FIRST, "application/json"],
  ["exactly one, in capitals", "Application/JSON", HTML_FIRST, "application/json"],
  ["one that we lack", "image/png", HTML_FIRST, null],
  ["a range of types", "text/*", PLAIN_FIRST, "text/plain"],
  ["a range of types that we lack", "image/*", HTML_FIRST, null],
  ["a range of types before any", "text/*, */*", ["application/json", "text/html"], "text/html"],
  ["a type before its range", "text/*, text/html", PLAIN_FIRST, "text/html"],
  ["a better quality", "text/html;q=0.5, text/plain;q=0.6", HTML_FIRST, "text/plain"],
  ["the quality of the most specific range", "text/*;q=0.9, text/html;q=0.1", HTML_FIRST, "text/plain"],
  ["a type excluded from its range", "text/html;q=0, text/*", HTML_FIRST, "text/plain"],
  ["a range excluded from any", "text/*;q=0, */*", HTML_FIRST, "application/json"],
  ["all excluded", "*/*;q=0", HTML_FIRST, null],
  ["all excluded but one", "*/*;q=0, application/json", HTML_FIRST, "application/json"],
  ["equal types are the server's choice", "text/plain, application/json, text/html", HTML_FIRST, "text/html"],
  ["equal qualities, the more specific range", "*/*;q=0.5, text/plain;q=0.5", HTML_FIRST, "text/plain"],
  ["a parameter names another representation", "text/html;level=1, text/plain;q=0.1", HTML_FIRST, "text/plain"],
  ["a parameter beside a quality", "text/html;level=1;q=1, text/plain;q=0.1", HTML_FIRST, "text/plain"],
  [
    "a quoted parameter with a comma and a semicolon",
    'text/html;a="b, text/html;c", text/plain',
    HTML_FIRST,
    "text/plain",
  ],
  [
    "a quoted parameter with an escaped quote",
    'text/html;a="\\", text/html;\\"", text/plain',
    HTML_FIRST,
    "text/plain",
  ],
  ["a quoted string without its end", 'text/plain;a="x, text/html', HTML_FIRST, null],
  ["our charset", "application/json; charset=utf-8", HTML_FIRST, "application/json"],
  ["our charset in quotes and capitals", 'application/json; charset="UTF-8"; q=0.5', HTML_FIRST, "application/json"],
  ["another charset", "application/json; charset=utf-16", HTML_FIRST, null],
  ["white space around all", " text/html \t; q=0.1 ,\ttext/plain", HTML_FIRST, "text/plain"],
  ["empty elements and parameters", ",, application/json;; q=0.5 ;,", HTML_FIRST, "application/json"],
  ["a malformed quality", "text/html;q=7, text/plain;q=0.1", HTML_FIRST, "text/plain"],
  ["of two members the first counts", "text/html;q=0.1, text/plain;q=0.5, text/html", HTML_FIRST, "text/plain"],
  ["no media range at all", "html", HTML_FIRST, null],
  ["an asterisk alone is none", "*", HTML_FIRST, null],
];

describe("preferredCoding", () => {
  test.each(codings)("%s", (_why, field, coding) => {
    expect(preferredCoding(field, CODINGS)).toBe(coding);
  });

  test.each(malformed)("a member is ignored for %s", (_why, member) => {
    expect(preferredCoding(member, CODINGS)).toBe("identity");
    expect(preferredCoding(`${member}, br;q=0.1`, CODINGS)).toBe("br");
    expect(preferredCoding(`*;q=0, ${member}`, CODINGS)).toBeNull();
  });

  test("with no coding to offer the answer is identity, unless that is excluded", () => {
    expect(preferredCoding("gzip, *", [])).toBe("identity");
    expect(preferredCoding("gzip, identity;q=0", [])).toBeNull();
  });
});

describe("preferredType", () => {
  test.each(types)("%s", (_why, field, available, type) => {
    expect(preferredType(field, available)).toBe(type);
  });
});

const hostile: [why: string, field: string][] = [
  ["commas", ",".repeat(30_000)],
  ["semicolons", `gzip${";".repeat(30_000)}`],
  ["white space before a char", `gzip${" ".repeat(30_000)}x`],
  ["white space in a parameter", `gzip;${" \t".repeat(15_000)}q=1${" \t".repeat(10)}x`],
  ["one token", "x".repeat(30_000)],
  ["slashes", "a/".repeat(15_000)],
  ["quotes", '"'.repeat(30_001)],
  ["backslashes in quotes", `text/html;a="${"\\".repeat(30_000)}`],
  ["digits", `gzip;q=0.${"1".repeat(30_000)}`],
  ["members that all differ", Array.from({ length: 6000 }, (_, i) => `x${i}`).join(",")],
];
test.each(hostile)("30 KB of %s take linear time", (_why, field) => {
  const cost = processorMs(() => {
    for (let i = 0; i < 10; i++) {
      preferredCoding(field, CODINGS);
      preferredType(field, HTML_FIRST);
    }
  });
  // Quadratic work would take seconds.
  expect(cost).toBeLessThan(500);
});
