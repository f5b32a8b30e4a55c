import { describe, expect, test } from "bun:test";
import { createCrossOriginGate } from "../../src/admission/cross-origin.ts";
import {
  formatAuthority,
  hostOf,
  originOf,
  requestAuthority,
  requestScheme,
  type Scheme,
} from "../../src/http/authority.ts";
import type { HttpRequest } from "../../src/http/message.ts";
import { fieldsOf, LOCAL_PEER, requestOf } from "../support/request.ts";

describe("the authority of", () => {
  test.each([
    ["localhost", 4221, "localhost:4221"],
    ["127.0.0.1", 80, "127.0.0.1:80"],
    ["::1", 443, "[::1]:443"],
    ["fe80::1%eth0", 1, "[fe80::1%eth0]:1"],
  ])("%s and port %d", (host, port, authority) => {
    expect(formatAuthority(host, port)).toBe(authority);
  });
});

describe("the host of", () => {
  test.each([
    ["a.example", "a.example"],
    ["a.example:80", "a.example"],
    ["a.example:", "a.example"],
    ["[::1]", "[::1]"],
    ["[::1]:4221", "[::1]"],
    ["", ""],
  ])("%j is %j", (authority, host) => {
    expect(hostOf(authority)).toBe(host);
  });
});

const ORIGINS: [why: string, scheme: Scheme, authority: string, origin: string][] = [
  ["no port", "http", "a", "http://a"],
  ["the scheme's own port", "http", "a:80", "http://a"],
  ["the scheme's own port, of an IPv6 address", "http", "[::1]:80", "http://[::1]"],
  ["another port that ends alike", "http", "a:8080", "http://a:8080"],
  ["the other scheme's port", "http", "a:443", "http://a:443"],
  ["no port over TLS", "https", "a", "https://a"],
  ["TLS's own port", "https", "a:443", "https://a"],
  ["plain HTTP's port over TLS", "https", "a:80", "https://a:80"],
  ["capitals", "https", "A.Example:443", "https://a.example"],
];
describe("the origin of", () => {
  test.each(ORIGINS)("%s", (_why, scheme, authority, origin) => {
    expect(originOf(scheme, authority)).toBe(origin);
  });
});

const NAMED: [why: string, target: string, host: string | undefined, authority: string][] = [
  ["Host", "/a", "A.example:1", "a.example:1"],
  ["the target rather than Host", "http://b:2/a", "a", "b:2"],
  ["a target without a path", "HTTP://B?q", "a", "b"],
  ["a target over TLS", "https://b/a", "a", "b"],
  ["Host beside the asterisk form", "*", "a", "a"],
  ["nothing", "/a", undefined, ""],
];
describe("the authority that a request names is that of", () => {
  test.each(NAMED)("%s", (_why, target, host, authority) => {
    expect(requestAuthority({ target, fields: fieldsOf(host === undefined ? {} : { host }), forwarded: null })).toBe(
      authority,
    );
  });
});

/** A write of a page, as the gates see it. */
function writeFrom(origin: string, host: string, secure: boolean): HttpRequest {
  const request = requestOf("PUT", "/files/a", { origin, host }, { ...LOCAL_PEER, secure });
  request.route = { path: "/files/{path}", access: "private", methods: ["PUT"] };
  return request;
}

describe("an old browser's page, over TLS or not, may write when it is", () => {
  const pages: [origin: string, host: string, secure: boolean, mayWrite: boolean][] = [
    ["http://a", "a:80", false, true],
    ["http://a", "a", false, true],
    ["https://a", "a:443", true, true],
    ["https://a", "a", true, true],
    ["https://a", "a:80", true, false],
    ["http://a", "a:443", false, false],
    ["http://a", "a", true, false],
    ["https://a", "a", false, false],
  ];
  test.each(pages)("%s at Host %s (TLS: %p): %p", (origin, host, secure, mayWrite) => {
    const request = writeFrom(origin, host, secure);
    expect(requestScheme(request)).toBe(secure ? "https" : "http");
    expect(createCrossOriginGate([], () => {})(request) === null).toBe(mayWrite);
  });
});
