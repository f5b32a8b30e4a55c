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
  /** Where clients reach it, as soon as it listens; at least one. */
  readonly urls: readonly string[];
  /** What its peers are called, where they have no addresses. */
  readonly peerName?: string | undefined;
  /** True when a handshake comes before the first byte, and its end is told. */
  readonly isSecure?: boolean;
  /**
   * Accepts clients from now on; what happens on their sockets goes to `events`. Throws a `ListenFault` when the place
   * cannot be had, and then holds nothing of it.
   */
  listen<Data>(events: SocketEvents<Data>): void;
  /**
   * Takes the name by which clients find it, where that may be another server's: called once, when all places are had that
   * the server listens at. Throws a `ListenFault` when the name cannot be had.
   */
  publish?(): void;
  /** Accepts no more; the connections that are open go on. */
  stop(): void;
}

/** Why a place cannot be had. `cause` is what the system said. */
export class ListenFault extends Error {
  /** As somebody named it. */
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.host = host;
    this.port = port;
  }
}
