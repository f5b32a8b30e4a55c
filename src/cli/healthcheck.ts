// `mini-http healthcheck`: asks a running server how it is. For containers, which have neither a shell nor curl inside.

import { formatAuthority } from "../http/authority.ts";

const PATIENCE_MS = 5000;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::", "localhost"]);
/** `localhost` is no name that could be rebound, so the server answers to it wherever it listens. */
const REQUEST = "GET /-/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/** The server of this machine is asked how it is, not who: nothing secret is sent. */
const OWN_MACHINE = { rejectUnauthorized: false } as const;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/**
 * Null when the server on this host and port answers 200, otherwise one line that says what it does. By a socket of our
 * own: `fetch` would go through the proxy that the environment names. Never rejects; takes 5 s at most.
 */
export async function findIllness(host: string, port: number, isSecure = false): Promise<string | null> {
  const hostname = EVERY_ADDRESS.has(host) ? "127.0.0.1" : host;
  const place = formatAuthority(hostname, port);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const patience = setTimeout(() => resolve(`The server at ${place} does not answer.`), PATIENCE_MS);
  let received = "";
  const judge = (): void => {
    const status = STATUS_LINE.exec(received)?.[1];
    if (status !== undefined) resolve(status === "200" ? null : `The server at ${place} answers ${status}.`);
  };
  const connecting = Bun.connect({
    hostname,
    port,
    ...(isSecure ? { tls: OWN_MACHINE } : {}),
    socket: {
      // A secure one is written to when its handshake is done.
      open: (socket) => (isSecure ? undefined : void socket.write(REQUEST)),
      handshake: (socket) => void socket.write(REQUEST),
      data: (_, bytes) => {
        received += bytes.toString("latin1");
        judge();
      },
      close: () => resolve(`The server at ${place} ended the connection without an answer.`),
      error: () => {},
      drain: () => {},
      end: () => {},
    },
  });
  connecting.catch(() => resolve(`No server answers at ${place}.`));
  const illness = await promise;
  clearTimeout(patience);
  return illness;
}
