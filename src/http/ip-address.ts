// The bytes of IP addresses as people write them (RFC 3986 3.2.2, RFC 4291 2.2).

import { isIpv4, isIpv6 } from "./host.ts";

const IPV6_BYTES = 16;

/** Network order, 4 bytes or 16; null for what is no address. A zone does not count. */
export function ipBytes(address: string): readonly number[] | null {
  const text = address.replace(/%.*$/, "");
  if (isIpv4(text)) return text.split(".").map(Number);
  if (!isIpv6(text)) return null;
  const [head, tail] = text.split("::").map(groupBytes);
  if (tail === undefined) return head!;
  return [...head!, ...new Array<number>(IPV6_BYTES - head!.length - tail.length).fill(0), ...tail];
}

/** True for an address that only this machine has. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** Groups of four hexadecimal digits; the last may be an IPv4 address. */
function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
