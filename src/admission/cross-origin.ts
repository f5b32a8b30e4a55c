// A web page of another origin cannot write through its visitor's browser, which sends such requests without asking.

import { originOf, requestAuthority, requestScheme } from "../http/authority.ts";
import type { Gate, HttpRequest } from "../http/message.ts";
import { quoteText } from "../http/quoted-text.ts";
import { createAdvice, type Warn } from "./gate.ts";

/** `writeOrigins` may write all the same, in the form in which browsers send them. */
export function createCrossOriginGate(writeOrigins: readonly string[], warn: Warn): Gate {
  const refuse = createAdvice(warn, 403);
  const trusted = new Set(writeOrigins);
  return (request) => {
    if (request.access !== "write") return null;
    if (isOwnPage(request) || trusted.has(request.fields.get("origin") ?? "")) return null;
    return refuse(adviceFor(request, requestAuthority(request)));
  };
}

/** Only what nobody's shell would read as more than a word is offered to be typed. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[a-z0-9._-]{1,100}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Whoever sends one is a proxy, or would like to pass for one. */
const PROXY_FIELDS = ["x-forwarded-proto", "x-forwarded-host", "forwarded"];

/** A proxy that does not pass Host on makes our own page look like another's, and so does one that speaks TLS for us. */
function adviceFor({ fields, forwarded, peer }: HttpRequest, authority: string): string {
  const refused = "A page of another origin may not write here";
  const origin = fields.get("origin");
  if (origin === undefined || !PLAIN_ORIGIN.test(origin)) return `${refused}; --cors-write ORIGIN allows a named one.`;
  // A browser that says so knows better than any proxy could make it look.
  if (fields.get("sec-fetch-site") !== undefined) return `${refused}; --cors-write ${origin} allows this one.`;
  if (forwarded === null && PROXY_FIELDS.some((name) => fields.get(name) !== undefined)) {
    const trust = `--trusted-proxies ${peer.address} believes what it tells of it`;
    return `${refused}; if ${origin} is this server behind a proxy, ${trust}, and --cors-write ${origin} allows it anyway.`;
  }
  const host = origin.slice(origin.indexOf("//") + 2);
  const proxy = authority === host ? "" : `let the proxy pass on Host (${host}, not ${quoteText(authority)}), or `;
  return `${refused}; if ${origin} is this server behind a proxy, ${proxy}start it with --cors-write ${origin}.`;
}

/** No browser, or a page of ours. Browsers say where a request comes from in Sec-Fetch-Site; older ones in Origin. */
function isOwnPage(request: HttpRequest): boolean {
  const site = request.fields.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = request.fields.get("origin");
  if (origin === undefined) return true;
  return origin.toLowerCase() === originOf(requestScheme(request), requestAuthority(request));
}
