// Why a server cannot listen, as one line for the person who started it.

import { dirname } from "node:path";
import { socketPath } from "../http/unix-host.ts";
import { quoted } from "./usage-error.ts";

/** Why a path is none for a socket. */
export type PathFault = "in-use" | "other-file" | "too-long" | "no-such-names";

/** Ports below this belong to the administrator on most systems. */
const FIRST_FREE_PORT = 1024;

/** A sentence that says what is wrong and what to do. `error` is what the system said. */
export function describeListenFault(error: unknown, host: string, port: number): string {
  const { code = "", message = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (socketPath(host) !== null) return describeSocketFault(code, message, host);
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

/** The same for a path of a socket that was looked at before. */
export function describePathFault(fault: PathFault, host: string): string {
  return `Cannot listen: ${PATH_FAULTS[fault].replace("HOST", quoted(host))}; choose another path for --host.`;
}

const PATH_FAULTS: Readonly<Record<PathFault, string>> = {
  "in-use": "another server listens at HOST",
  "other-file": "what is at HOST is no socket, and stays",
  "too-long": "HOST is longer than the path of a socket may be (about 100 bytes)",
  "no-such-names": "a socket without a file, such as HOST, works on Linux only",
};

function describeSocketFault(code: string, message: string, host: string): string {
  const folder = quoted(dirname(socketPath(host) ?? ""));
  switch (code) {
    case "EADDRINUSE":
    case "EEXIST":
      return describePathFault("in-use", host);
    case "EINVAL":
    case "ENAMETOOLONG":
      return describePathFault("too-long", host);
    case "ENOENT":
    case "ENOTDIR":
      return `Cannot listen: there is no folder ${folder} for the socket; make it, or choose another path for --host.`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `Cannot listen: the system allows no socket in ${folder}; choose another path for --host.`;
    default:
      return `Cannot listen: ${quoted(host)} failed (${quoted(code)}: ${quoted(message)}); choose another path for --host.`;
  }
}
