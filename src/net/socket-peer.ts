// The socket of one connection behind an interface, and who is at its other end.

import type { HttpRequest, HttpResponse, Peer } from "../http/message.ts";

/** What a connection needs of its socket: plain TCP and TLS sockets have it alike. Nothing here throws or waits. */
export interface ConnectionSocket {
  /** Bytes that the kernel took, which may be fewer; negative when the socket is gone. */
  write(bytes: Uint8Array, start: number, length: number): number;
  /** Sends FIN behind what was taken; the peer may still send. */
  shutdown(): void;
  /** Ends both directions; what was taken still arrives. */
  close(): void;
  /** Ends both directions with a reset. */
  terminate(): void;
  pause(): void;
  resume(): void;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
}

/** Whoever knows whether a request is in hand, and can send ahead of its answer. */
export interface InterimSender {
  /** See `HttpRequest.sendInterim`. */
  sendInterim(request: HttpRequest, response: HttpResponse): boolean;
}

const IPV4_MAPPED = "::ffff:";

/** The peer as handlers, gates and observers see it; how far it is gone, its connection says. */
export class SocketPeer implements Peer {
  static #last = 0;
  /** In the order of their coming, from 1. */
  readonly number = ++SocketPeer.#last;
  readonly secure: boolean;
  certifiedName = "";
  /** The peer sent FIN: nothing more will come, but it may still read. */
  hasEnded = false;
  #hasLeft = false;

  readonly #socket: ConnectionSocket;
  readonly #connection: InterimSender;
  /** Null until somebody asks: it costs a system call. */
  #address: string | null;
  /** Known when the address is. */
  #port = 0;
  #localAddress: string | null = null;

  /** `name` stands for the address where there is none. */
  constructor(socket: ConnectionSocket, connection: InterimSender, secure = false, name?: string) {
    this.secure = secure;
    this.#address = name ?? null;
    this.#socket = socket;
    this.#connection = connection;
  }

  sendInterim(request: HttpRequest, response: HttpResponse): boolean {
    return this.#connection.sendInterim(request, response);
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Nothing comes from the peer any more, and nothing reaches it. */
  leave(): void {
    this.#hasLeft = true;
    this.hasEnded = true;
  }

  get address(): string {
    return this.identify();
  }

  /** Gives the address, asked for while there is one: a socket that its peer has reset, at a write of ours, has none. */
  identify(): string {
    if (this.#address === null) {
      this.#address = withoutMapping(this.#socket.remoteAddress ?? "");
      this.#port = this.#socket.remotePort ?? 0;
    }
    return this.#address;
  }

  get port(): number {
    return this.address === "" ? 0 : this.#port;
  }

  get localAddress(): string {
    this.#localAddress ??= withoutMapping(this.#socket.localAddress ?? "");
    return this.#localAddress;
  }
}

function withoutMapping(address: string): string {
  return address.startsWith(IPV4_MAPPED) ? address.slice(IPV4_MAPPED.length) : address;
}
