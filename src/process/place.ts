// Where this server is to be reached, as the person who starts it wished. The one file that knows which kind of place it
// is: another kind of listener is another branch here.

import { describeListenFault } from "../cli/listen-fault.ts";
import type { Config } from "../config.ts";
import { addressesOf } from "../net/host-addresses.ts";
import { AddressSet } from "../http/address-set.ts";
import type { PortListener } from "../net/listener.ts";
import { ProxiedListener } from "../net/proxied-listener.ts";
import { TcpListener, type TcpPlace } from "../net/tcp-listener.ts";
import type { TlsCredentials } from "../net/tls-credentials.ts";
import { TlsListener } from "../net/tls-listener.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { giveUp } from "./ending.ts";

/** A host that was looked up, and a port. Travels to workers. */
export type Place = TcpPlace;

/** Looks the host up; ends the process when nobody knows it. */
export async function findPlace({ host, port }: Config, log: AccessLog): Promise<Place> {
  try {
    return { host, port, addresses: await addressesOf(host) };
  } catch (error) {
    return giveUp(log, describeListenFault(error, host, port));
  }
}

/** What a listener is made of beside its place. */
export type ListenerConfig = Pick<Config, "access" | "limits" | "tls">;

/** The listener of a place, secure when there are credentials; it does not listen yet. */
export function createListener(place: Place, tls: TlsCredentials | null, config: ListenerConfig): PlaceListener {
  const tcp = tcpListener(place, config);
  if (tls === null) return { listener: tcp, others: [], renew: () => {} };
  const { redirectPort } = config.tls;
  const others = redirectPort === null ? [] : [tcpListener({ ...place, port: redirectPort }, config)];
  const listener = new TlsListener(tcp, tls);
  return { listener, others, renew: (renewed) => listener.renew(renewed) };
}

/** Proxies send their header at once: more than this wait only where something is wrong. */
const MOST_WAITING = 1024;

function tcpListener(place: Place, { access, limits }: ListenerConfig): PortListener {
  const tcp = new TcpListener(place);
  if (!access.proxyProtocol) return tcp;
  const proxies = new AddressSet(access.trustedProxies);
  return new ProxiedListener(tcp, { proxies, timeoutMs: limits.headTimeout, mostWaiting: MOST_WAITING });
}

/** A listener whose credentials can be renewed. */
export interface PlaceListener {
  readonly listener: PortListener;
  /** Plain ones beside a secure one, whose clients are sent to it. */
  readonly others: readonly PortListener[];
  renew(tls: TlsCredentials): void;
}

/** Why a place cannot be had, as one line. */
export function placeFault(error: unknown, { host, port }: Place): string {
  return describeListenFault(error, host, port);
}

/** Does what makes the listener listen. Says what is missing of the place; ends the process when it cannot be had. */
export function listenOrGiveUp<Result>(
  listen: () => Result,
  listener: Pick<PortListener, "absentAddresses">,
  place: Place,
  log: AccessLog,
): Result {
  try {
    const result = listen();
    noteAbsentAddresses(listener, place, log);
    return result;
  } catch (error) {
    return giveUp(log, placeFault(error, place));
  }
}

/**
 * The place as several processes share it, its port chosen if need be. They share it with whoever else shares it, so first
 * it is made sure that nobody has it; ends the process when somebody has.
 */
export function sharePlace(place: Place, log: AccessLog): Place {
  const probe = new TcpListener(place);
  listenOrGiveUp(() => probe.listen<undefined>({ data() {} }), probe, place, log);
  const { port } = probe;
  probe.stop();
  return { ...place, port, sharesPort: true };
}

/** Many machines have no IPv6, and nobody who says localhost misses it. */
function noteAbsentAddresses(
  { absentAddresses }: Pick<PortListener, "absentAddresses">,
  { host }: Place,
  log: AccessLog,
): void {
  if (absentAddresses.length === 0 || host === "localhost") return;
  log.warning(`${host} also stands for ${absentAddresses.join(", ")}, which this machine does not have.`);
}
