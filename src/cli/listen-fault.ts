// Why a server cannot listen, as one line for the person who started it.

import { quoted } from "./usage-error.ts";

/** Ports below this belong to the administrator on most systems. */
const FIRST_FREE_PORT = 1024;

/** A sentence that says what is wrong and what to do. `error` is what the system said. */
export function describeListenFault(error: unknown, host: string, port: number): string {
  const { code = "", message = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const place = `port ${port} on ${quoted(host)}`;
  switch (code.replace(/^DNS_.*/, "")) {
    case "EADDRINUSE":
      return `Cannot listen: ${place} is in use; choose another with --port, or a free one with --port 0.`;
    case "EADDRNOTAVAIL":
      return `Cannot listen: ${quoted(host)} is not an address of this machine; choose another with --host.`;
    case "EACCES":
    case "EPERM":
      return port > 0 && port < FIRST_FREE_PORT
        ? `Cannot listen: ${place} needs more rights; choose a port from ${FIRST_FREE_PORT} up with --port.`
        : `Cannot listen: the system does not allow ${place}; choose another with --port.`;
    case "":
      return `Cannot listen: no address is known for ${quoted(host)}; choose another with --host.`;
    default:
      return `Cannot listen: ${place} failed (${quoted(code)}: ${quoted(message)}); try other values for --host and --port.`;
  }
}
