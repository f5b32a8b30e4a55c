// TLS 1.2 and 1.3 around the connections of another listener. Each is accepted plain and made secure with what is the
// certificate at that moment, so that it can be changed while the server runs: a listener of Bun's own would keep its first.

import type { Socket, SocketHandler, TLSOptions } from "bun";
import type { AcceptedSocket, Listener, SocketEvents } from "./listener.ts";
import { RelayedSocket } from "./relayed-socket.ts";
import { SecureStream } from "./secure-stream.ts";
import { CIPHERS, namedClient, ownProtocols, type TlsCredentials } from "./tls-credentials.ts";

/** Protocol names with their lengths (RFC 7301 3.1). */
const ALPN_PROTOCOLS = Buffer.from(ownProtocols.map((name) => String.fromCharCode(name.length) + name).join(""));
const TLS_1_2 = 0x0303;

/** What Bun takes and its types do not know. */
interface ServerSide extends TLSOptions {
  readonly isServer: true;
  readonly minVersion: number;
}

/** Listens where the other listener would. */
export class TlsListener implements Listener {
  readonly isSecure = true;
  readonly #plain: Listener;
  #credentials: TlsCredentials;
  #tls: ServerSide;

  constructor(plain: Listener, credentials: TlsCredentials) {
    this.#plain = plain;
    this.#credentials = credentials;
    this.#tls = serverSide(credentials);
  }

  get urls(): readonly string[] {
    return this.#plain.urls.map((url) => url.replace(/^http:/, "https:"));
  }

  get peerName(): string | undefined {
    return this.#plain.peerName;
  }

  /** `handshake` of the events is called once for a connection, before any data. */
  listen<Data>(events: SocketEvents<Data>): void {
    // What comes below is encrypted; Bun's own sockets hand it on by themselves.
    this.#plain.listen<SecureStream<Data> | null>({
      open: (socket) => {
        socket.data = this.#secure(socket, events);
      },
      data: (socket, bytes) => socket.data?.receive(bytes),
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.ended(),
      close: (socket) => socket.data?.closed(),
      error: (socket) => socket.close(),
      refused: (client, fault) => events.refused?.(client, fault),
    });
  }

  publish(): void {
    this.#plain.publish?.();
  }

  stop(): void {
    this.#plain.stop();
  }

  /** Connections from now on get these; those that are open keep what they have. */
  renew(credentials: TlsCredentials): void {
    this.#credentials = credentials;
    this.#tls = serverSide(credentials);
  }

  /** Null for a socket that needs nobody here any more. */
  #secure<Data>(socket: AcceptedSocket<unknown>, events: SocketEvents<Data>): SecureStream<Data> | null {
    if (socket instanceof RelayedSocket) return new SecureStream(socket, this.#credentials, events);
    const tls = this.#tls;
    const handlers = tls.requestCert === true ? withoutStrangers(events) : events;
    const plain = socket as Socket<unknown>;
    plain.upgradeTLS<Data>({ tls, socket: handlers } as Parameters<typeof plain.upgradeTLS<Data>>[0]);
    return null;
  }
}

/** Bun says that a handshake is done although nobody vouches for the client, and closes then. */
function withoutStrangers<Data>(events: SocketEvents<Data>): SocketHandler<Data> {
  return {
    ...events,
    handshake: (socket, isDone, error) => {
      const isKnown = isDone && socket.authorized;
      events.handshake?.(socket, isKnown, error, isKnown ? namedClient(socket.getPeerCertificate()) : "");
      if (!socket.authorized) socket.close();
    },
  };
}

function serverSide({ cert, key, clientAuthorities }: TlsCredentials): ServerSide {
  const common = {
    cert,
    key,
    isServer: true,
    minVersion: TLS_1_2,
    ciphers: CIPHERS,
    ALPNProtocols: ALPN_PROTOCOLS,
  } as const;
  if (clientAuthorities === null) return common;
  return { ...common, ca: clientAuthorities, requestCert: true, rejectUnauthorized: true };
}
