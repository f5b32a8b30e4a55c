import { describe, expect, test } from "bun:test";
import { BadProxyHeader, MOST_HEADER_BYTES, readProxyHeader } from "../../src/net/proxy-header.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, "latin1");

/** Version and command, family and transport, then addresses, ports and whatever follows. */
function binary(first: number, family: number, ...rest: readonly number[]): Buffer {
  const fixed = Buffer.from(SIGNATURE + String.fromCharCode(first, family), "latin1");
  return Buffer.concat([fixed, Buffer.from([rest.length >> 8, rest.length & 0xff]), Buffer.from(rest)]);
}

const V4 = [192, 0, 2, 1, 198, 51, 100, 7, 0x13, 0x88, 0, 80];
const V6 = [...ipv6("20010db8000000000000000000000001"), ...ipv6("20010db8000000000000000000000002"), 1, 0, 1, 187];
const MAPPED = [...ipv6("00000000000000000000ffffc0000201"), ...ipv6("00000000000000000000ffffc0000202"), 0, 1, 0, 2];
const TLV = [0x02, 0, 3, 0x61, 0x2e, 0x62];

function ipv6(hex: string): number[] {
  return [...Buffer.from(hex, "hex")];
}

const NOBODY = { address: "unknown", port: 0, localAddress: null };
const headers: [what: string, bytes: Buffer, ends: unknown][] = [
  [
    "version 1 over IPv4",
    line("PROXY TCP4 192.0.2.1 198.51.100.7 5000 80"),
    { address: "192.0.2.1", port: 5000, localAddress: "198.51.100.7" },
  ],
  [
    "version 1 over IPv6, spelled as the RFC does",
    line("PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 65535 0"),
    { address: "2001:db8::1", port: 65535, localAddress: "::1" },
  ],
  [
    "version 1 with IPv4 in IPv6",
    line("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2"),
    { address: "192.0.2.1", port: 1, localAddress: "192.0.2.2" },
  ],
  [
    "the longest line",
    line(`PROXY TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535`),
    { address: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", port: 65535, localAddress: `${"ffff:".repeat(7)}ffff` },
  ],
  ["version 1 of nobody", line("PROXY UNKNOWN"), NOBODY],
  ["version 1 of nobody, with words", line("PROXY UNKNOWN ffff::1 ffff::2 65535 65535"), NOBODY],
  [
    "version 2 over IPv4",
    binary(0x21, 0x11, ...V4),
    { address: "192.0.2.1", port: 5000, localAddress: "198.51.100.7" },
  ],
  [
    "version 2 over IPv6",
    binary(0x21, 0x21, ...V6),
    { address: "2001:db8::1", port: 256, localAddress: "2001:db8::2" },
  ],
  [
    "version 2 with IPv4 in IPv6",
    binary(0x21, 0x21, ...MAPPED),
    { address: "192.0.2.1", port: 1, localAddress: "192.0.2.2" },
  ],
  [
    "version 2 with more behind the ports",
    binary(0x21, 0x11, ...V4, ...TLV),
    { address: "192.0.2.1", port: 5000, localAddress: "198.51.100.7" },
  ],
  ["a proxy that speaks for itself", binary(0x20, 0x00), null],
  ["the same with addresses, which do not count", binary(0x20, 0x11, ...V4), null],
  ["the same with a family that nobody knows, which does not count either", binary(0x20, 0x43, ...V4), null],
  ["version 2 of nobody", binary(0x21, 0x00), NOBODY],
  ["version 2 of a datagram on a unix socket", binary(0x21, 0x32, ...new Array<number>(216).fill(0)), NOBODY],
  ["version 2 of a unix socket", binary(0x21, 0x31, ...new Array<number>(216).fill(0x61)), NOBODY],
  ["version 2 over UDP", binary(0x21, 0x12, ...V4), NOBODY],
  [
    "the longest of version 2",
    binary(0x21, 0x11, ...V4, ...new Array<number>(MOST_HEADER_BYTES - 28).fill(0)),
    { address: "192.0.2.1", port: 5000, localAddress: "198.51.100.7" },
  ],
];

describe("a PROXY header is read at its last byte, and not before:", () => {
  test.each(headers)("%s", (_, bytes, ends) => {
    const cuts = bytes.length > 300 ? [0, 1, 12, 15, 16, 27, 28, bytes.length - 1] : bytes.keys();
    for (const cut of cuts) expect(readProxyHeader(bytes.subarray(0, cut))).toBeNull();
    expect(readProxyHeader(bytes) as unknown).toEqual({ size: bytes.length, ends });
    const followed = Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1\r\n\r\n")]);
    expect(readProxyHeader(followed) as unknown).toEqual({ size: bytes.length, ends });
  });
});

const MISSING = "It does not begin with a PROXY header.";
const MALFORMED = "Its PROXY header is malformed.";
const TOO_LONG = "Its PROXY header is too long.";
const faults: [what: string, bytes: Buffer, reason: string][] = [
  ["a request", Buffer.from("GET / HTTP/1.1\r\n"), MISSING],
  ["one byte of a request", Buffer.from("G"), MISSING],
  ["a request of method PROXY-ish", Buffer.from("PROXIES / HTTP/1.1\r\n"), MISSING],
  ["a TLS handshake", Buffer.from([0x16, 3, 1]), MISSING],
  ["the word in lower case", line("proxy TCP4 192.0.2.1 192.0.2.2 1 2"), MISSING],
  ["a signature with a fault in it", Buffer.from("\r\n\r\n\0\r\nQUIX", "latin1"), MISSING],
  ["another family", line("PROXY UDP4 192.0.2.1 192.0.2.2 1 2"), MALFORMED],
  ["no family", line("PROXY "), MALFORMED],
  ["an address of the other family", line("PROXY TCP4 ::1 ::1 1 2"), MALFORMED],
  ["the other way round", line("PROXY TCP6 192.0.2.1 192.0.2.2 1 2"), MALFORMED],
  ["half an address", line("PROXY TCP4 192.0.2 192.0.2.2 1 2"), MALFORMED],
  ["a name", line("PROXY TCP4 localhost 192.0.2.2 1 2"), MALFORMED],
  ["a zone", line("PROXY TCP6 fe80::1%eth0 ::1 1 2"), MALFORMED],
  ["a port too high", line("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2"), MALFORMED],
  ["a port with a zero ahead", line("PROXY TCP4 192.0.2.1 192.0.2.2 01 2"), MALFORMED],
  ["a negative port", line("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2"), MALFORMED],
  ["a port that is missing", line("PROXY TCP4 192.0.2.1 192.0.2.2 1"), MALFORMED],
  ["a word too many", line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3"), MALFORMED],
  ["two spaces", line("PROXY TCP4  192.0.2.1 192.0.2.2 1 2"), MALFORMED],
  ["a line that does not end", Buffer.from(`PROXY UNKNOWN ${"x".repeat(93)}`), TOO_LONG],
  ["a line that ends too late", line(`PROXY UNKNOWN ${"x".repeat(92)}`), TOO_LONG],
  ["a bare line feed", Buffer.from(`PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n${"x".repeat(80)}`), TOO_LONG],
  ["version 1 in the form of 2", binary(0x11, 0x11, ...V4), MALFORMED],
  ["version 3", binary(0x31, 0x11, ...V4), MALFORMED],
  ["a command that nobody knows", binary(0x22, 0x11, ...V4), MALFORMED],
  ["a family that nobody knows", binary(0x21, 0x41, ...V4), MALFORMED],
  ["the last of them", binary(0x21, 0xf1, ...V4), MALFORMED],
  ["a transport that nobody knows", binary(0x21, 0x13, ...V4), MALFORMED],
  ["addresses that are cut", binary(0x21, 0x11, ...V4.slice(1)), MALFORMED],
  ["addresses of IPv6 that are cut", binary(0x21, 0x21, ...V6.slice(1)), MALFORMED],
  ["a length out of all measure", Buffer.from(`${SIGNATURE}\x21\x11\xff\xff`, "latin1"), TOO_LONG],
];

describe("no PROXY header is", () => {
  test.each(faults)("%s", (_, bytes, reason) => {
    expect(readProxyHeader(bytes)).toEqual(new BadProxyHeader(reason));
  });
});
