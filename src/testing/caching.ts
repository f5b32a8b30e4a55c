// `/cache` and `/etag`: what clients keep, and ask about again.

import { formatHttpDate } from "../http/http-date.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { evaluatePreconditions } from "../http/precondition.ts";
import { parseCount } from "./arguments.ts";
import { showGet } from "./inspection.ts";
import { badRequest, empty, noSuchPath } from "./replies.ts";
import type { Timer } from "./timer.ts";

/** The Date of an answer may be older than now; nothing was modified after it (RFC 9110 8.8.2.1). */
const DATE_AGE_MS = 2000;

/** GET `/cache`: 304 for every request with If-Modified-Since or If-None-Match, otherwise what `/get` gives. */
export function createCache(timer: Timer): (request: HttpRequest) => HttpResponse {
  return (request) => {
    const { fields } = request;
    const isConditional = fields.get("if-modified-since") !== undefined || fields.get("if-none-match") !== undefined;
    if (isConditional) return empty(304);
    return showGet(request)
      .append("Last-Modified", formatHttpDate(timer.now - DATE_AGE_MS))
      .append("ETag", `"${crypto.randomUUID().replaceAll("-", "")}"`);
  };
}

/** GET `/cache/{n}`: to be kept for so many seconds. */
export function cacheFor(request: HttpRequest, n: string): HttpResponse {
  const seconds = parseCount(n);
  if (seconds === null || !Number.isSafeInteger(seconds)) return noSuchPath("a number of seconds");
  return showGet(request).append("Cache-Control", `public, max-age=${seconds}`);
}

/** `etagc` of RFC 9110 8.8.3, one byte per char. */
const OPAQUE_TAG = /^[\x21\x23-\x7e\x80-\xff]*$/;

/** GET `/etag/{etag}`: judges the preconditions against this tag. */
export function createEtag(timer: Timer): (request: HttpRequest, tag: string) => HttpResponse {
  return (request, tag) => {
    if (!OPAQUE_TAG.test(tag)) return badRequest("An entity tag has no white space, quotes or controls.");
    const etag = `"${tag}"`;
    const verdict = evaluatePreconditions(request.method, request.fields, { etag, modified: null }, timer.now);
    switch (verdict) {
      case "not-modified":
        return empty(304).append("ETag", etag);
      case "failed":
        return empty(412);
      case "proceed":
        return showGet(request).append("ETag", etag);
    }
  };
}
