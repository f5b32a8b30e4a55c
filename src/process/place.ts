// Where this server is to be reached, as the person who starts it wished. The one file that knows which kinds of places
// there are: another kind of listener is another branch here.

import { resolve } from "node:path";
import { canonicalHost } from "../cli/address.ts";
import { describeListenFault, describePathFault, type PathFault } from "../cli/listen-fault.ts";
import type { Config } from "../config.ts";
import { addressesOf, type HostAddresses } from "../net/host-addresses.ts";
import { AddressSet } from "../http/address-set.ts";
import { hasPort, isAbstract, socketHost, socketPath } from "../http/unix-host.ts";
import { HeldSocket } from "../net/held-socket.ts";
import { InheritedListener } from "../net/inherited-listener.ts";
import { ListenFault, type Listener } from "../net/listener.ts";
import type { ListeningSocket } from "../net/listening-socket.ts";
import { ProxiedListener } from "../net/proxied-listener.ts";
import { TcpListener, type TcpPlace } from "../net/tcp-listener.ts";
import type { TlsCredentials } from "../net/tls-credentials.ts";
import { TlsListener } from "../net/tls-listener.ts";
import { clearStale } from "../net/socket-file.ts";
import { UnixListener, type UnixPlace } from "../net/unix-listener.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { giveUp } from "./ending.ts";

/** Hosts that were looked up with a port, and unix sockets; or what somebody else has opened. Travels to workers. */
export interface Place {
  /** Null when there are sockets only. */
  readonly ports: TcpPlace | null;
  readonly sockets: readonly UnixPlace[];
  readonly inherited: readonly InheritedPlace[];
}

/** A socket that this process was started with. */
export interface InheritedPlace extends ListeningSocket {
  /** Where others are secure, this one sends its clients to them. */
  readonly staysPlain: boolean;
}

/** For what is told of it one by one. */
export const NOWHERE: Place = { ports: null, sockets: [], inherited: [] };

/** Looks the hosts up; ends the process when nobody knows one of them, or a socket cannot be where it is wished. */
export async function findPlace(config: Config, log: AccessLog): Promise<Place> {
  const { hosts, port } = config;
  const named = new Map(hosts.filter(hasPort).map((host) => [canonicalHost(host), host]));
  const found: HostAddresses[] = [];
  for (const host of named.values()) {
    try {
      found.push({ host, addresses: await addressesOf(host) });
    } catch (error) {
      giveUp(log, describeListenFault(error, host, port));
    }
  }
  const sockets = await makeRoom(config, log);
  return { ports: found.length === 0 ? null : { hosts: found, port }, sockets, inherited: [] };
}

/** Finds the sockets, each once. What killed servers have left at their paths is gone. */
async function makeRoom({ hosts, socketMode, life }: Config, log: AccessLog): Promise<readonly UnixPlace[]> {
  const paths = hosts.map(socketPath).filter((path) => path !== null);
  const places = [...new Set(paths.map((path) => (isAbstract(path) ? path : resolve(path))))];
  for (const path of places) {
    const host = socketHost(path);
    try {
      const fault = isAbstract(path) ? lackOfNames() : await clearStale(path, life.reusePort);
      if (fault !== null) giveUp(log, describePathFault(fault, host));
    } catch (error) {
      giveUp(log, describeListenFault(error, host, 0));
    }
  }
  return places.map((path) => ({ path, mode: socketMode, takesOver: life.reusePort }));
}

function lackOfNames(): PathFault | null {
  return process.platform === "linux" ? null : "no-such-names";
}

/** What a listener is made of beside its place. */
export type ListenerConfig = Pick<Config, "access" | "limits" | "tls">;

/** Those of one server. */
export interface PlaceListeners {
  /** Ports before sockets, and secure ones before the plain ones whose clients are sent to them. */
  readonly listeners: readonly Listener[];
  /** The one below them that knows which addresses are missing; null when there are no ports. */
  readonly ports: TcpListener | null;
  /** Secure ones go on with these. */
  renew(tls: TlsCredentials): void;
}

