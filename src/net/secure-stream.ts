// TLS on a connection whose first bytes have been read already, where Bun's sockets cannot be made secure any more: the
// runtime's TLS works on a stream, and this is a stream made of the socket below, and a socket made of the stream above.

import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import { CIPHERS, namedClient, ownProtocols, type TlsCredentials } from "./tls-credentials.ts";
import type { AcceptedSocket, SocketEvents } from "./listener.ts";

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

  /** All or nothing: what is taken is copied, because it waits here for the kernel. */
  write(bytes: Uint8Array, start: number, length: number): number {
    if (this.#isClosed) return -1;
    if (this.#tls.writableNeedDrain) return 0;
    this.#tls.write(Buffer.from(bytes.subarray(start, start + length)));
    return length;
  }

  shutdown(): void {
    this.#tls.end();
  }

  close(): void {
    if (this.#isClosed) return;
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
    this.#tls.on("drain", () => this.#events.drain?.(this));
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
