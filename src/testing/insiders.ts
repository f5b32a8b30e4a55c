// Who may read what others sent, and set what they get.

import { UNIX_PEER } from "../http/address-set.ts";
import { isLoopbackAddress } from "../http/ip-address.ts";
import { isSafe } from "../http/method.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** What a proxy says of whom it speaks for (RFC 7239, RFC 9110 7.6.3), or did before there was a standard. */
const PROXY_FIELDS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

const STRANGER = "Only clients on this machine, or with a name and a password, may see and set this.\n";
const UNKNOWN =
  "This came over a unix socket, behind which a proxy and anybody may be: ask over a port, from this machine, or with a " +
  "name and a password.\n";
const PROXIED =
  "This came through a proxy, behind which anybody may be: ask the server itself, from this machine, or with a name " +
  "and a password.\n";

/**
 * Null for a client on this machine, or one that authentication knows; the answer to everybody else. A proxy on this
 * machine speaks for others, and is what most unix sockets are for; a trusted one is believed who they are. An address that is not known is nobody's: a client
 * that has reset its connection has none. Where rights are set, it takes those for the whole folder: what others sent
 * and got may come from anywhere in it.
 */
export function refuseStranger(request: HttpRequest): HttpResponse | null {
  const { method, permission, user, fields, clientAddress, forwarded } = request;
  const right = isSafe(method) ? "read" : "write";
  if (permission !== null && !permission.mayAllBelow(right, "")) return permission.refuse(right);
  if (user !== "") return null;
  if (clientAddress === UNIX_PEER) return plainText(UNKNOWN, 403);
  if (!isLoopbackAddress(clientAddress)) return plainText(STRANGER, 403);
  if (forwarded !== null) return forwarded.address === null ? plainText(PROXIED, 403) : null;
  return PROXY_FIELDS.some((name) => fields.get(name) !== undefined) ? plainText(PROXIED, 403) : null;
}

/** True when passwords and cookies of others may be shown: where people have rights of their own, nobody borrows them. */
export function maySeeSecrets({ permission }: HttpRequest): boolean {
  return permission === null;
}
