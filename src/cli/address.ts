// Hosts and origins as flags take them. Nothing is resolved here: what the system makes of a name shows when it is used.

import { canonicalAddress } from "../http/address-set.ts";
import { hasPort, socketPath } from "../http/unix-host.ts";
import { Unreadable } from "./quantity.ts";

const NAME = /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i;
const IPV6 = /^[0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i;
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*\\]+$/i;

const SOCKET_PATH = /^(?!@?$)[^\0]+$/;

/**
 * Where to listen: a name or an address, IPv6 with or without brackets, given back without them; or `unix:` and a path,
 * or `unix:@` and a name.
 */
export function readHost(text: string): string | Unreadable {
  const path = socketPath(text);
  if (path !== null)
    return SOCKET_PATH.test(path) ? text : new Unreadable("unix: and a path, such as unix:/run/mini-http.sock");
  const host = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (isIpv6(host)) return host;
  if (/:\d+$/.test(text)) return new Unreadable("a name or an address alone (the port goes to --port)");
  if (host === text && NAME.test(host)) return host;
  return new Unreadable("a name or an address such as localhost, 0.0.0.0 or ::1");
}

/** A host name as it stands in a `Host` field, in lower case, without a port. */
export function readHostName(text: string): string | Unreadable {
  if (!NAME.test(text)) return new Unreadable("a host name without scheme and port, such as files.example.org");
  return text.toLowerCase().replace(/\.$/, "");
}

/** An origin in the form in which browsers send it: lower case, without the scheme's own port, without a path. */
export function readOrigin(text: string): string | Unreadable {
  const expected = new Unreadable("an origin such as https://app.example.org");
  const origin = text.replace(/\/$/, "");
  if (!ORIGIN.test(origin)) return expected;
  // Schemes outside the web's own (browser extensions, desktop shells) have the opaque origin "null" here.
  const standard = URL.parse(origin)?.origin ?? null;
  if (standard === null) return expected;
  return standard === "null" ? origin.toLowerCase() : standard;
}

/** True for addresses, names and sockets that only this machine can reach. */
export function isLoopback(host: string): boolean {
  if (!hasPort(host)) return true;
  const name = canonicalHost(host);
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d+){3}$/.test(name);
}

/** Those that others than this machine can reach, for a sentence; empty for none. */
export function openHosts(hosts: readonly string[]): string {
  return hosts.filter((host) => !isLoopback(host)).join(" or ");
}

/** True for what stands for all addresses of this machine: something to listen at, and nothing to open. */
export function isEveryAddress(host: string): boolean {
  const name = canonicalHost(host);
  return name === "0.0.0.0" || name === "::";
}

/** One spelling for each address, as URLs have it, of IPv4 also where it is mapped into IPv6; names in lower case. */
export function canonicalHost(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, "");
  return name.includes(":") ? canonicalAddress(name) : (URL.parse(`http://${name}/`)?.hostname ?? name);
}

function isIpv6(host: string): boolean {
  const address = host.replace(/%.*$/, "");
  return IPV6.test(host) && host.split(":").length > 2 && URL.canParse(`http://[${address}]/`);
}
