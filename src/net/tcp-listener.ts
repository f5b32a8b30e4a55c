// One TCP port on all addresses that a host stands for.

import type { TCPSocketListener } from "bun";
import { formatAuthority } from "../http/authority.ts";
import type { PortListener, SocketEvents } from "./listener.ts";

/** Where to listen. */
export interface TcpPlace {
  /** A name or an address, for the URL; IPv6 without brackets. */
  readonly host: string;
  /** What the host stands for, at least one. Those that this machine does not have are left out. */
  readonly addresses: readonly string[];
  /** 0 picks a free one. */
  readonly port: number;
  /** Other processes listen on the port too (SO_REUSEPORT): the system spreads connections over them. */
  readonly sharesPort?: boolean;
}

/** Ports that the system is asked for until one is free on all addresses. */
const MOST_PORT_TRIES = 16;
/** The port is there, and not for us; any other fault is of an address that this machine does not have. */
const PORT_FAULTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES", "EPERM"]);

/** Listens on one port of a host. */
export class TcpListener implements PortListener {
  readonly isSecure = false;
  readonly #place: TcpPlace;
  #sockets: Pick<TCPSocketListener, "port" | "stop">[] = [];
  #absentAddresses: string[] = [];

  constructor(place: TcpPlace) {
    this.#place = place;
  }

  get url(): string {
    return "http://" + formatAuthority(this.#place.host, this.port);
  }

  /** The port listened on; 0 before. */
  get port(): number {
    return this.#sockets[0]?.port ?? 0;
  }

  /** Addresses of the host that are not of this machine. */
  get absentAddresses(): readonly string[] {
    return this.#absentAddresses;
  }

  /** One port for all addresses. What the system chose for one may be taken on another: then it is asked again. */
  listen<Data>(events: SocketEvents<Data>): void {
    for (let tries = this.#place.port === 0 ? MOST_PORT_TRIES : 1; ; tries--) {
      const fault = this.#tryAddresses(events);
      if (fault === null) return;
      for (const socket of this.#sockets) socket.stop(true);
      this.#sockets = [];
      if (tries <= 1 || codeOf(fault) !== "EADDRINUSE") throw fault;
    }
  }

  stop(): void {
    for (const socket of this.#sockets) socket.stop(false);
  }

  /** Null when it listens on all addresses that there are, otherwise why not. */
  #tryAddresses<Data>(events: SocketEvents<Data>): unknown {
    let absence: unknown = null;
    this.#absentAddresses = [];
    for (const address of this.#place.addresses) {
      try {
        this.#sockets.push(this.#listenOn(address, this.port || this.#place.port, events));
      } catch (error) {
        if (PORT_FAULTS.has(codeOf(error))) return error;
        absence ??= error;
        this.#absentAddresses.push(address);
      }
    }
    return this.#sockets.length > 0 ? null : absence;
  }

  #listenOn<Data>(hostname: string, port: number, socket: SocketEvents<Data>): TCPSocketListener<Data> {
    const options = { hostname, port, allowHalfOpen: true, socket };
    // Bun knows the option; its types do not.
    return Bun.listen<Data>({ ...options, reusePort: this.#place.sharesPort === true } as typeof options);
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
