// `/cookies`: those that the client sent, and setting and deleting them.

import { isToken } from "../http/field-syntax.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import type { Printable } from "./json-text.ts";
import { parsePairs } from "./arguments.ts";
import { found } from "./redirects.ts";
import { badRequest, jsonReply } from "./replies.ts";

/** `cookie-octet` of RFC 6265 4.1.1. */
const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]*$/;
const LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT";

/** GET `/cookies`. */
export function showCookies(request: HttpRequest): HttpResponse {
  return jsonReply({ cookies: Object.fromEntries(cookiesOf(request)) as { readonly [name: string]: Printable } });
}

/** The cookies of a request by their names. Of two of one name the first counts: the more specific (RFC 6265 5.4). */
export function cookiesOf({ fields }: HttpRequest): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (fields.get("cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=");
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim();
    const value = equals < 0 ? "" : pair.slice(equals + 1).trim();
    if (name !== "" && !cookies.has(name)) cookies.set(name, unquote(value));
  }
  return cookies;
}

/** GET `/cookies/set/{name}/{value}`. */
export function setCookie(_request: HttpRequest, name: string, value: string): HttpResponse {
  return setAll([[name, value]]);
}

/** GET `/cookies/set?name=value`. */
export function setCookies({ query }: HttpRequest): HttpResponse {
  return setAll(firstOfEach(query).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]));
}

/** GET `/cookies/delete?name`. */
export function deleteCookies({ query }: HttpRequest): HttpResponse {
  const names = firstOfEach(query).map(([name]) => name);
  if (!names.every((name) => isToken(name))) return badName();
  const reply = found("/cookies");
  for (const name of names) reply.append("Set-Cookie", `${name}=; Expires=${LONG_AGO}; Max-Age=0; Path=/`);
  return reply;
}

/** The field line's value that sets a cookie for all of the server; one byte per char. */
export function cookieLine(name: string, value: string): string {
  return `${name}=${quote(value)}; Path=/`;
}

function setAll(cookies: readonly (readonly [name: string, value: string])[]): HttpResponse {
  if (!cookies.every(([name]) => isToken(name))) return badName();
  const reply = found("/cookies");
  for (const [name, value] of cookies) reply.append("Set-Cookie", cookieLine(name, value));
  return reply;
}

function badName(): HttpResponse {
  return badRequest("The name of a cookie is a token: letters, digits and !#$%&'*+-.^_`|~.");
}

function firstOfEach(query: string): readonly (readonly [name: string, value: string])[] {
  const first = new Map<string, string>();
  for (const [name, value] of parsePairs(query)) if (!first.has(name)) first.set(name, value);
  return [...first];
}

/** Quotes what may not stand bare, each such byte as three octal digits: what Python's cookies and httpbin do. */
function quote(value: string): string {
  if (COOKIE_VALUE.test(value)) return value;
  const escaped = value.replace(/[^ !#-+\--:<-[\]-~]/g, (char) => {
    if (char === '"' || char === "\\") return `\\${char}`;
    return `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return `"${escaped}"`;
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replace(/\\(?:([0-3][0-7]{2})|(.))/g, (_, octal: string | undefined, char: string) => {
    return octal === undefined ? char : String.fromCharCode(parseInt(octal, 8));
  });
}
