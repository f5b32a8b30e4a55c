// The network addresses of this machine, as far as the system tells them.

import { networkInterfaces } from "node:os";

/** By the names of interfaces; nothing where this process may not know (no AF_NETLINK, as services are often kept). */
export function ownInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

/** All of them, those of this machine alone too. */
export function ownAddresses(): readonly string[] {
  return Object.values(ownInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}
