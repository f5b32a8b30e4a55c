// A place where clients reach a server: what every kind of listening socket offers. Another kind is another file.

import type { ConnectionSocket } from "./socket-peer.ts";

/** A socket as a server gets it, whatever lies below. */
export interface AcceptedSocket<Data> extends ConnectionSocket {
  /** For whoever it is given to. */
  data: Data;
}

/** Why a client is turned away before it could ask for anything, for the log. */
export interface ArrivalFault {
  readonly name: string;
  readonly reason: string;
}

/** What a listener tells of its sockets; `data` of bytes that are the hearer's to keep and to change. */
export interface SocketEvents<Data> {
  open?(socket: AcceptedSocket<Data>): void;
  /**
   * Once for a secure connection, before any data. `client` is whom its certificate names when that was asked for and
   * somebody vouches for it, otherwise empty.
   */
  handshake?(socket: AcceptedSocket<Data>, isDone: boolean, error: unknown, client?: string): void;
  data(socket: AcceptedSocket<Data>, bytes: Buffer): void;
  drain?(socket: AcceptedSocket<Data>): void;
  end?(socket: AcceptedSocket<Data>): void;
  close?(socket: AcceptedSocket<Data>): void;
  error?(socket: AcceptedSocket<Data>, error: Error): void;
  /** A client that was never a connection: nothing else is told of it. */
  refused?(client: { readonly address: string; readonly port: number }, fault: ArrivalFault): void;
}

/** Belongs to the server that it is given to, which stops it. */
export interface Listener {
  /** Where clients reach it, as soon as it listens. */
  readonly url: string;
  /** True when a handshake comes before the first byte, and its end is told. */
  readonly isSecure?: boolean;
  /**
   * Accepts clients from now on; what happens on their sockets goes to `events`. Throws the system's error when the place
   * cannot be had, and then holds nothing of it.
   */
  listen<Data>(events: SocketEvents<Data>): void;
  /** Accepts no more; the connections that are open go on. */
  stop(): void;
}

/** A listener on a port of some addresses. */
export interface PortListener extends Listener {
  /** The port listened on; 0 before. */
  readonly port: number;
  /** Addresses of the host that are not of this machine. */
  readonly absentAddresses: readonly string[];
}
