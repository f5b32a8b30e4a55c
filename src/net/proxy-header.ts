// The header that a proxy sends ahead of everything else on a connection, to tell whom it brings: the PROXY protocol,
// versions 1 and 2, as HAProxy's document describes it. Whether who sends it may be believed is not known here.

import { addressText, canonicalAddress } from "../http/address-set.ts";
import { isIpv4, isIpv6 } from "../http/host.ts";

/** The two ends of the client's own connection. */
export interface ProxiedEnds {
  /** As text without an IPv4-mapped prefix; `unknown` where the proxy does not know or does not say. */
  readonly address: string;
  /** 0 where it is not known. */
  readonly port: number;
  /** Where the client connected to; null where it is not known. */
  readonly localAddress: string | null;
}

/** A whole header. */
export interface ProxyHeader {
  /** Its length in bytes. */
  readonly size: number;
  /** Null when the proxy speaks for itself, as for a health check: its own address counts. */
  readonly ends: ProxiedEnds | null;
}

/** What is wrong with what was sent in the header's place. */
export class BadProxyHeader {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A header is no longer than this: version 1 ends within 107 bytes, and what version 2 may add is of no use here. */
export const MOST_HEADER_BYTES = 4096;

const LINE_BEGINNING = Buffer.from("PROXY ", "latin1");
const MOST_LINE_BYTES = 107;
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const FIXED_BYTES = SIGNATURE.length + 4;
const VERSION_2 = 2;
const LOCAL = 0;
const PROXY = 1;
/** Family and transport in one byte, with the bytes of two addresses and two ports. */
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
/** Unspecified, IPv4, IPv6 and unix; unspecified, stream and datagram. Others are to be refused. */
const LAST_FAMILY = 3;
const LAST_TRANSPORT = 2;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const PORT_BYTES = 2;
const MOST_PORT = 65_535;

const UNKNOWN: ProxiedEnds = { address: "unknown", port: 0, localAddress: null };
const MISSING = new BadProxyHeader("It does not begin with a PROXY header.");
const MALFORMED = new BadProxyHeader("Its PROXY header is malformed.");
const TOO_LONG = new BadProxyHeader("Its PROXY header is too long.");

/** Reads the header at the beginning of the bytes; null when more are needed. The same for every cut of them. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | BadProxyHeader | null {
  if (beginsLike(bytes, SIGNATURE)) return bytes.length < FIXED_BYTES ? null : readBinary(bytes);
  if (beginsLike(bytes, LINE_BEGINNING)) return bytes.length < LINE_BEGINNING.length ? null : readLine(bytes);
  return MISSING;
}

/** As far as they go. */
function beginsLike(bytes: Buffer, beginning: Buffer): boolean {
  const there = Math.min(bytes.length, beginning.length);
  return bytes.compare(beginning, 0, there, 0, there) === 0;
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 5000 80`, ended by CR LF. */
function readLine(bytes: Buffer): ProxyHeader | BadProxyHeader | null {
  const end = bytes.subarray(0, MOST_LINE_BYTES).indexOf("\r\n");
  if (end < 0) return bytes.length < MOST_LINE_BYTES ? null : TOO_LONG;
  const size = end + 2;
  const [, family, source, target, sourcePort, targetPort, ...rest] = bytes.latin1Slice(0, end).split(" ");
  // What stands behind it is to be ignored.
  if (family === "UNKNOWN") return { size, ends: UNKNOWN };
  const isAddress = family === "TCP4" ? isIpv4 : family === "TCP6" ? isIpv6 : () => false;
  const port = readPort(sourcePort);
  if (source === undefined || target === undefined || rest.length > 0) return MALFORMED;
  if (!isAddress(source) || !isAddress(target) || port === null || readPort(targetPort) === null) return MALFORMED;
  return { size, ends: { address: canonicalAddress(source), port, localAddress: canonicalAddress(target) } };
}

function readPort(text = ""): number | null {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : MOST_PORT + 1;
  return port > MOST_PORT ? null : port;
}

function readBinary(bytes: Buffer): ProxyHeader | BadProxyHeader | null {
  const [first, family] = [bytes[SIGNATURE.length]!, bytes[SIGNATURE.length + 1]!];
  const [version, command] = [first >> 4, first & 0x0f];
  if (version !== VERSION_2 || command > PROXY) return MALFORMED;
  const size = FIXED_BYTES + bytes.readUInt16BE(FIXED_BYTES - 2);
  if (size > MOST_HEADER_BYTES) return TOO_LONG;
  if (bytes.length < size) return null;
  if (command === LOCAL) return { size, ends: null };
  if (family === TCP_OVER_IPV4) return readEnds(bytes, size, IPV4_BYTES);
  if (family === TCP_OVER_IPV6) return readEnds(bytes, size, IPV6_BYTES);
  const isKnown = family >> 4 <= LAST_FAMILY && (family & 0x0f) <= LAST_TRANSPORT;
  return isKnown ? { size, ends: UNKNOWN } : MALFORMED;
}

/** Two addresses, then two ports; what follows them describes them further. */
function readEnds(bytes: Buffer, size: number, length: number): ProxyHeader | BadProxyHeader {
  const ports = FIXED_BYTES + 2 * length;
  if (size < ports + 2 * PORT_BYTES) return MALFORMED;
  const address = addressText(bytes.subarray(FIXED_BYTES, FIXED_BYTES + length));
  const localAddress = addressText(bytes.subarray(FIXED_BYTES + length, ports));
  return { size, ends: { address, port: bytes.readUInt16BE(ports), localAddress } };
}
