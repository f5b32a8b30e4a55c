// Against DNS rebinding: a web page whose own name points to a loopback address is, for the browser, of the same
// origin as this server. Its name in `Host` gives it away.

import { hostOf, namedAuthority } from "../http/authority.ts";
import { isIpv4 } from "../http/host.ts";
import { isLoopbackAddress } from "../http/ip-address.ts";
import type { Gate, HttpResponse } from "../http/message.ts";
import { quoteText } from "../http/quoted-text.ts";
import { createAdvice, type Warn } from "./gate.ts";

/** `allowedHosts` and `machineName` are in lower case. */
export function createHostGuard(allowedHosts: readonly string[], machineName: string, warn: Warn): Gate {
  const refuse = createAdvice(warn, 421);
  const known = new Set([...allowedHosts, machineName]);
  // Nearly every request names the same host as the one before.
  let last = "";
  const judge = (authority: string): HttpResponse | null => {
    if (authority === last) return null;
    const host = hostOf(authority);
    if (isOwnName(host) || known.has(host.replace(/\.$/, ""))) {
      last = authority;
      return null;
    }
    return refuse(adviceFor(host.replace(/\.$/, "")));
  };
  return (request) => {
    if (!isLoopbackAddress(request.peer.localAddress)) return null;
    // A page may send the fields of a proxy, too, and this machine may be a trusted one: what it tells is asked beside Host.
    const refused = judge(namedAuthority(request));
    const told = request.forwarded?.authority ?? null;
    return refused !== null || told === null ? refused : judge(told);
  };
}

/** Only what nobody's shell would read as more than a word is offered to be typed. */
const PLAIN_HOST = /^[a-z0-9._-]{1,100}$/;

function adviceFor(host: string): string {
  const name = PLAIN_HOST.test(host) ? host : "NAME";
  return (
    `The host name ${quoteText(host)} is not known on this loopback address; ` +
    `if it is this server's, such as behind a proxy, start it with --allowed-host ${name}.`
  );
}

/** A public name has a dot; addresses and names below localhost cannot be rebound. */
function isOwnName(host: string): boolean {
  const name = host.replace(/\.$/, "");
  return !name.includes(".") || host.startsWith("[") || isIpv4(name) || name.endsWith(".localhost");
}
