// How a unix socket is written as a host: `unix:` and a path, or `unix:@` and a name without a file (abstract, unix(7)).

const SCHEME = "unix:";
const NAME_MARK = "@";

/** The path of a host that is a unix socket, `@` and a name for one without a file; null for other hosts. */
export function socketPath(host: string): string | null {
  return host.startsWith(SCHEME) ? host.slice(SCHEME.length) : null;
}

/** The host of such a path. */
export function socketHost(path: string): string {
  return SCHEME + path;
}

/** False for a unix socket. */
export function hasPort(host: string): boolean {
  return socketPath(host) === null;
}

/** True for a name without a file. */
export function isAbstract(path: string): boolean {
  return path.startsWith(NAME_MARK);
}

/** As the system calls take it: a name begins with a NUL. */
export function systemPath(path: string): string {
  return isAbstract(path) ? "\0" + path.slice(NAME_MARK.length) : path;
}
