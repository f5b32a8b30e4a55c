// A unix socket: a file that programs of this machine connect to, or a name of Linux's without a file.

import type { UnixSocketListener } from "bun";
import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { UNIX_PEER } from "../http/address-set.ts";
import { isAbstract, socketHost, systemPath } from "../http/unix-host.ts";
import { ListenFault, type Listener, type SocketEvents } from "./listener.ts";
import { SocketFile, temporaryBeside } from "./socket-file.ts";

/** Where to listen. */
export interface UnixPlace {
  /** From the root, or `@NAME` without a file (abstract, unix(7)). */
  readonly path: string;
  /** Who may connect: permission bits of the file. A name without a file is everybody's. */
  readonly mode: number;
  /** The file may be another server's, which goes on with the connections that it has. */
  readonly takesOver?: boolean;
}

/** Of Linux (asm-generic/fcntl.h): a descriptor that says which file it is, and opens nothing. */
const O_PATH = 0o10000000;
/** Rights of a new socket are these less the umask. */
const ALL_RIGHTS = 0o777;

/** One that listens. Stopping the socket removes no file. */
export interface BoundSocket {
  readonly socket: UnixSocketListener<unknown>;
  /** Null for a name without a file. */
  readonly file: SocketFile | null;
}

/** Listens at one path. What a killed server has left there must be gone: see `clearStale`. */
export class UnixListener implements Listener {
  readonly isSecure = false;
  readonly peerName = UNIX_PEER;
  readonly #place: UnixPlace;
  #bound: BoundSocket | null = null;

  constructor(place: UnixPlace) {
    this.#place = place;
  }

  get urls(): readonly string[] {
    return [socketHost(this.#place.path)];
  }

  listen<Data>(events: SocketEvents<Data>): void {
    this.#bound = bindSocket(this.#place, events);
  }

  publish(): void {
    this.#bound?.file?.publish();
  }

  stop(): void {
    this.#bound?.file?.remove();
    this.#bound?.socket.stop(false);
  }
}

/**
 * Accepts clients from now on, who find it as soon as it is published. Throws a `ListenFault` when the place cannot be had,
 * and then nothing of it is left.
 */
export function bindSocket<Data>(place: UnixPlace, events: SocketEvents<Data>): BoundSocket {
  const { path } = place;
  try {
    if (isAbstract(path)) return { socket: listenAt(systemPath(path), events), file: null };
    return bindFile(place, events);
  } catch (error) {
    throw new ListenFault(socketHost(path), 0, error);
  }
}

/**
 * It gets its name when it listens: nobody who finds it is refused, and it has its rights from the beginning. The runtime
 * removes the name that it was bound to, and knows none that it gets later, which may be another server's by then.
 */
function bindFile<Data>({ path, mode, takesOver = false }: UnixPlace, events: SocketEvents<Data>): BoundSocket {
  const temporary = temporaryBeside(path);
  const umask = process.umask(ALL_RIGHTS & ~mode);
  let socket: UnixSocketListener<unknown> | null = null;
  try {
    socket = listenAt(temporary, events);
    setMode(temporary, mode);
    return { socket, file: new SocketFile(temporary, path, takesOver) };
  } catch (error) {
    socket?.stop(true);
    throw error;
  } finally {
    process.umask(umask);
  }
}

/**
 * Where the folder has rights of its own for new files (default ACLs), the umask does not count. Whoever else may write in
 * the folder could put a link in the place of the socket: then what it names keeps its rights.
 */
function setMode(path: string, mode: number): void {
  if ((lstatSync(path).mode & ALL_RIGHTS) === mode) return;
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (fstatSync(file).isSocket()) chmodSync(`/proc/self/fd/${file}`, mode);
  } finally {
    closeSync(file);
  }
}

/** A socket that its peer has ended may still be written to. */
function listenAt<Data>(unix: string, socket: SocketEvents<Data>): UnixSocketListener<unknown> {
  const options = { unix, allowHalfOpen: true, socket };
  return Bun.listen<Data>(options) as UnixSocketListener<unknown>;
}
