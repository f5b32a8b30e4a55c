// A unix socket that this process opens for others, which inherit it and take the clients: it takes none itself, and gives
// the same socket to whoever comes in place of one that has died.

import { closeSync } from "node:fs";
import { socketHost } from "../http/unix-host.ts";
import { loadCLibrary } from "./c-library.ts";
import { ListenFault } from "./listener.ts";
import type { ListeningSocket } from "./listening-socket.ts";
import type { SocketFile } from "./socket-file.ts";
import { bindSocket, type UnixPlace } from "./unix-listener.ts";

/** Of Linux (asm-generic/fcntl.h): programs that this process runs do not inherit it by themselves. */
const F_DUPFD_CLOEXEC = 1030;
const FIRST_FREE_DESCRIPTOR = 3;

/** Open until `close`; its file, which nobody finds before `publish`, goes with the process at the latest. */
export class HeldSocket {
  readonly socket: ListeningSocket;
  readonly #file: SocketFile | null;

  private constructor(socket: ListeningSocket, file: SocketFile | null) {
    this.socket = socket;
    this.#file = file;
  }

  /** Clients that come wait in it. Throws a `ListenFault` when the place cannot be had. */
  static open(place: UnixPlace): HeldSocket {
    const host = socketHost(place.path);
    const { socket, file } = bindSocket(place, { data() {} });
    const descriptor = duplicate(socket);
    // Nobody was let in yet: that takes a turn of the loop.
    socket.stop(false);
    if (descriptor >= 0) return new HeldSocket({ descriptor, host, port: null }, file);
    file?.remove();
    throw new ListenFault(host, 0, new Error("this system does not let several processes share it"));
  }

  /** Gives it its name. Throws a `ListenFault` when that cannot be had. */
  publish(): void {
    this.#file?.publish();
  }

  /** The others go on with what they have inherited, until they close it. */
  close(): void {
    this.#file?.remove();
    closeSync(this.socket.descriptor);
  }
}

/** Negative when the system cannot. The run time would take clients at its own descriptor as long as that is open. */
function duplicate(socket: object): number {
  // Bun has the number; its types do not.
  const { fd } = socket as { readonly fd: number };
  const library = loadCLibrary({ fcntl: { args: ["i32", "i32", "i32"], returns: "i32" } });
  return library?.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR) ?? -1;
}
