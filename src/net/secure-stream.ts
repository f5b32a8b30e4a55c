// TLS on a connection whose first bytes have been read already, where Bun's sockets cannot be made secure any more: the
// runtime's TLS works on a stream, and this is a stream made of the socket below, and a socket made of the stream above.

import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import { CIPHERS, namedClient, ownProtocols, type TlsCredentials } from "./tls-credentials.ts";
import type { AcceptedSocket, SocketEvents } from "./listener.ts";

/** So much at most waits here for the kernel beyond what makes the streams full: no budget counts it. */
const PIECE_BYTES = 32 * 1024;
/** What a peer has to read our last words in when nobody else waits for it any more. */
const CLOSING_MS = 10_000;

/** One for each connection; what comes on the socket below is given to it. */
export class SecureStream<Data> implements AcceptedSocket<Data> {
  /** Set by whoever it is handed to, first of all. */
  data!: Data;
  readonly #below: AcceptedSocket<unknown>;
  readonly #events: SocketEvents<Data>;
  readonly #stream: SocketStream;
  readonly #tls: TLSSocket;
  readonly #asksWho: boolean;
  #isGreeted = false;
  #isClosed = false;
  /** Runs while what was taken has yet to reach the peer. */
  #closing: Timer | null = null;

  constructor(below: AcceptedSocket<unknown>, credentials: TlsCredentials, events: SocketEvents<Data>) {
    this.#below = below;
    this.#events = events;
    this.#asksWho = credentials.clientAuthorities !== null;
    this.#stream = new SocketStream(below);
    this.#tls = new TLSSocket(this.#stream, {
      isServer: true,
      secureContext: contextOf(credentials),
      requestCert: this.#asksWho,
      rejectUnauthorized: this.#asksWho,
      ALPNProtocols: [...ownProtocols],
      allowHalfOpen: true,
    } as ConstructorParameters<typeof TLSSocket>[1]);
    this.#listen();
    events.open?.(this);
  }

  /** Encrypted bytes. */
  receive(bytes: Buffer): void {
    this.#stream.receive(bytes);
  }

  /** The socket below takes bytes again. */
  drained(): void {
    this.#stream.drained();
  }

  /** The peer's FIN. */
  ended(): void {
    this.#stream.receive(null);
  }

  /** The socket below is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#closing !== null) clearTimeout(this.#closing);
    this.#tls.destroy();
    this.#events.close?.(this);
  }

  get remoteAddress(): string {
    return this.#below.remoteAddress;
  }

  get remotePort(): number {
    return this.#below.remotePort;
  }

  get localAddress(): string {
    return this.#below.localAddress;
  }

  /** What is taken is copied: the bytes may change when this has returned. With less than all, `drain` follows. */
  write(bytes: Uint8Array, start: number, length: number): number {
    if (this.#isClosed) return -1;
    let taken = 0;
    while (taken < length && !this.#isFull) {
      const end = Math.min(taken + PIECE_BYTES, length);
      this.#tls.write(Buffer.from(bytes.subarray(start + taken, start + end)));
      taken = end;
    }
    return taken;
  }

  /** The runtime's TLS does not mind that the stream below is full: both are asked. */
  get #isFull(): boolean {
    return this.#tls.writableNeedDrain || this.#stream.writableNeedDrain;
  }

  shutdown(): void {
    this.#tls.end();
  }

  close(): void {
    if (this.#isClosed || this.#closing !== null) return;
    if (!this.#isGreeted) return this.#below.close();
    this.#closing = setTimeout(() => this.#below.terminate(), CLOSING_MS);
    this.#tls.end(() => this.#below.close());
  }

  terminate(): void {
    this.#below.terminate();
  }

  pause(): void {
    this.#tls.pause();
  }

  resume(): void {
    this.#tls.resume();
  }

  #listen(): void {
    this.#tls.on("secure", () => this.#greeted());
    this.#tls.on("data", (bytes: Buffer) => this.#events.data(this, bytes));
    for (const stream of [this.#tls, this.#stream]) stream.on("drain", () => this.#events.drain?.(this));
    this.#tls.on("end", () => this.#events.end?.(this));
    this.#tls.on("error", (error) => this.#failed(error));
    this.#tls.on("close", () => this.#below.close());
  }

  #greeted(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    const isStranger = this.#asksWho && !this.#tls.authorized;
    const client = this.#asksWho && !isStranger ? namedClient(this.#tls.getPeerCertificate()) : "";
    this.#events.handshake?.(this, !isStranger, isStranger ? this.#tls.authorizationError : null, client);
    if (isStranger) this.#below.close();
  }

  #failed(error: unknown): void {
    if (!this.#isGreeted) this.#events.handshake?.(this, false, error);
    this.#isGreeted = true;
    this.#below.close();
  }
}

let lastCredentials: TlsCredentials | null = null;
let lastContext: ReturnType<typeof createSecureContext> | null = null;

/** Made once for all connections that show the same. */
function contextOf(credentials: TlsCredentials): ReturnType<typeof createSecureContext> {
  const { cert, key, clientAuthorities } = credentials;
  if (lastContext !== null && lastCredentials === credentials) return lastContext;
  const common = { cert, key, minVersion: "TLSv1.2", ciphers: CIPHERS } as const;
  lastContext = createSecureContext(clientAuthorities === null ? common : { ...common, ca: clientAuthorities });
  lastCredentials = credentials;
  return lastContext;
}

/** What the socket below carries. */
class SocketStream extends Duplex {
  readonly #socket: AcceptedSocket<unknown>;
  #waiting: { readonly bytes: Uint8Array; readonly done: (error?: Error | null) => void } | null = null;

  constructor(socket: AcceptedSocket<unknown>) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
  }

  /** Null at the end. */
  receive(bytes: Buffer | null): void {
    if (!this.push(bytes) && bytes !== null) this.#socket.pause();
  }

  drained(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.#send(waiting.bytes, waiting.done);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Uint8Array, _: string, done: (error?: Error | null) => void): void {
    this.#send(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.shutdown();
    done();
  }

  #send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const taken = this.#socket.write(bytes, 0, bytes.length);
    if (taken < 0) done(new Error("the socket is gone"));
    else if (taken === bytes.length) done();
    else this.#waiting = { bytes: bytes.subarray(taken), done };
  }
}
