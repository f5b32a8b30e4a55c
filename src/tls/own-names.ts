// What this machine is called by those who can reach it: names and addresses for a certificate of its own.

import { hostname } from "node:os";
import { isIpv4, isIpv6 } from "../http/host.ts";
import type { SubjectNames } from "./self-signed.ts";

/** A machine with virtual networks has hundreds of addresses; a certificate is sent with each handshake. */
const MOST_ADDRESSES = 64;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** `own` are the machine's addresses; `added` are further names and addresses, such as the host that is listened on. */
export function ownNames(own: readonly string[], added: readonly string[]): SubjectNames {
  return subjectNames(hostname(), own, added);
}

/** Everything once, in lower case; what is no name or address that a client could check is left out. */
export function subjectNames(machine: string, own: readonly string[], added: readonly string[]): SubjectNames {
  const name = machine.toLowerCase().replace(/\.$/, "");
  const first = name.replace(/\..*$/, "");
  const words = added.map((word) => word.toLowerCase().replace(/\.$/, ""));
  const hosts = ["localhost", name, `${first}.local`, ...words.filter((word) => !isAddress(word))];
  const addresses = ["127.0.0.1", "::1", ...words.filter(isAddress), ...own.map(withoutZone).filter(isReachable)];
  return {
    hosts: [...new Set(hosts)].filter((host) => DNS_NAME.test(host)),
    addresses: [...new Set(addresses)].filter(isStatable).slice(0, MOST_ADDRESSES),
  };
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, "").toLowerCase();
}

function isAddress(word: string): boolean {
  return isIpv4(word) || isIpv6(word);
}

/** A link-local address of IPv6 needs a zone, which no certificate can state (RFC 9844). */
function isReachable(address: string): boolean {
  return isAddress(address) && !/^fe[89ab]/.test(address);
}

/** "All addresses" is none. */
function isStatable(address: string): boolean {
  return address !== "0.0.0.0" && address !== "::";
}
