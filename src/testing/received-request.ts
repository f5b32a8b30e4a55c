// What a request said of itself, as httpbin shows it.

import { requestAuthority, requestScheme } from "../http/authority.ts";
import type { HttpRequest } from "../http/message.ts";
import type { Printable } from "./json-text.ts";
import { collectPairs, type Repeatable } from "./received-body.ts";

/** The arguments of the query. */
export function argumentsOf({ query }: HttpRequest): Repeatable {
  return collectPairs(query);
}

/** The header fields, with the first letter of each word as a capital; repeated ones joined with a comma. */
export function headersOf({ fields }: HttpRequest): Repeatable {
  const headers = new Map<string, string>();
  for (const { name, value } of fields) {
    const title = titleCase(name);
    const before = headers.get(title);
    headers.set(title, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(headers);
}

/** `x-thing` is `X-Thing`, whatever the client wrote: httpbin never sees that. */
function titleCase(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

/** Where the request comes from: the address that a proxy before this server tells, or the client's. */
export function originOf({ fields, peer }: HttpRequest): string {
  return fields.get("x-forwarded-for") ?? peer.address;
}

const SCHEME = /^[a-z][a-z0-9+.-]{0,20}$/i;

/** The scheme by which the client came, as far as a proxy before this server tells. */
function schemeOf(request: HttpRequest): string {
  const { fields } = request;
  const told = fields.get("x-forwarded-proto") ?? fields.get("x-forwarded-protocol");
  if (told !== undefined && SCHEME.test(told)) return told;
  return fields.get("x-forwarded-ssl") === "on" ? "https" : requestScheme(request);
}

/** Scheme and authority that the client asked. */
export function baseOf(request: HttpRequest): string {
  return `${schemeOf(request)}://${requestAuthority(request) || request.peer.localAddress || "localhost"}`;
}

/** The target URI (RFC 9110 7.1). */
export function urlOf(request: HttpRequest): string {
  return baseOf(request) + request.rawPath + (request.query === "" ? "" : `?${request.query}`);
}

/** What nearly every answer holds. */
export function describeRequest(request: HttpRequest): { readonly [name: string]: Printable } {
  return {
    args: argumentsOf(request),
    headers: headersOf(request),
    origin: originOf(request),
    url: urlOf(request),
  };
}
