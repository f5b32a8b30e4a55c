import { describe, expect, test } from "bun:test";
import { HeadFields } from "../../src/http/field-section.ts";
import type { HeadProgress } from "../../src/http/head-progress.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import * as rows from "../../src/http/refusal.ts";
import type { Refusal } from "../../src/http/refusal.ts";
import { INCOMPLETE, REFUSED, RequestHeadParser } from "../../src/http/request-head.ts";

const parser = new RequestHeadParser(DEFAULT_LIMITS);

interface Facts {
  readonly method?: string;
  readonly target?: string;
  readonly minorVersion?: number;
  readonly keepAlive?: boolean;
  readonly expectsContinue?: boolean;
  readonly bodyLength?: number;
}

/** Feeds the bytes in steps of one size, as a connection would; gives the refusal, "incomplete", or the facts. */
function outcome(raw: string, step: number, head = parser): Required<Facts> | Refusal | "incomplete" {
  const bytes = Buffer.from(raw, "latin1");
  let progress: HeadProgress | null = null;
  for (let end = Math.min(step, bytes.length); ; end = Math.min(end + step, bytes.length)) {
    const consumed = head.parse(bytes, 0, end, progress);
    if (consumed === REFUSED) return head.refusal;
    if (consumed > 0) {
      const { method, target, minorVersion, keepAlive, expectsContinue, bodyLength } = head;
      return { method, target, minorVersion, keepAlive, expectsContinue, bodyLength };
    }
    expect(consumed).toBe(INCOMPLETE);
    if (end === bytes.length) return "incomplete";
    progress = head.progress;
  }
}

/** The outcome for the whole head, which every way to cut it must share. */
function sameForEveryCut(raw: string): Required<Facts> | Refusal | "incomplete" {
  const whole = outcome(raw, raw.length);
  expect(outcome(raw, 1)).toEqual(whole);
  const bytes = Buffer.from(raw, "latin1");
  for (let cut = 1; cut < bytes.length; cut++) {
    const first = parser.parse(bytes, 0, cut, null);
    // A refusal of a part must be the refusal of the whole; a head that is complete early must stay so.
    if (first === REFUSED) expect(parser.refusal).toEqual(whole as Refusal);
    else if (first === INCOMPLETE) {
      const second = parser.parse(bytes, 0, bytes.length, parser.progress);
      if (second === REFUSED) expect(parser.refusal).toEqual(whole as Refusal);
      else if (typeof whole === "object" && "name" in whole) expect(second).toBe(REFUSED);
    }
  }
  return whole;
}

const get = (fields: string): string => "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
const post = (fields: string): string => "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";

