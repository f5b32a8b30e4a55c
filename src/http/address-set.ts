// Networks of addresses, as `192.168.0.0/16` and `fd00::/8` name them (RFC 4632 3.1, RFC 4291 2.3).

import { ipBytes } from "./ip-address.ts";

/** What clients of a unix socket are called, which have no address; whoever may connect there is one of them. */
export const UNIX_PEER = "unix";

const IPV4_BYTES = 4;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** A number of networks, and perhaps the clients of unix sockets. */
export class AddressSet {
  readonly #networks: readonly Network[];
  readonly #hasUnix: boolean;

  /** Texts that `isNetwork` has taken. */
  constructor(networks: readonly string[]) {
    this.#hasUnix = networks.includes(UNIX_PEER);
    this.#networks = networks.map(parseNetwork).filter((network) => network !== null);
  }

  get isEmpty(): boolean {
    return this.#networks.length === 0 && !this.#hasUnix;
  }

  /** False for what is no address, such as the empty one of a client that has reset its connection. */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    if (address === UNIX_PEER) return this.#hasUnix;
    const bytes = addressBytes(address);
    return bytes !== null && this.#networks.some((network) => isIn(bytes, network));
  }
}

/** True for an address with or without the length of its network's prefix, and for the clients of unix sockets. */
export function isNetwork(text: string): boolean {
  return text === UNIX_PEER || parseNetwork(text) !== null;
}

/** The bytes of an address, of IPv4 also where it is mapped into IPv6; null when it is none. A zone does not count. */
export function addressBytes(address: string): readonly number[] | null {
  const bytes = ipBytes(address);
  const isMapped = bytes !== null && MAPPED_PREFIX.every((byte, index) => bytes[index] === byte);
  return isMapped ? bytes.slice(MAPPED_PREFIX.length) : bytes;
}

/** Of IPv6, whoever has one address has 2^64 of them; but all of a link have those that are local to it (RFC 4291 2.5.6). */
const NETWORK_BYTES = 8;

/** What stands for whoever has the address: it, or its /64 of IPv6. Empty for what is no address. */
export function ownerBytes(address: string): readonly number[] {
  const bytes = addressBytes(address) ?? [];
  return bytes.length > NETWORK_BYTES && !isLinkLocal(bytes) ? bytes.slice(0, NETWORK_BYTES) : bytes;
}

/** `fe80::/10`. */
function isLinkLocal(bytes: readonly number[]): boolean {
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

/** One spelling for each address, as URLs have it (RFC 5952), and that of IPv4 where it is mapped into IPv6. */
export function canonicalAddress(address: string): string {
  const bytes = addressBytes(address);
  if (bytes?.length === IPV4_BYTES) return bytes.join(".");
  // None of a zone, which no URL takes.
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? address;
}

/** The text of an address's bytes, 4 or 16 in network order, as `canonicalAddress` spells it. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return bytes.join(".");
  const groups = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return canonicalAddress(groups.join(":"));
}

function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const most = 8 * bytes.length;
  if (slash < 0) return { bytes, bits: most };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return null;
  // A mapped network is as long as it was written, less what is the same in all of them.
  const isMapped = bytes.length === IPV4_BYTES && text.includes(":");
  const bits = Number(length) - (isMapped ? 8 * MAPPED_PREFIX.length : 0);
  return bits < 0 || bits > most ? null : { bytes, bits };
}

function isIn(bytes: readonly number[], network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network.bytes[i]) return false;
  const rest = network.bits & 7;
  return rest === 0 || (bytes[whole]! ^ network.bytes[whole]!) >> (8 - rest) === 0;
}
