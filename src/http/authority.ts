// Where something is: a scheme and an authority, as URLs, targets, Host and Origin write them (RFC 9110 4.2, RFC 3986 3.2).

import type { HttpRequest } from "./message.ts";

/** What a connection speaks: plain, or TLS around it. */
export type Scheme = "http" | "https";

/** What a URL of the scheme means when it names no port (RFC 9110 4.2.1, 4.2.2). */
const OWN_PORT: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

const PORT = /:\d*$/;
const ABSOLUTE_TARGET = /^https?:\/\/([^/?]*)/i;

/** The authority of a host and its port; an IPv6 address, given without brackets, gets them (RFC 3986 3.2.2). */
export function formatAuthority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host of a valid authority, as it stands there; an IPv6 address keeps its brackets. */
export function hostOf(authority: string): string {
  return authority.replace(PORT, "");
}

/** The origin of an authority, as browsers send it: lower case, without the scheme's own port (RFC 6454 6.2). */
export function originOf(scheme: Scheme, authority: string): string {
  const lower = authority.toLowerCase();
  const port = PORT.exec(lower)?.[0];
  return `${scheme}://${port === `:${OWN_PORT[scheme]}` ? hostOf(lower) : lower}`;
}

/** The scheme of a request: what a trusted proxy tells, otherwise that of its connection. */
export function requestScheme({ peer, forwarded }: Pick<HttpRequest, "peer" | "forwarded">): Scheme {
  return forwarded?.scheme ?? (peer.secure ? "https" : "http");
}

/** The host and port that the client asked for: what a trusted proxy tells, otherwise what the request names. */
export function requestAuthority(request: Pick<HttpRequest, "target" | "fields" | "forwarded">): string {
  return request.forwarded?.authority ?? namedAuthority(request);
}

/**
 * The host and port that the request names: the authority of an absolute target, otherwise Host (RFC 9112 3.3). Lower
 * case; empty when there is neither.
 */
export function namedAuthority({ target, fields }: Pick<HttpRequest, "target" | "fields">): string {
  const absolute = target.startsWith("/") ? null : ABSOLUTE_TARGET.exec(target);
  return (absolute?.[1] ?? fields.get("host") ?? "").toLowerCase();
}
