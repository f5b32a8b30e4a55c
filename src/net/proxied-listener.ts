// Connections that a proxy of ours brings, each with a PROXY header ahead of everything else, and those of all others,
// which have none: who must send one and who may not is told by the address, and never by what comes.

import type { AddressSet } from "../http/address-set.ts";
import type { AcceptedSocket, Listener, SocketEvents } from "./listener.ts";
import { BadProxyHeader, type ProxiedEnds, readProxyHeader } from "./proxy-header.ts";
import { RelayedSocket } from "./relayed-socket.ts";

/** Whose headers count, and what waits for them. */
export interface ProxiedSettings {
  readonly proxies: AddressSet;
  /** For a header, from the beginning of its connection, in milliseconds. */
  readonly timeoutMs: number;
  /** Connections that may wait for their header at once; more are closed. */
  readonly mostWaiting: number;
}

/** Listens where the other listener would. */
export class ProxiedListener implements Listener {
  readonly isSecure = false;
  readonly #plain: Listener;
  readonly #settings: ProxiedSettings;
  readonly #waiting = new Set<Arrival<unknown>>();

  constructor(plain: Listener, settings: ProxiedSettings) {
    this.#plain = plain;
    this.#settings = settings;
  }

  get urls(): readonly string[] {
    return this.#plain.urls;
  }

  /** A connection is told of when its header is in; `refused` of those that have none that can be read. */
  listen<Data>(events: SocketEvents<Data>): void {
    this.#plain.listen<Arrival<Data>>({
      open: (socket) => this.#open(socket, events),
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: ({ data: { relayed } }) => void (relayed !== null && events.drain?.(relayed)),
      end: (socket) => socket.data.end(),
      close: (socket) => socket.data.closed(),
      error: (socket, error) => socket.data.failed(error),
    });
  }

  publish(): void {
    this.#plain.publish?.();
  }

  /** Those whose header is not in have asked for nothing. */
  stop(): void {
    this.#plain.stop();
    for (const arrival of [...this.#waiting]) arrival.giveUp();
  }

  #open<Data>(socket: AcceptedSocket<Arrival<Data>>, events: SocketEvents<Data>): void {
    const { proxies, timeoutMs, mostWaiting } = this.#settings;
    const { peerName } = this.#plain;
    // A socket that its peer has reset has no address, whatever its type says.
    const address = peerName ?? socket.remoteAddress ?? "";
    const ends = peerName === undefined ? null : { address: peerName, port: 0, localAddress: null };
    const arrival = new Arrival(socket, ends, events, this.#waiting);
    socket.data = arrival;
    if (!proxies.has(address)) return arrival.goOn();
    if (this.#waiting.size >= mostWaiting) return socket.close();
    arrival.await(timeoutMs);
  }
}

/** A connection from its beginning on; what it is to the server, it becomes behind the header. */
class Arrival<Data> {
  /** Null until the header is in. */
  relayed: RelayedSocket<Data> | null = null;
  readonly #socket: AcceptedSocket<unknown>;
  /** Its own, where the socket does not know them. */
  readonly #ends: ProxiedEnds | null;
  readonly #events: SocketEvents<Data>;
  readonly #waiting: Set<Arrival<unknown>>;
  #header: Buffer = Buffer.alloc(0);
  #timer: Timer | null = null;

  constructor(
    socket: AcceptedSocket<unknown>,
    ends: ProxiedEnds | null,
    events: SocketEvents<Data>,
    waiting: Set<Arrival<unknown>>,
  ) {
    this.#socket = socket;
    this.#ends = ends;
    this.#events = events;
    this.#waiting = waiting;
  }

  await(timeoutMs: number): void {
    this.#waiting.add(this as Arrival<unknown>);
    this.#timer = setTimeout(() => this.#refuse("Its PROXY header did not come in time."), timeoutMs);
  }

  /** No header is due: it is its own. */
  goOn(): void {
    this.relayed = new RelayedSocket<Data>(this.#socket, this.#ends);
    this.#events.open?.(this.relayed);
  }

  receive(bytes: Buffer): void {
    if (this.relayed !== null) return this.#events.data(this.relayed, bytes);
    this.#header = this.#header.length === 0 ? bytes : Buffer.concat([this.#header, bytes]);
    const header = readProxyHeader(this.#header);
    if (header instanceof BadProxyHeader) return this.#refuse(header.reason);
    if (header === null) return;
    const rest = this.#header.subarray(header.size);
    this.#leaveWaiting();
    const relayed = new RelayedSocket<Data>(this.#socket, header.ends ?? this.#ends);
    this.relayed = relayed;
    this.#events.open?.(relayed);
    if (rest.length > 0) this.#events.data(relayed, rest);
  }

  /** Who asks whether somebody listens need not say more. */
  end(): void {
    if (this.relayed !== null) this.#events.end?.(this.relayed);
    else if (this.#header.length === 0) this.giveUp();
    else this.#refuse("Its PROXY header is cut short.");
  }

  closed(): void {
    this.#leaveWaiting();
    if (this.relayed !== null) this.#events.close?.(this.relayed);
  }

  failed(error: Error): void {
    if (this.relayed !== null) this.#events.error?.(this.relayed, error);
    else this.giveUp();
  }

  /** It ends, and nobody hears of it. */
  giveUp(): void {
    this.#leaveWaiting();
    this.#socket.close();
  }

  #refuse(reason: string): void {
    const advice = "--proxy-protocol demands one of every connection from --trusted-proxies.";
    const { address, port } = this.#ends ?? { address: this.#socket.remoteAddress, port: this.#socket.remotePort };
    const fault = { name: "NO_PROXY_HEADER", reason: `${reason} ${advice}` };
    this.#events.refused?.({ address, port }, fault);
    this.giveUp();
  }

  #leaveWaiting(): void {
    this.#waiting.delete(this as Arrival<unknown>);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#header = Buffer.alloc(0);
  }
}
