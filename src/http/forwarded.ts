// What proxies tell of the client they ask for: Forwarded (RFC 7239) and the X-Forwarded-For, -Proto and -Host of before.
// Whether who says so may be believed is not known here.

import { addressBytes, type AddressSet, UNIX_PEER } from "./address-set.ts";
import type { Scheme } from "./authority.ts";
import type { FieldSection } from "./field-section.ts";
import { parseParameters, splitList, trimBlanks } from "./field-syntax.ts";
import { isHostAndPort } from "./host.ts";

/** Who asks, and what it asked for, by the word of a proxy. */
export interface Forwarded {
  /**
   * Null where it was not told. Where the proxy keeps it to itself it is `unknown` or a word of the proxy's own
   * (RFC 7239 6.2, 6.3), which is in no network.
   */
  readonly address: string | null;
  /** 0 where it was not told. */
  readonly port: number;
  /** Null where it was not told. */
  readonly scheme: Scheme | null;
  /** In lower case; null where it was not told. */
  readonly authority: string | null;
}

/** Which field cannot be read, or tells something else than another. */
export class Unbelievable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

interface Node {
  readonly address: string;
  readonly port: number;
}

const NOBODY: Forwarded = { address: null, port: 0, scheme: null, authority: null };
/** Proxies name the scheme of a WebSocket, too. */
const SCHEMES: Readonly<Record<string, Scheme>> = { http: "http", https: "https", ws: "http", wss: "https" };
/** What nginx calls a client of its own unix socket. */
const UNIX_BY_NGINX = "unix:";
const MOST_PORT = 65_535;
/** No chain of proxies is as long as what fits into a head, and a client may have written that into the other field. */
const MOST_PROXIES = 100;

/**
 * What the fields of a request tell that came from a proxy of ours. Each proxy adds at the end whom it was asked by, so
 * the right-most address that is none of our proxies' is the client's: what stands before it anybody may have written,
 * and is not looked at. Null when nothing is told. Fields that tell different things are refused: one of them was the
 * client's own, let through by a proxy that writes the other.
 */
export function readForwarded(fields: FieldSection, proxies: AddressSet): Forwarded | Unbelievable | null {
  const standard = readStandard(listOf(fields.get("forwarded")), proxies);
  if (standard instanceof Unbelievable) return standard;
  const usual = readUsual(fields, proxies);
  if (usual instanceof Unbelievable) return usual;
  if (standard === null || usual === null) return standard ?? usual;
  const isOne =
    isSameAddress(standard.address, usual.address) &&
    isSame(standard.scheme, usual.scheme) &&
    isSame(standard.authority, usual.authority);
  if (!isOne) return new Unbelievable("Forwarded and X-Forwarded-* tell different things");
  const { address, port } = standard.address === null ? usual : standard;
  const scheme = standard.scheme ?? usual.scheme;
  return { address, port, scheme, authority: standard.authority ?? usual.authority };
}

/** Forwarded: what the client asked for stands beside its address. */
function readStandard(elements: readonly string[], proxies: AddressSet): Forwarded | Unbelievable | null {
  let told = NOBODY;
  for (const [place, element] of elements.toReversed().entries()) {
    if (place === MOST_PROXIES) return new Unbelievable("Forwarded names too many proxies");
    const next = readElement(element);
    if (next === null) return new Unbelievable("Forwarded cannot be read");
    // A proxy that tells no address speaks of the one that was told of it.
    told = next.address === null ? { ...next, address: told.address, port: told.port } : next;
    if (next.address === null || !proxies.has(next.address)) break;
  }
  return elements.length === 0 ? null : told;
}

/** `for=192.0.2.60;proto=https;host=a.example` (RFC 7239 section 4); null when it is malformed. */
function readElement(element: string): Forwarded | null {
  const pairs = parseParameters(`;${element}`);
  if (pairs === null) return null;
  const [client, proto, host] = [pairs.get("for"), pairs.get("proto"), pairs.get("host")];
  const node = client === undefined ? NOBODY : readNode(client);
  const scheme = proto === undefined ? null : readScheme(proto);
  const authority = host === undefined ? null : readAuthority(host);
  if (node === null || scheme === undefined || authority === undefined) return null;
  return { address: node.address, port: node.port, scheme, authority };
}

/** The fields of before: lists of their own, which grow at the same end. */
function readUsual(fields: FieldSection, proxies: AddressSet): Forwarded | Unbelievable | null {
  const addresses = listOf(fields.get("x-forwarded-for"));
  let node: Node | null = null;
  let place = 0;
  for (const text of addresses.toReversed()) {
    if (place === MOST_PROXIES) return new Unbelievable("X-Forwarded-For names too many proxies");
    node = text === UNIX_BY_NGINX ? { address: UNIX_PEER, port: 0 } : readNode(text);
    if (node === null) return new Unbelievable("X-Forwarded-For cannot be read");
    place += 1;
    if (!proxies.has(node.address)) break;
  }
  const proto = itemAt(listOf(fields.get("x-forwarded-proto")), place);
  const host = itemAt(listOf(fields.get("x-forwarded-host")), place);
  const scheme = proto === null ? null : readScheme(proto);
  const authority = host === null ? null : readAuthority(host);
  if (scheme === undefined) return new Unbelievable("X-Forwarded-Proto cannot be read");
  if (authority === undefined) return new Unbelievable("X-Forwarded-Host cannot be read");
  if (node === null && scheme === null && authority === null) return null;
  return { address: node?.address ?? null, port: node?.port ?? 0, scheme, authority };
}

/** The item that belongs to an address so far from the right; the first one where not every proxy has added its own. */
function itemAt(items: readonly string[], place: number): string | null {
  return items[Math.max(0, items.length - Math.max(1, place))] ?? null;
}

/** Empty members do not count (RFC 9110 5.6.1.2). */
function listOf(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return splitList(value)
    .map(trimBlanks)
    .filter((member) => member !== "");
}

/** An address with or without a port, or a word for one (RFC 7239 section 6); null when it is neither. */
function readNode(text: string): Node | null {
  const match =
    /^(?:\[([\da-f:.]+)\]|([\d.]+)|(unknown|_[\w.-]+))(?::(\d{1,5}|_[\w.-]+))?$/i.exec(text) ??
    /^([\da-f:.]+)$/i.exec(text);
  if (match === null) return null;
  const [, ipv6, ipv4, word, portText = ""] = match;
  if (word !== undefined) return { address: word, port: 0 };
  const bytes = addressBytes((ipv6 ?? ipv4)!);
  if (bytes === null) return null;
  const isMapped = ipv6 !== undefined && bytes.length === 4;
  const port = /^\d/.test(portText) ? Number(portText) : 0;
  if (port > MOST_PORT) return null;
  return { address: isMapped ? bytes.join(".") : (ipv6 ?? ipv4)!.toLowerCase(), port };
}

/** Undefined for what is none. */
function readScheme(text: string): Scheme | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : undefined;
}

/** Undefined for what is none. */
function readAuthority(text: string): string | undefined {
  const bytes = Buffer.from(text, "latin1");
  return isHostAndPort(bytes, 0, bytes.length) ? text.toLowerCase() : undefined;
}

function isSame(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}

/** An IPv6 address has more than one spelling. */
function isSameAddress(one: string | null, other: string | null): boolean {
  if (isSame(one, other)) return true;
  const [bytes, others] = [addressBytes(one!), addressBytes(other!)];
  return bytes !== null && others !== null && bytes.join() === others.join();
}
