// A port for programs that must be told one.

/** Below those that systems give to clients, and to whoever asks for any port: none of these is taken in passing. */
const [FIRST_PORT, PORTS] = [20_000, 12_000];
const MOST_TRIES = 100;

const given = new Set<number>();

/** A port at which nobody listens on `hostname`, and never one that was given before. */
export function freePort(hostname = "127.0.0.1"): number {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (given.has(port) || !isFree(hostname, port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no port is free on ${hostname}`);
}

function isFree(hostname: string, port: number): boolean {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
