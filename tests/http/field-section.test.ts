import { describe, expect, test } from "bun:test";
import { HeadFields } from "../../src/http/field-section.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { nameBits } from "../../src/http/name-bits.ts";
import { RequestHeadParser } from "../../src/http/request-head.ts";

const LINES = "Host: a\r\nX-Two:  first\t\r\nx-two:second:third\r\nAccept:\r\nX-TWO: \xe4\r\n";

/** As the parser hands them out, with other bytes around them. */
function fieldsOf(lines: string): HeadFields {
  const before = "POST /before HTTP/1.1\r\n";
  const bytes = Buffer.from(`${before}GET / HTTP/1.1\r\n${lines}\r\nX-Behind: 1\r\n\r\n`, "latin1");
  const parser = new RequestHeadParser(DEFAULT_LIMITS);
  expect(parser.parse(bytes, before.length, bytes.length, null)).toBeGreaterThan(0);
  return new HeadFields(bytes, parser.fieldsStart, parser.fieldsEnd, parser.nameBits);
}

describe("HeadFields", () => {
  test.each([
    ["one line", "host", "a"],
    ["several lines of one name", "x-two", "first, second:third, \xe4"],
    ["an empty value", "accept", ""],
    ["a name that is not there", "cookie", undefined],
    ["a name that begins one that is there", "hos", undefined],
    ["a field of the next message", "x-behind", undefined],
  ])("gives the value of %s", (_why, name, value) => {
    expect(fieldsOf(LINES).get(name)).toBe(value);
  });

  test("are their lines in order, with their names as they were sent", () => {
    expect([...fieldsOf(LINES)]).toEqual([
      { name: "Host", value: "a" },
      { name: "X-Two", value: "first" },
      { name: "x-two", value: "second:third" },
      { name: "Accept", value: "" },
      { name: "X-TWO", value: "\xe4" },
    ]);
  });

  test("can be let go of the read that they came in, while somebody goes through them too", () => {
    const fields = fieldsOf(LINES);
    const names: string[] = [];
    for (const { name } of fields) {
      names.push(name);
      fields.detach();
    }
    expect(names).toEqual(["Host", "X-Two", "x-two", "Accept", "X-TWO"]);
    expect(fields.get("x-two")).toBe("first, second:third, \xe4");
  });

  test("surely lack what nobody sent, and nothing that is there in any case", () => {
    const fields = fieldsOf("HOST: a\r\nIF-None-Match: *\r\n");
    expect(fields.lacks(nameBits(["range", "if-match"]))).toBe(true);
    expect(fields.lacks(nameBits(["range", "if-none-match"]))).toBe(false);
    expect(fields.lacks(nameBits(["host"]))).toBe(false);
  });
});
