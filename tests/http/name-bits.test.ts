import { describe, expect, test } from "bun:test";
import { nameBit, nameBits } from "../../src/http/name-bits.ts";
import { PRECONDITION_FIELDS } from "../../src/http/precondition.ts";
import { RANGE_FIELDS } from "../../src/http/range.ts";

const SELECTIVE = [...PRECONDITION_FIELDS, ...RANGE_FIELDS];

/** What browsers, curl and proxies send with a plain request. */
const COMMON = `host user-agent accept accept-encoding accept-language connection cookie referer cache-control pragma
  sec-fetch-site sec-fetch-mode sec-fetch-dest sec-fetch-user sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
  upgrade-insecure-requests dnt priority origin sec-gpc te content-length content-type x-forwarded-for x-forwarded-proto
  x-forwarded-host x-real-ip via authorization save-data x-request-id traceparent`.split(/\s+/);

describe("nameBits", () => {
  test.each(SELECTIVE)("%s is among the conditional and range fields, whatever its case", (name) => {
    expect(nameBits(SELECTIVE) & nameBit(name.charCodeAt(0), name.length)).not.toBe(0);
    expect(nameBits(SELECTIVE) & nameBit(name.toUpperCase().charCodeAt(0), name.length)).not.toBe(0);
  });

  test.each(COMMON)("%s surely is not", (name) => {
    expect(nameBits(SELECTIVE) & nameBits([name])).toBe(0);
  });

  test("of no names are none", () => {
    expect(nameBits([])).toBe(0);
  });
});
