// `mini-http healthcheck`: asks a running server how it is. For containers, which have neither a shell nor curl inside.

import type { Socket, SocketHandler } from "bun";
import { readFileSync } from "node:fs";
import { AddressSet, UNIX_PEER } from "../http/address-set.ts";
import { formatAuthority } from "../http/authority.ts";
import { hasPort, socketPath, systemPath } from "../http/unix-host.ts";
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

/** TLS 1.3's word for a client without a certificate (RFC 8446 6.2), as BoringSSL has it. */
const WANTS_CERTIFICATE = "TLSV1_ALERT_CERTIFICATE_REQUIRED";

/** Which server to ask, and how. */
export interface AskedServer {
  /** As `--host` takes it. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Files of what is shown to a server that asks clients for a certificate; null for nothing to show. */
  readonly identity: { readonly certFile: string; readonly keyFile: string } | null;
  /** Networks from which it wants a PROXY header first. */
  readonly proxies: readonly string[];
}

/** PEM. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** What came of asking: the status of an answer, or why there is none. */
type Outcome = number | "wants a certificate" | "ended" | "silent" | "nobody";

/**
 * Null when the server on this host and port answers 200, otherwise one line that says what it does. A server that would
 * talk to us if we had the certificate that it demands is well, too: it lives, and its clients have theirs. By a socket of
 * our own: `fetch` would go through the proxy that the environment names. Never rejects; takes 5 s at most, or twice that
 * where the certificate that is shown is none that it takes.
 */
export async function findIllness(server: AskedServer): Promise<string | null> {
  const { host, port } = server;
  const identity = readIdentity(server);
  const hostname = EVERY_ADDRESS.has(host) ? "127.0.0.1" : host;
  const place = hasPort(host) ? formatAuthority(hostname, port) : quoted(host);
  const outcome = await ask(server, hostname, identity);
  // It takes no certificate of a stranger, and does not say so.
  const isStranger = outcome === "ended" && identity !== null;
  return illnessOf(isStranger ? await ask(server, hostname, null) : outcome, place);
}

/** Null when there is none that can be read: whoever asks may be less than the server. */
function readIdentity({ identity }: AskedServer): Identity | null {
  if (identity === null) return null;
  try {
    return { cert: readFileSync(identity.certFile, "utf8"), key: readFileSync(identity.keyFile, "utf8") };
  } catch {
    return null;
  }
}

function illnessOf(outcome: Outcome, place: string): string | null {
  switch (outcome) {
    case 200:
    case "wants a certificate":
      return null;
    case "ended":
      return `The server at ${place} ended the connection without an answer.`;
    case "silent":
      return `The server at ${place} does not answer.`;
    case "nobody":
      return `No server answers at ${place}.`;
    default:
      return `The server at ${place} answers ${outcome}.`;
  }
}

async function ask(
  { host, port, isSecure, proxies }: AskedServer,
  hostname: string,
  identity: Identity | null,
): Promise<Outcome> {
  const path = socketPath(host);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const patience = setTimeout(() => resolve("silent"), PATIENCE_MS);
  let received = "";
  const events: SocketHandler<undefined> = {
    data: (_, bytes) => {
      received += bytes.toString("latin1");
      const status = STATUS_LINE.exec(received)?.[1];
      if (status !== undefined) resolve(Number(status));
    },
    close: () => resolve("ended"),
    error: (_, { message }) => (message.endsWith(":" + WANTS_CERTIFICATE) ? resolve("wants a certificate") : undefined),
  };
  const open = (socket: Socket<undefined>): void => {
    if (new AddressSet(proxies).has(path === null ? socket.localAddress : UNIX_PEER)) socket.write(PROXY_LOCAL);
    if (!isSecure) return void socket.write(REQUEST);
    // It is written to when its handshake is done.
    const handshake = (secured: Socket<undefined>): void => void secured.write(REQUEST);
    try {
      socket.upgradeTLS<undefined>({ tls: { ...OWN_MACHINE, ...identity }, socket: { ...events, handshake } });
    } catch {
      // What was to be shown is no certificate with its key.
      socket.end();
      resolve("ended");
    }
  };
  // Below TLS there is nothing to be read.
  const below = isSecure ? { data() {}, error() {} } : events;
  const socket = { ...below, open };
  const connecting =
    path === null
      ? Bun.connect<undefined>({ hostname, port, socket })
      : Bun.connect<undefined>({ unix: systemPath(path), socket });
  connecting.catch(() => resolve("nobody"));
  const outcome = await promise;
  clearTimeout(patience);
  return outcome;
}
