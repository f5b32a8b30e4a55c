// Redirects: chains of them, and one to where the client says. Nobody can be sent away from here to a host of a
// stranger's choice: only loopback names and those of `--allowed-host` are led to.

import { fieldValue, HttpResponse, type HttpRequest } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { Arguments, parseCount } from "./arguments.ts";
import { baseOf } from "./received-request.ts";
import { badRequest, empty, noSuchPath } from "./replies.ts";

/** More in a row than any client follows. */
const MOST_REDIRECTS = 1000;
const END = "/get";

/** How the next redirect is named. */
type Form = "relative" | "absolute";

/** GET `/redirect/{n}`: n redirects, relative unless `?absolute=true`. */
export function redirect(request: HttpRequest, n: string): HttpResponse {
  const form = new Arguments(request).text("absolute")?.toLowerCase() === "true" ? "absolute" : "relative";
  return redirectTimes(request, n, form);
}

/** GET `/relative-redirect/{n}`. */
export function redirectRelative(request: HttpRequest, n: string): HttpResponse {
  return redirectTimes(request, n, "relative");
}

/** GET `/absolute-redirect/{n}`. */
export function redirectAbsolute(request: HttpRequest, n: string): HttpResponse {
  return redirectTimes(request, n, "absolute");
}

function redirectTimes(request: HttpRequest, n: string, form: Form): HttpResponse {
  const times = parseCount(n);
  if (times === null || times < 1 || times > MOST_REDIRECTS) return noSuchPath(`a number from 1 to ${MOST_REDIRECTS}`);
  const path = times === 1 ? END : `/${form}-redirect/${times - 1}`;
  return found(form === "absolute" ? fieldValue(baseOf(request)) + path : path);
}

/** A 302 to a place of ours. */
export function found(location: string): HttpResponse {
  return empty(302).append("Location", location);
}

/** Any method, `/redirect-to?url=…&status_code=307`. */
export function createRedirectTo(allowedHosts: readonly string[]): (request: HttpRequest) => HttpResponse {
  const allowed = new Set(allowedHosts);
  return (request) => {
    const asked = new Arguments(request);
    const url = asked.text("url");
    if (url === undefined) return badRequest("Say where to: /redirect-to?url=/get");
    const base = baseOf(request);
    if (!mayLeadTo(url, base, allowed))
      return plainText("Only this server, loopback names and hosts named with --allowed-host are led to.\n", 403);
    const status = asked.count("status_code", 302, 300, 399);
    return empty(status).append("Location", withoutRawBytes(url));
  };
}

const SCHEMES = ["http:", "https:"];

/**
 * Judged as a browser resolves it, missing schemes and all, by whichever scheme it came: a proxy that speaks TLS for us
 * need not say so, and to its clients `http:name` is another host, to ours a path.
 */
export function mayLeadTo(url: string, base: string, allowed: ReadonlySet<string>): boolean {
  // For a browser a backslash ends the host; others take what is behind it for the host (RFC 3986 has none at all).
  if (/^[^?#]*\\/.test(url)) return false;
  const bases = SCHEMES.map((scheme) => base.replace(/^[^:]*:/, scheme));
  const own = new Set(bases.map((each) => URL.parse(each)?.host));
  if (own.has(undefined)) return false;
  return bases.every((each) => {
    const target = URL.parse(url, each);
    // What a browser cannot resolve leads nowhere.
    if (target === null) return true;
    if (!SCHEMES.includes(target.protocol)) return false;
    const { host, hostname } = target;
    return own.has(host) || isLoopbackName(hostname) || allowed.has(hostname.replace(/\.$/, ""));
  });
}

function isLoopbackName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Exactly as it was given, but for what no field may hold. */
function withoutRawBytes(url: string): string {
  return url.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
