// Endpoints of one value or one page: `/uuid`, `/base64`, `/links`.

import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { Arguments, parseCount } from "./arguments.ts";
import { isText } from "./json-text.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import { found } from "./redirects.ts";
import { badRequest, jsonReply, noSuchPath } from "./replies.ts";

/** GET `/uuid`, `?seed=`: a version 4 UUID (RFC 9562 5.4). */
export function sendUuid(request: HttpRequest): HttpResponse {
  const { seed } = new Arguments(request);
  return jsonReply({ uuid: seed === null ? crypto.randomUUID() : seededUuid(new MersenneTwister(seed)) });
}

function seededUuid(twister: MersenneTwister): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => twister.byte()));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const BASE64 = /^[A-Za-z0-9\-_+/]*={0,2}$/;

/** GET `/base64/{value}`: what base64url, or base64, stands for. */
export function decodeBase64(_request: HttpRequest, value: string): HttpResponse {
  const digits = value.replace(/=+$/, "");
  if (!BASE64.test(value) || digits.length % 4 === 1)
    return badRequest("Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l");
  const bytes = Buffer.from(digits, "base64");
  const type = isText(bytes) ? "text/plain; charset=utf-8" : "application/octet-stream";
  return new HttpResponse(200, bytes).append("Content-Type", type);
}

const MOST_LINKS = 200;

/** GET `/links/{n}`: to the first page of that many. */
export function beginLinks(_request: HttpRequest, n: string): HttpResponse {
  return parseCount(n) === null ? noSuchPath("a number of links") : found(`/links/${n}/0`);
}

/** GET `/links/{n}/{offset}`: a page with links to all others of its kind. */
export function sendLinks(_request: HttpRequest, n: string, offset: string): HttpResponse {
  const asked = parseCount(n);
  const own = parseCount(offset);
  if (asked === null || own === null) return noSuchPath("two numbers");
  const count = Math.min(Math.max(asked, 1), MOST_LINKS);
  const links = Array.from({ length: count }, (_, i) =>
    i === own ? `${i} ` : `<a href='/links/${count}/${i}'>${i}</a> `,
  );
  const page = `<html><head><title>Links</title></head><body>${links.join("")}</body></html>`;
  return new HttpResponse(200, page).append("Content-Type", "text/html; charset=utf-8");
}
