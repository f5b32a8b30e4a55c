// `/trailers`: an answer whose last fields come behind its content (RFC 9110 6.5).

import { UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { isToken } from "../http/field-syntax.ts";
import { fieldValue, HttpResponse, type HttpRequest } from "../http/message.ts";
import { parsePairs } from "./arguments.ts";
import { printJson } from "./json-text.ts";
import { argumentsOf } from "./received-request.ts";
import { badRequest } from "./replies.ts";

/** Fields for framing, routing, control of the request or the answer, and how its content is to be taken (6.5.1). */
const NEVER_TRAILER = new RegExp(
  "^(?:content-.*|transfer-encoding|trailer|te|connection|keep-alive|upgrade|host|cache-control|expires|age|date|location|" +
    "retry-after|vary|warning|set-cookie|authorization|www-authenticate|proxy-.*|range|if-.*|expect|max-forwards|refresh)$",
  "i",
);
const PRESET = "X-Trailer=behind+the+content";

/** GET, `?name=value…`: these as trailer fields, for whoever speaks HTTP/1.1. */
export function sendTrailers(request: HttpRequest): HttpResponse {
  const wanted = [...parsePairs(request.query === "" ? PRESET : request.query)];
  if (!wanted.every(([name]) => isToken(name) && !NEVER_TRAILER.test(name)))
    return badRequest("One of these is no field, or none that may be a trailer.");
  const lines = wanted.map(([name, value]) => `${name}: ${fieldValue(value)}\r\n`).join("");
  const pieces = [Buffer.from([...printJson({ args: argumentsOf(request) }), "\n"].join(""), "latin1")];
  const source = {
    length: UNKNOWN_LENGTH,
    read: () => pieces.shift() ?? null,
    trailerLines: () => lines,
    close: () => {},
  };
  return new HttpResponse(200, source)
    .append("Content-Type", "application/json")
    .append("Trailer", wanted.map(([name]) => name).join(", "));
}
