// Against DNS rebinding: a web page whose own name points to a loopback address is, for the browser, of the same
// origin as this server. Its name in `Host` gives it away.

import { isIpv4 } from "../http/host.ts";
import { plainText } from "../http/plain-text.ts";
import { type Gate, requestAuthority } from "./gate.ts";

/** `allowedHosts` and `machineName` are in lower case. */
export function createHostGuard(allowedHosts: readonly string[], machineName: string): Gate {
  const known = new Set([...allowedHosts, machineName]);
  // Nearly every request names the same host as the one before.
  let last = "";
  return (request) => {
    if (!isLoopbackAddress(request.peer.localAddress)) return null;
    const authority = requestAuthority(request);
    if (authority === last) return null;
    const host = authority.replace(/:\d*$/, "");
    if (isOwnName(host) || known.has(host.replace(/\.$/, ""))) {
      last = authority;
      return null;
    }
    return plainText("This host name is not served on a loopback address; --allowed-host NAME allows it.\n", 421);
  };
}

/** A public name has a dot; addresses and names below localhost cannot be rebound. */
function isOwnName(host: string): boolean {
  const name = host.replace(/\.$/, "");
  return !name.includes(".") || host.startsWith("[") || isIpv4(name) || name.endsWith(".localhost");
}

function isLoopbackAddress(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