/** The listeners of a place, secure when there are credentials; they do not listen yet. */
export function createListeners(place: Place, tls: TlsCredentials | null, config: ListenerConfig): PlaceListeners {
  const ports = place.ports === null ? null : new TcpListener(place.ports);
  const sockets = place.sockets.map((socket) => new UnixListener(socket));
  const inherited = place.inherited.filter(({ staysPlain }) => !staysPlain).map((each) => new InheritedListener(each));
  const own = [...(ports === null ? [] : [ports]), ...sockets, ...inherited];
  const plain = own.map((each) => behindProxies(each, config));
  if (tls === null) return { listeners: plain, ports, renew: () => {} };
  const secure = plain.map((each) => new TlsListener(each, tls));
  return {
    listeners: [...secure, ...redirecting(place, config)],
    ports,
    renew: (renewed) => secure.forEach((each) => each.renew(renewed)),
  };
}

/** Plain ones, whose clients are sent to secure ones. */
function redirecting({ ports, inherited }: Place, config: ListenerConfig): readonly Listener[] {
  const { redirectPort } = config.tls;
  const own = ports === null || redirectPort === null ? [] : [new TcpListener({ ...ports, port: redirectPort })];
  const others = inherited.filter(({ staysPlain }) => staysPlain).map((each) => new InheritedListener(each));
  return [...own, ...others].map((each) => behindProxies(each, config));
}

/** The same for a process that inherits the descriptors in their order, from this one on. */
export function handedOn(place: Place, firstDescriptor: number): Place {
  const inherited = place.inherited.map((each, index) => ({ ...each, descriptor: firstDescriptor + index }));
  return { ...place, inherited };
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
export function listenOrGiveUp<Result>(listen: () => Result, ports: TcpListener | null, log: AccessLog): Result {
  try {
    const result = listen();
    for (const absence of ports?.absences ?? []) noteAbsence(absence, log);
    return result;
  } catch (error) {
    return giveUp(log, placeFault(error));
  }
}

/**
 * The ports as several processes share it, its port chosen if need be. They share it with whoever else shares it, so first
 * it is made sure that nobody has it; ends the process when somebody has.
 */
export function sharePorts(place: Place, log: AccessLog): Place {
  const { ports } = place;
  if (ports === null) return place;
  const probe = new TcpListener(ports);
  listenOrGiveUp(() => probe.listen<undefined>({ data() {} }), probe, log);
  const { port } = probe;
  probe.stop();
  return { ...place, ports: { ...ports, port, sharesPort: true } };
}

/** Unix sockets that several processes take clients from, and this one has opened for them. */
export interface HeldPlace {
  /** As those processes have it. */
  readonly place: Place;
  /** Clients come from now on. Throws a `ListenFault` when they cannot. */
  publish(): void;
  /** No more clients come. Called once. */
  close(): void;
}

/** Opens the unix sockets for processes that inherit them; ends the process when one cannot be had. */
export function holdSockets(place: Place, log: AccessLog): HeldPlace {
  const held = listenOrGiveUp(() => place.sockets.map((socket) => HeldSocket.open(socket)), null, log);
  const inherited = [...place.inherited, ...held.map(({ socket }) => ({ ...socket, staysPlain: false }))];
  return {
    place: { ...place, sockets: [], inherited },
    publish: () => held.forEach((socket) => socket.publish()),
    close: () => held.forEach((socket) => socket.close()),
  };
}

/** A port that is named may be another server's, which shares it. One of the system's choice must be nobody's. */
export function takePart(place: Place, log: AccessLog): Place {
  const { ports } = place;
  if (ports === null || ports.port === 0) return sharePorts(place, log);
  return { ...place, ports: { ...ports, sharesPort: true } };
}

/** Many machines have no IPv6, and nobody who says localhost misses it. */
function noteAbsence({ host, addresses }: HostAddresses, log: AccessLog): void {
  if (host === "localhost") return;
  log.warning(`${host} also stands for ${addresses.join(", ")}, which this machine does not have.`);
}