const accepted: [why: string, raw: string, facts: Facts][] = [
  ["the smallest request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", { method: "GET", target: "/", bodyLength: 0 }],
  ["one empty line before the request line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", { method: "GET" }],
  ["HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", { minorVersion: 0, keepAlive: false }],
  ["HTTP/1.0 that asks to keep", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", { keepAlive: true }],
  ["a later minor version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", { minorVersion: 1 }],
  ["a method of the PROXY protocol's name", "PROXY / HTTP/1.1\r\nHost: a\r\n\r\n", { method: "PROXY" }],
  ["a method nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", { method: "BREW" }],
  ["a lower-case method, which is another method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", { method: "get" }],
  ["the absolute form", "GET http://a:80/x?y HTTP/1.1\r\nHost: b\r\n\r\n", { target: "http://a:80/x?y" }],
  ["the absolute form in capitals", "GET HTTP://a/ HTTP/1.1\r\nHost: b\r\n\r\n", { target: "HTTP://a/" }],
  ["the asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", { target: "*" }],
  ["the authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", { target: "a:443" }],
  ["percent-encoding", "GET /%41%zz HTTP/1.1\r\nHost: a\r\n\r\n".replace("%zz", "%7f"), { target: "/%41%7f" }],
  ["brackets in a query, as browsers send them", "GET /?a[]={b}|c HTTP/1.1\r\nHost: a\r\n\r\n", {}],
  ["a value of 8-bit bytes", get("X: \x80\xff\r\n"), {}],
  ["an empty value", get("X:\r\n"), {}],
  ["tabs and spaces around a value", get("X: \t a\tb \t\r\n"), {}],
  ["a Host with a port", "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", {}],
  ["a Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", {}],
  ["an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", {}],
  ["an IPv6 Host with IPv4 inside", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n", {}],
  ["a Host with percent-encoding", "GET / HTTP/1.1\r\nHost: a%20b\r\n\r\n", {}],
  ["a field name in any case", "GET / HTTP/1.1\r\nhOsT: a\r\n\r\n", {}],
  ["Connection: close", get("Connection: close\r\n"), { keepAlive: false }],
  ["close in a list, in capitals", get("Connection: foo, CLOSE\r\n"), { keepAlive: false }],
  ["close and keep-alive", get("Connection: keep-alive, close\r\n"), { keepAlive: false }],
  ["close in the second line", get("Connection: x\r\nConnection: close\r\n"), { keepAlive: false }],
  ["a Content-Length", post("Content-Length: 12\r\n"), { bodyLength: 12 }],
  ["a Content-Length of 0", post("Content-Length: 0\r\n"), { bodyLength: 0 }],
  ["a Content-Length with white space around", post("Content-Length: \t 7 \t\r\n"), { bodyLength: 7 }],
  ["a Content-Length with leading zeros, which stays decimal", post("Content-Length: 010\r\n"), { bodyLength: 10 }],
  ["the largest body allowed", post("Content-Length: 1073741824\r\n"), { bodyLength: 1073741824 }],
  ["chunked", post("Transfer-Encoding: chunked\r\n"), { bodyLength: -1 }],
  ["chunked in capitals, with white space", post("Transfer-Encoding: \t CHUNKED\t \r\n"), { bodyLength: -1 }],
  ["an expectation", post("Content-Length: 1\r\nExpect: 100-Continue\r\n"), { expectsContinue: true }],
  ["an expectation of nothing", post("Content-Length: 1\r\nExpect: ,\r\n"), { expectsContinue: false }],
  [
    "an expectation of nothing, twice",
    post("Content-Length: 1\r\nExpect: ,\r\nExpect: , ,\r\n"),
    { expectsContinue: false },
  ],
  ["an expectation behind a comma", post("Content-Length: 1\r\nExpect: , 100-continue\r\n"), { expectsContinue: true }],
  ["an expectation without a body", get("Expect: 100-continue\r\n"), { expectsContinue: false }],
  [
    "an expectation of HTTP/1.0, ignored",
    "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: x\r\n\r\n",
    { expectsContinue: false },
  ],
  ["a request line of exactly the limit", "GET /" + "a".repeat(8192 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n", {}],
  ["a hundred fields", get("X: y\r\n".repeat(99)), {}],
];

const refused: [why: string, raw: string, row: Refusal][] = [
  ["two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["a bare CR first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_LINE_END],
  ["a bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["a space first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_VERSION],
  ["a tab before the target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["a tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["a space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", rows.BAD_VERSION],
  ["no version: HTTP/0.9", "GET /\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["a lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", rows.BAD_VERSION],
  ["a version of three digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", rows.BAD_VERSION],
  ["a version without a dot", "GET / HTTP/11\r\nHost: a\r\n\r\n", rows.BAD_VERSION],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", rows.UNSUPPORTED_VERSION],
  ["HTTP/3.0 with a target that HTTP/1 does not have", "GET a HTTP/3.0\r\n\r\n", rows.UNSUPPORTED_VERSION],
  ["HTTP/2.0 with an https target", "GET https://a/ HTTP/2.0\r\n\r\n", rows.UNSUPPORTED_VERSION],
  ["a malformed version behind a bad target", "GET * HTTP/2\r\n\r\n", rows.BAD_TARGET],
  ["the preface with HTTP/1.1", "PRI * HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a bad target whose version ends past the limit", "GET a" + "b".repeat(8180) + " HTTP/2.0\r\n", rows.BAD_TARGET],
  ["the hello of TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", rows.TLS_ON_PLAIN_PORT],
  ["a TLS alert, which is no hello", "\x15\x03\x01\0\x02", rows.BAD_REQUEST_LINE],
  ["a first byte that only looks like TLS", "\x16GET / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["the PROXY protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n" + get(""), rows.PROXY_PROTOCOL],
  ["the PROXY protocol over IPv6", "PROXY TCP6 ::1 ::1 5000 80\r\n" + get(""), rows.PROXY_PROTOCOL],
  ["the PROXY protocol that knows nothing", "PROXY UNKNOWN\r\n" + get(""), rows.PROXY_PROTOCOL],
  ["the PROXY protocol, version 2", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", rows.PROXY_PROTOCOL],
  ["a method PROXY with a bad target", "PROXY TCP HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a bare LF behind two empty lines", "\r\n\r\n\nGET / HTTP/1.1\r\n", rows.BAD_REQUEST_LINE],
  ["HTTP/2.0 with a path", "GET / HTTP/2.0\r\n\r\n", rows.UNSUPPORTED_VERSION],
  ["HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n\r\n", rows.UNSUPPORTED_VERSION],
  ["a bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", rows.BAD_LINE_END],
  ["a bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", rows.BAD_LINE_END],
  ["a control byte in the method", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_REQUEST_LINE],
  ["an 8-bit byte in the target", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["an angle bracket", "GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a backslash in the path", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a cut percent-encoding", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a false percent-encoding", "GET /%gg HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a false percent-encoding in the query", "GET /?%g0 HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["a relative path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["the asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["the authority form with GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["an absolute form with user information", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["an absolute form without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  ["an https target on a plain connection", "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", rows.MISDIRECTED_SCHEME],
  ["another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", rows.BAD_TARGET],
  [
    "a request line over the limit",
    "GET /" + "a".repeat(8193 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n",
    rows.REQUEST_LINE_TOO_LONG,
  ],
  ["an endless target", "GET /" + "a".repeat(9000), rows.REQUEST_LINE_TOO_LONG],
  ["an endless method", "A".repeat(9000), rows.METHOD_TOO_LONG],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", rows.BAD_FIELD_LINE],
  ["a tab before the colon", get("X\t: a\r\n"), rows.BAD_FIELD_LINE],
  ["an empty field name", get(": a\r\n"), rows.BAD_FIELD_LINE],
  ["a line without a colon", get("abc\r\n"), rows.BAD_FIELD_LINE],
  ["an 8-bit byte in a name", get("X\x80: a\r\n"), rows.BAD_FIELD_LINE],
  ["a folded line", get("X: a\r\n b\r\n"), rows.OBSOLETE_FOLDING],
  ["a folded line with a tab", get("X: a\r\n\tb\r\n"), rows.OBSOLETE_FOLDING],
  ["white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", rows.OBSOLETE_FOLDING],
  ["a bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", rows.BAD_LINE_END],
  ["a bare CR in a value", get("X: a\rb\r\n"), rows.BAD_LINE_END],
  ["a bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", rows.BAD_LINE_END],
  ["NUL in a value", get("X: a\0b\r\n"), rows.BAD_FIELD_LINE],
  ["a vertical tab in a value", get("X: \x0b\r\n"), rows.BAD_FIELD_LINE],
  ["DEL in a value", get("X: \x7f\r\n"), rows.BAD_FIELD_LINE],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", rows.MISSING_HOST],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", rows.REPEATED_HOST],
  ["two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", rows.REPEATED_HOST],
  ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", rows.BAD_HOST],
  ["a Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", rows.BAD_HOST],
  ["a Host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", rows.BAD_HOST],
  ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", rows.BAD_HOST],
  ["a Host with a bad port", "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n", rows.BAD_HOST],
  ["a Host with a port over 65535", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", rows.BAD_HOST],
  ["a Host that is only a port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", rows.BAD_HOST],
  ["a Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", rows.BAD_HOST],
  ["a Host with a false IPv6 address", "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n", rows.BAD_HOST],
  ["a Host of 8-bit bytes", "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n", rows.BAD_HOST],
  ["an invalid Host beside the absolute form", "GET http://a/ HTTP/1.1\r\nHost: u@b\r\n\r\n", rows.BAD_HOST],
  ["an unknown expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n"), rows.UNKNOWN_EXPECTATION],
  ["an expectation among others", post("Expect: 100-continue, x\r\n"), rows.UNKNOWN_EXPECTATION],
  ["a sign before the length", post("Content-Length: +1\r\n"), rows.BAD_CONTENT_LENGTH],
  ["a negative length", post("Content-Length: -1\r\n"), rows.BAD_CONTENT_LENGTH],
  ["a hexadecimal length", post("Content-Length: 0x1\r\n"), rows.BAD_CONTENT_LENGTH],
  ["an underscore in the length", post("Content-Length: 1_0\r\n"), rows.BAD_CONTENT_LENGTH],
  ["a list of lengths", post("Content-Length: 1, 1\r\n"), rows.BAD_CONTENT_LENGTH],
  ["a length with a space inside", post("Content-Length: 1 0\r\n"), rows.BAD_CONTENT_LENGTH],
  ["an empty length", post("Content-Length:\r\n"), rows.BAD_CONTENT_LENGTH],
  ["a fraction", post("Content-Length: 1.0\r\n"), rows.BAD_CONTENT_LENGTH],
  ["the same length twice", post("Content-Length: 1\r\nContent-Length: 1\r\n"), rows.REPEATED_CONTENT_LENGTH],
  ["two different lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n"), rows.REPEATED_CONTENT_LENGTH],
  ["a length over the limit", post("Content-Length: 1073741825\r\n"), rows.BODY_TOO_LARGE],
  ["a length past 2^53", post("Content-Length: 9007199254740993\r\n"), rows.BODY_TOO_LARGE],
  ["a length past every number", post("Content-Length: " + "9".repeat(400) + "\r\n"), rows.BODY_TOO_LARGE],
  ["a length and a coding", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), rows.LENGTH_AND_CODING],
  ["a coding and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), rows.LENGTH_AND_CODING],
  ["a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", rows.CODING_IN_OLD_VERSION],
  ["an unknown coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n"), rows.UNKNOWN_TRANSFER_CODING],
  ["a coding without chunked", post("Transfer-Encoding: gzip\r\n"), rows.BAD_TRANSFER_CODING],
  ["chunked not last", post("Transfer-Encoding: chunked, gzip\r\n"), rows.BAD_TRANSFER_CODING],
  ["chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), rows.BAD_TRANSFER_CODING],
  [
    "chunked in two lines",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    rows.BAD_TRANSFER_CODING,
  ],
  ["chunked behind a comma", post("Transfer-Encoding: ,chunked\r\n"), rows.BAD_TRANSFER_CODING],
  ["chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n"), rows.BAD_TRANSFER_CODING],
  ["quoted chunked", post('Transfer-Encoding: "chunked"\r\n'), rows.BAD_TRANSFER_CODING],
  ["an empty coding", post("Transfer-Encoding:\r\n"), rows.BAD_TRANSFER_CODING],
  ["identity", post("Transfer-Encoding: identity\r\n"), rows.BAD_TRANSFER_CODING],
  ["a hundred and one fields", get("X: y\r\n".repeat(100)), rows.TOO_MANY_FIELDS],
  ["a head over the limit", get("X: " + "y".repeat(33_000) + "\r\n"), rows.HEAD_TOO_LARGE],
];

/** Of the longest: 33,000 cuts of 33,000 bytes, while others use the machine. */
const ALL_CUTS_MS = 60_000;

describe("RequestHeadParser", () => {
  test.each(accepted)("accepts %s, however it is cut", (_why, raw, facts) => {
    expect(sameForEveryCut(raw)).toMatchObject(facts);
  });

  test.each(refused)(
    "refuses %s, however it is cut",
    (_why, raw, row) => expect(sameForEveryCut(raw)).toEqual(row),
    ALL_CUTS_MS,
  );

  test("waits for every proper prefix of a legal head", () => {
    const raw = "\r\nPOST /a?b HTTP/1.1\r\nHost: a:1\r\nX: y\r\nContent-Length: 3\r\n\r\n";
    for (let end = 1; end < raw.length; end++) expect(outcome(raw.slice(0, end), end)).toBe("incomplete");
    expect(parser.parse(Buffer.from(raw + "abc"), 0, raw.length + 3, null)).toBe(raw.length);
  });

  test("a head of exactly the limit passes, one byte more does not", () => {
    const small = new RequestHeadParser({ ...DEFAULT_LIMITS, maxHead: 64 });
    const head = (bytes: number): string => {
      const frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
      return "GET / HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(bytes - frame.length) + "\r\n\r\n";
    };
    expect(outcome(head(64), 1, small)).toMatchObject({ method: "GET" });
    expect(outcome(head(65), 1, small)).toEqual(rows.HEAD_TOO_LARGE);
    expect(outcome(head(65), 65, small)).toEqual(rows.HEAD_TOO_LARGE);
  });

  /** How often a byte is looked at, on the average, when the head comes in steps of one size. */
  function looksPerByte(raw: string, step: number): number {
    const bytes = Buffer.from(raw, "latin1");
    let looks = 0;
    const watched = new Proxy(bytes, {
      get(target, key) {
        if (/^\d/.test(String(key))) looks += 1;
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    let progress: HeadProgress | null = null;
    for (let end = step; end < bytes.length; end += step) {
      expect(parser.parse(watched, 0, end, progress)).toBe(INCOMPLETE);
      ({ progress } = parser);
    }
    expect(parser.parse(watched, 0, bytes.length, progress)).toBe(bytes.length);
    return looks / bytes.length;
  }

  const drips: [why: string, raw: string, step: number][] = [
    ["of one long line, byte by byte", get("X: " + "y".repeat(30_000) + "\r\n"), 1],
    ["of many short lines, byte by byte", get("X: y\r\n".repeat(98)), 1],
    ["of many lines, byte by byte", get(`X: ${"y".repeat(300)}\r\n`.repeat(98)), 1],
    ["of many lines, a line at a time", get(`X: ${"y".repeat(300)}\r\n`.repeat(98)), 305],
    ["of a long request line", `GET /${"y".repeat(8000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 1],
  ];
  test.each(drips)("a head that drips in costs linear time: %s", (_why, raw, step) => {
    expect(looksPerByte(raw, step)).toBeLessThan(12);
  });

  test("heads that come in turns on several connections do not disturb each other", () => {
    const heads = ["A", "B", "C"].map((name) =>
      Buffer.from(
        `POST /${name} HTTP/1.1\r\nHost: ${name}\r\n${name}: 1\r\nContent-Length: ${name.charCodeAt(0)}\r\n\r\n`,
      ),
    );
    const progress: (HeadProgress | null)[] = heads.map(() => null);
    for (let end = 1; end < heads[0]!.length; end++)
      for (const [i, head] of heads.entries()) {
        expect(parser.parse(head, 0, end, progress[i]!)).toBe(INCOMPLETE);
        progress[i] = parser.progress;
      }
    for (const [i, head] of heads.entries()) {
      expect(parser.parse(head, 0, head.length, progress[i]!)).toBe(head.length);
      const name = String.fromCharCode(0x41 + i);
      expect(parser).toMatchObject({ method: "POST", target: "/" + name, bodyLength: 0x41 + i, progress: null });
      const fields = new HeadFields(head, parser.fieldsStart, parser.fieldsEnd, parser.nameBits);
      expect([...fields].map((line) => line.name)).toEqual(["Host", name, "Content-Length"]);
      expect(fields.get(name.toLowerCase())).toBe("1");
    }
  });

  test("a head may move while it is not complete", () => {
    const raw = "\r\nGET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    for (let cut = 1; cut < raw.length; cut++) {
      expect(parser.parse(Buffer.from(raw), 0, cut, null)).toBe(INCOMPLETE);
      const moved = Buffer.from("before" + raw + "behind");
      expect(parser.parse(moved, 6, 6 + raw.length, parser.progress)).toBe(raw.length);
      expect(moved.latin1Slice(parser.fieldsStart, parser.fieldsEnd)).toBe("Host: a\r\nX: y\r\n");
    }
  });
});
