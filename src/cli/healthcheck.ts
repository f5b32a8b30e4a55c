// `mini-http healthcheck`: asks a running server how it is. For containers, which have neither a shell nor curl inside.

import type { Socket, SocketHandler } from "bun";
import { AddressSet, UNIX_PEER } from "../http/address-set.ts";
import { formatAuthority } from "../http/authority.ts";
import { socketPath } from "./address.ts";
import { quoted } from "./usage-error.ts";

const PATIENCE_MS = 5000;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::", "localhost"]);
/** `localhost` is no name that could be rebound, so the server answers to it wherever it listens. */
const REQUEST = "GET /-/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/** The server of this machine is asked how it is, not who: nothing secret is sent. */
const OWN_MACHINE = { rejectUnauthorized: false } as const;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/** What version 2 of the PROXY protocol says who speaks for himself. */
const PROXY_LOCAL = Buffer.from("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "latin1");

/** Which server to ask, and how. */
export interface AskedServer {
  /** As `--host` takes it. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Networks from which it wants a PROXY header first. */
  readonly proxies: readonly string[];
}

/**
 * Null when the server on this host and port answers 200, otherwise one line that says what it does. By a socket of our
 * own: `fetch` would go through the proxy that the environment names. Never rejects; takes 5 s at most.
 */
export async function findIllness({ host, port, isSecure, proxies }: AskedServer): Promise<string | null> {
  const path = socketPath(host);
  const hostname = EVERY_ADDRESS.has(host) ? "127.0.0.1" : host;
  const place = path === null ? formatAuthority(hostname, port) : quoted(host);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const patience = setTimeout(() => resolve(`The server at ${place} does not answer.`), PATIENCE_MS);
  let received = "";
  const events: SocketHandler<undefined> = {
    data: (_, bytes) => {
      received += bytes.toString("latin1");
      const status = STATUS_LINE.exec(received)?.[1];
      if (status !== undefined) resolve(status === "200" ? null : `The server at ${place} answers ${status}.`);
    },
    close: () => resolve(`The server at ${place} ended the connection without an answer.`),
    error: () => {},
  };
  const open = (socket: Socket<undefined>): void => {
    if (new AddressSet(proxies).has(path === null ? socket.localAddress : UNIX_PEER)) socket.write(PROXY_LOCAL);
    if (!isSecure) return void socket.write(REQUEST);
    // It is written to when its handshake is done.
    const handshake = (secured: Socket<undefined>): void => void secured.write(REQUEST);
    socket.upgradeTLS<undefined>({ tls: OWN_MACHINE, socket: { ...events, handshake } });
  };
  // Below TLS there is nothing to be read.
  const below = isSecure ? { data() {}, error() {} } : events;
  const socket = { ...below, open };
  const connecting =
    path === null
      ? Bun.connect<undefined>({ hostname, port, socket })
      : Bun.connect<undefined>({ unix: path.replace(/^@/, "\0"), socket });
  connecting.catch(() => resolve(`No server answers at ${place}.`));
  const illness = await promise;
  clearTimeout(patience);
  return illness;
}
