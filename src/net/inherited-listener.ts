// A socket that listens already when the process starts: whoever started it has opened it, and keeps it open when the
// process is gone. Clients that come between two processes wait in it.

import { UNIX_PEER } from "../http/address-set.ts";
import { ListenFault, type Listener, type SocketEvents } from "./listener.ts";
import { type ListeningSocket, urlOf } from "./listening-socket.ts";

/** Takes clients from one such socket; other processes may take some from it, too. */
export class InheritedListener implements Listener {
  readonly isSecure = false;
  readonly peerName: string | undefined;
  readonly #socket: ListeningSocket;
  #accepting: { stop(closesConnections: boolean): void } | null = null;

  constructor(socket: ListeningSocket) {
    this.#socket = socket;
    this.peerName = socket.port === null ? UNIX_PEER : undefined;
  }

  get urls(): readonly string[] {
    return [urlOf(this.#socket)];
  }

  listen<Data>(events: SocketEvents<Data>): void {
    const { descriptor: fd, host, port } = this.#socket;
    // Bun knows the option; its types do not.
    const options = { fd, allowHalfOpen: true, socket: events } as unknown as Bun.UnixSocketOptions<Data>;
    try {
      this.#accepting = Bun.listen<Data>(options);
    } catch (error) {
      throw new ListenFault(host, port ?? 0, error);
    }
  }

  /** Closes this process's descriptor alone: a file of the socket stays where it is. */
  stop(): void {
    this.#accepting?.stop(false);
    this.#accepting = null;
  }
}
