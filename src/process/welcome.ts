// What a person at a terminal wants to know as soon as the server runs: what is shared, what visitors may do with it, where
// to open it, and what to do next. Programs read the log alone.

import { canonicalHost, isEveryAddress, isLoopback } from "../cli/address.ts";
import { formatSize } from "../cli/quantity.ts";
import type { Config } from "../config.ts";
import { formatAuthority } from "../http/authority.ts";
import { hasPort, socketPath } from "../http/unix-host.ts";
import { ownInterfaces } from "./own-interfaces.ts";

/** What is known when the server listens. */
export interface WelcomeFacts {
  readonly config: Config;
  /** Where it listens, ports before sockets. */
  readonly urls: readonly string[];
  /** The folder's path from the root; null for none. */
  readonly folder: string | null;
  /** Addresses of this machine that others may reach, the best first. */
  readonly addresses: readonly string[];
  /** Rights were set, for so many people and programs. */
  readonly logins: number | null;
}

/** The addresses to open, the best first; those that others can use, and one of this machine's own. */
export interface OpenAddresses {
  /** One for each host with a port. */
  readonly own: readonly string[];
  /** Empty when only this machine reaches the server. */
  readonly others: readonly string[];
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Where to point a browser: `0.0.0.0` is an address to listen at, and none to open. */
export function openAddresses({ config, urls, folder, addresses }: WelcomeFacts): OpenAddresses {
  const [, protocol = "http:", port = ""] = /^(https?:)\/\/.*?(?::(\d+))?$/.exec(urls[0] ?? "") ?? [];
  const path = folder === null || config.files.uploadOnly ? "/" : "/files/";
  // What a scheme's own port is, URLs know.
  const at = (host: string): string => {
    const address = `${protocol}//${formatAuthority(host, Number(port || DEFAULT_PORTS[protocol]))}${path}`;
    // No URL has an address with a zone: it stands as it was given.
    return URL.parse(address)?.href ?? address;
  };
  const hosts = config.hosts.filter(hasPort);
  const own = hosts.map((host) => at(isEveryAddress(host) ? "localhost" : host));
  const others = hosts.flatMap((host) => reachableBy(host, addresses).map(at));
  return { own: [...new Set(own)], others: [...new Set(others)] };
}

/** Names and addresses for those who are not on this machine. */
function reachableBy(host: string, addresses: readonly string[]): readonly string[] {
  if (isLoopback(host)) return [];
  if (!isEveryAddress(host)) return [host];
  return canonicalHost(host) === "::" ? addresses : addresses.filter((address) => !address.includes(":"));
}

/** Lines without their ends, each indented, so that none is taken for one of the log. */
export function welcomeLines(facts: WelcomeFacts): readonly string[] {
  const { own, others } = openAddresses(facts);
  const opened = [...new Set([...own, ...others])];
  const rows: (readonly [name: string, text: string])[] = [
    ["Folder", facts.folder === null ? "none; mini-http DIRECTORY shares one" : printable(facts.folder)],
    ...(facts.folder === null ? [] : ([["Visitors", visitorsMay(facts)]] as const)),
    ...opened.map((address, index) => [index === 0 ? "Open" : "", address] as const),
    ...facts.urls.flatMap((url) => socketRow(socketPath(url))),
    ["Network", networkLine(facts, others)],
    ["Stop", "Ctrl-C"],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`);
}

function socketRow(path: string | null): readonly (readonly [name: string, text: string])[] {
  return path === null ? [] : [["Socket", printable(path)]];
}

/** One sentence, with the flags that change it. */
function visitorsMay({ config, logins }: WelcomeFacts): string {
  const { readOnly, uploadOnly, allowDelete, onDuplicate } = config.files;
  const most = `of up to ${formatSize(config.limits.maxBody)}`;
  const who = logins === null ? "" : `; who may do so, --auth, --token and --anonymous say (${logins} known)`;
  if (readOnly) return `read (--read-only)${who}`;
  if (uploadOnly) return `send files ${most}, and see nothing${who}`;
  const taken = {
    overwrite: ", replace files",
    error: " and not replace them",
    rename: " beside those of the same name",
  }[onDuplicate];
  const removed = allowDelete ? " and delete them" : "; not delete (--allow-delete)";
  return `read, upload files ${most}${taken}${removed}${who}`;
}

function networkLine({ config }: WelcomeFacts, others: readonly string[]): string {
  if (config.hosts.every(isLoopback)) return "only this machine reaches it; --host 0.0.0.0 opens it to your network";
  return others.length > 0 ? "open to whoever reaches these addresses" : "this machine has no address in a network";
}

/** Those that other machines may reach: of IPv4 first, which people can type; none that needs a zone. */
export function networkAddresses(interfaces = ownInterfaces()): readonly string[] {
  const outer = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address));
  const ofFamily = (family: string): string[] =>
    outer.filter((each) => each.family === family).map(({ address }) => address);
  return [...ofFamily("IPv4"), ...ofFamily("IPv6")];
}

/** A path for a terminal: what could steer it stands as a question mark. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "?");
}
