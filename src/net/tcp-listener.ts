// One TCP port on all addresses that some hosts stand for.

import type { TCPSocketListener } from "bun";
import { canonicalAddress } from "../http/address-set.ts";
import { formatAuthority } from "../http/authority.ts";
import type { HostAddresses } from "./host-addresses.ts";
import { ListenFault, type Listener, type SocketEvents } from "./listener.ts";

/** Where to listen. */
export interface TcpPlace {
  /**
   * At least one. Each address is listened on once, whatever stands for it; those that this machine does not have are left
   * out.
   */
  readonly hosts: readonly HostAddresses[];
  /** 0 picks a free one. */
  readonly port: number;
  /** Other processes listen on the port too (SO_REUSEPORT): the system spreads connections over them. */
  readonly sharesPort?: boolean;
}

/** Ports that the system is asked for until one is free on all addresses. */
const MOST_PORT_TRIES = 16;
/** The port is there, and not for us; any other fault is of an address that this machine does not have. */
const PORT_FAULTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES", "EPERM"]);
/** Those that stand for all of this machine, the one that stands for most first. */
const EVERY_IPV6 = "::";
const EVERY_IPV4 = "0.0.0.0";
const EVERY_ADDRESS = [EVERY_IPV6, EVERY_IPV4];

/** Listens on one port of some hosts. */
export class TcpListener implements Listener {
  readonly isSecure = false;
  readonly #place: TcpPlace;
  /** By the one spelling of their addresses. */
  readonly #sockets = new Map<string, Pick<TCPSocketListener, "port" | "stop">>();
  #absences: readonly HostAddresses[] = [];

  constructor(place: TcpPlace) {
    this.#place = place;
  }

  get urls(): readonly string[] {
    return this.#place.hosts.map(({ host }) => "http://" + formatAuthority(host, this.port));
  }

  /** The port listened on; 0 before. */
  get port(): number {
    for (const { port } of this.#sockets.values()) return port;
    return 0;
  }

  /** Addresses of a host that are not of this machine, where it has others; none before it listens. */
  get absences(): readonly HostAddresses[] {
    return this.#absences;
  }

  /** One port for all addresses. What the system chose for one may be taken on another: then it is asked again. */
  listen<Data>(events: SocketEvents<Data>): void {
    for (let tries = this.#place.port === 0 ? MOST_PORT_TRIES : 1; ; tries--) {
      const fault = this.#tryHosts(events);
      if (fault === null) return;
      for (const socket of this.#sockets.values()) socket.stop(true);
      this.#sockets.clear();
      if (tries <= 1 || codeOf(fault.cause) !== "EADDRINUSE") throw fault;
    }
  }

  stop(): void {
    for (const socket of this.#sockets.values()) socket.stop(false);
  }

  /** Null when it listens on all addresses that there are, and each host has one, otherwise why not. */
  #tryHosts<Data>(events: SocketEvents<Data>): ListenFault | null {
    const { hosts, port } = this.#place;
    const absent = new Map<string, unknown>();
    for (const { host, address } of widestFirst(hosts)) {
      try {
        this.#listenOn(address, events);
      } catch (error) {
        if (PORT_FAULTS.has(codeOf(error))) return new ListenFault(host, this.port || port, error);
        absent.set(address, error);
      }
    }
    const absences = hosts.map(({ host, addresses }) => ({ host, addresses: addresses.filter((a) => absent.has(a)) }));
    const lost = absences.find(({ addresses }, index) => addresses.length === hosts[index]!.addresses.length);
    if (lost !== undefined) return new ListenFault(lost.host, port, absent.get(lost.addresses[0]!));
    this.#absences = absences.filter(({ addresses }) => addresses.length > 0);
    return null;
  }

  /** Throws the system's error. One that is listened on already only has to be of this machine. */
  #listenOn<Data>(hostname: string, events: SocketEvents<Data>): void {
    const address = canonicalAddress(hostname);
    if (this.#hasAlready(address)) return Bun.listen({ hostname, port: 0, socket: { data() {} } }).stop(true);
    const port = this.port || this.#place.port;
    const options = { hostname, port, allowHalfOpen: true, socket: events };
    // Bun knows the option; its types do not.
    const sharing = { ...options, reusePort: this.#place.sharesPort === true } as typeof options;
    this.#sockets.set(address, Bun.listen<Data>(sharing));
  }

  /** The system would say that the port is in use, and it is in use by us. `::` takes connections of IPv4, too. */
  #hasAlready(address: string): boolean {
    const sockets = this.#sockets;
    if (sockets.has(address) || sockets.has(EVERY_IPV6)) return true;
    return sockets.has(EVERY_IPV4) && !address.includes(":");
  }
}

/** What stands for all addresses comes first: the others could be listened on before it, and it not behind them. */
function widestFirst(hosts: readonly HostAddresses[]): readonly { readonly host: string; readonly address: string }[] {
  const all = hosts.flatMap(({ host, addresses }) => addresses.map((address) => ({ host, address })));
  const widths = EVERY_ADDRESS.map((every) => all.filter(({ address }) => canonicalAddress(address) === every));
  return [...widths.flat(), ...all.filter(({ address }) => !EVERY_ADDRESS.includes(canonicalAddress(address)))];
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
