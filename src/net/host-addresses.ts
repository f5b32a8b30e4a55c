// Which addresses a host stands for, so that a server listens on all of them and not on the one that happens to be first.

/** A host as somebody named it, and what it stands for. */
export interface HostAddresses {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly addresses: readonly string[];
}

const IPV4 = /^\d+(?:\.\d+){3}$/;
const LOOPBACK = ["127.0.0.1", "::1"];

/**
 * The addresses of a name, in the system's order; an address is its own. "localhost" is never looked up (RFC 6761 6.3).
 * Rejects with the system's error when there is none.
 */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (host === "localhost") return LOOPBACK;
  if (host.includes(":") || IPV4.test(host)) return [host];
  // The system's own way: it knows /etc/hosts, mDNS and short forms such as "127.1".
  const found = await Bun.dns.lookup(host, { backend: "libc" });
  return [...new Set(found.map(({ address }) => address))];
}
