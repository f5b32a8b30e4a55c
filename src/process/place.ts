// Where this server is to be reached, as the person who starts it wished. The one file that knows which kinds of places
// there are: another kind of listener is another branch here.

import { canonicalHost } from "../cli/address.ts";
import { describeListenFault } from "../cli/listen-fault.ts";
import type { Config } from "../config.ts";
import { addressesOf, type HostAddresses } from "../net/host-addresses.ts";
import { AddressSet } from "../http/address-set.ts";
import { ListenFault, type Listener } from "../net/listener.ts";
import { ProxiedListener } from "../net/proxied-listener.ts";
import { TcpListener, type TcpPlace } from "../net/tcp-listener.ts";
import type { TlsCredentials } from "../net/tls-credentials.ts";
import { TlsListener } from "../net/tls-listener.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { giveUp } from "./ending.ts";

/** Hosts that were looked up, and a port. Travels to workers. */
export type Place = TcpPlace;

/** Looks the hosts up; ends the process when nobody knows one of them. */
export async function findPlace({ hosts, port }: Config, log: AccessLog): Promise<Place> {
  const named = new Map(hosts.map((host) => [canonicalHost(host), host]));
  const found: HostAddresses[] = [];
  for (const host of named.values()) {
    try {
      found.push({ host, addresses: await addressesOf(host) });
    } catch (error) {
      giveUp(log, describeListenFault(error, host, port));
    }
  }
  return { hosts: found, port };
}

/** What a listener is made of beside its place. */
export type ListenerConfig = Pick<Config, "access" | "limits" | "tls">;

/** Those of one server. */
export interface PlaceListeners {
  /** Secure ones first, and then the plain ones whose clients are sent to them. */
  readonly listeners: readonly Listener[];
  /** The one below them that knows which addresses are missing. */
  readonly ports: TcpListener;
  /** Secure ones go on with these. */
  renew(tls: TlsCredentials): void;
}

/** The listeners of a place, secure when there are credentials; they do not listen yet. */
export function createListeners(place: Place, tls: TlsCredentials | null, config: ListenerConfig): PlaceListeners {
  const tcp = new TcpListener(place);
  const plain = behindProxies(tcp, config);
  if (tls === null) return { listeners: [plain], ports: tcp, renew: () => {} };
  const secure = new TlsListener(plain, tls);
  const { redirectPort } = config.tls;
  const redirecting = redirectPort === null ? [] : [new TcpListener({ ...place, port: redirectPort })];
  return {
    listeners: [secure, ...redirecting.map((each) => behindProxies(each, config))],
    ports: tcp,
    renew: (renewed) => secure.renew(renewed),
  };
}

/** Proxies send their header at once: more than this wait only where something is wrong. */
const MOST_WAITING = 1024;

function behindProxies(listener: Listener, { access, limits }: ListenerConfig): Listener {
  if (!access.proxyProtocol) return listener;
  const proxies = new AddressSet(access.trustedProxies);
  return new ProxiedListener(listener, { proxies, timeoutMs: limits.headTimeout, mostWaiting: MOST_WAITING });
}

/** Why a place cannot be had, as one line. */
export function placeFault(error: unknown): string {
  if (error instanceof ListenFault) return describeListenFault(error.cause, error.host, error.port);
  return error instanceof Error ? error.message : String(error);
}

/** Does what makes it listen. Says what is missing of its ports; ends the process when a place cannot be had. */
export function listenOrGiveUp<Result>(listen: () => Result, ports: TcpListener, log: AccessLog): Result {
  try {
    const result = listen();
    for (const absence of ports.absences) noteAbsence(absence, log);
    return result;
  } catch (error) {
    return giveUp(log, placeFault(error));
  }
}

/**
 * The place as several processes share it, its port chosen if need be. They share it with whoever else shares it, so first
 * it is made sure that nobody has it; ends the process when somebody has.
 */
export function sharePlace(place: Place, log: AccessLog): Place {
  const probe = new TcpListener(place);
  listenOrGiveUp(() => probe.listen<undefined>({ data() {} }), probe, log);
  const { port } = probe;
  probe.stop();
  return { ...place, port, sharesPort: true };
}

/** Many machines have no IPv6, and nobody who says localhost misses it. */
function noteAbsence({ host, addresses }: HostAddresses, log: AccessLog): void {
  if (host === "localhost") return;
  log.warning(`${host} also stands for ${addresses.join(", ")}, which this machine does not have.`);
}
