// TLS 1.2 and 1.3 around the connections of another listener. Each is accepted plain and made secure with what is the
// certificate at that moment, so that it can be changed while the server runs: a listener of Bun's own would keep its first.

import type { Socket, SocketHandler, TLSOptions } from "bun";
import type { PortListener } from "./listener.ts";

/** What a server shows to its TLS clients, and asks of them; PEM. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
  /** Who vouches for clients; null when they need no certificate. */
  readonly clientAuthorities: string | null;
}

/** Protocol names with their lengths (RFC 7301 3.1), the best first: a client that speaks none of them is refused. */
const ALPN_PROTOCOLS = Buffer.from("\x08http/1.1\x08http/1.0");
const TLS_1_2 = 0x0303;

/** What Bun takes and its types do not know. */
interface ServerSide extends TLSOptions {
  readonly isServer: true;
  readonly minVersion: number;
}

/** Listens where the other listener would. */
export class TlsListener implements PortListener {
  readonly isSecure = true;
  readonly #plain: PortListener;
  #tls: ServerSide;

  constructor(plain: PortListener, credentials: TlsCredentials) {
    this.#plain = plain;
    this.#tls = serverSide(credentials);
  }

  get url(): string {
    return this.#plain.url.replace(/^http:/, "https:");
  }

  get port(): number {
    return this.#plain.port;
  }

  get absentAddresses(): readonly string[] {
    return this.#plain.absentAddresses;
  }

  /** `handshake` of the events is called once for a connection, before any data. */
  listen<Data>(events: SocketHandler<Data>): void {
    this.#plain.listen<undefined>({
      open: (socket) => this.#secure(socket, events),
      // These are the encrypted bytes; what is in them goes to the events.
      data() {},
      drain() {},
      close() {},
      error: (socket) => socket.close(),
      end() {},
      timeout() {},
    });
  }

  stop(): void {
    this.#plain.stop();
  }

  /** Connections from now on get these; those that are open keep what they have. */
  renew(credentials: TlsCredentials): void {
    this.#tls = serverSide(credentials);
  }

  #secure<Data>(socket: Socket<undefined>, events: SocketHandler<Data>): void {
    const tls = this.#tls;
    const handlers: SocketHandler<Data> = tls.requestCert === true ? withoutStrangers(events) : events;
    socket.upgradeTLS<Data>({ tls, socket: handlers } as Parameters<typeof socket.upgradeTLS<Data>>[0]);
  }
}

/** Bun says that a handshake is done although nobody vouches for the client, and closes then. */
function withoutStrangers<Data>(events: SocketHandler<Data>): SocketHandler<Data> {
  return {
    ...events,
    handshake: (socket, isDone, error) => {
      events.handshake?.(socket, isDone && socket.authorized, error);
      if (!socket.authorized) socket.close();
    },
  };
}

function serverSide({ cert, key, clientAuthorities }: TlsCredentials): ServerSide {
  const common = { cert, key, isServer: true, minVersion: TLS_1_2, ALPNProtocols: ALPN_PROTOCOLS } as const;
  if (clientAuthorities === null) return common;
  return { ...common, ca: clientAuthorities, requestCert: true, rejectUnauthorized: true };
}
