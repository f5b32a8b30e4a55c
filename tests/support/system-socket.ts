// Sockets as a service manager makes them, which Bun cannot: they listen, and nobody here takes clients from them; or they
// wait for messages. Linux only.

import { loadCLibrary } from "../../src/net/c-library.ts";

const library = loadCLibrary({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  dup: { args: ["i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
});

const FAMILY = { unix: 1, ipv4: 2, ipv6: 10 } as const;
const TYPE = { stream: 1, datagram: 2, seqpacket: 5 } as const;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const BACKLOG = 4096;
const MOST_BYTES = 4096;

/** What the socket is to be. */
export interface SocketWish {
  /** `127.0.0.1`, `::1`, or a path, or `@` and a name; on a port of the system's choice. */
  readonly at: string;
  readonly type?: keyof typeof TYPE;
  readonly listens?: boolean;
}

/** One descriptor; closed by `using`. */
export class SystemSocket implements Disposable {
  readonly descriptor: number;

  constructor({ at, type = "stream", listens = type !== "datagram" }: SocketWish) {
    if (library === null) throw new Error("this system's C library is not known");
    const family = /^[/@]/.test(at) ? "unix" : at.includes(":") ? "ipv6" : "ipv4";
    this.descriptor = library.socket(FAMILY[family], TYPE[type] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const address = addressOf(family, at);
    if (library.bind(this.descriptor, address, address.length) !== 0) throw new Error(`cannot bind ${at}`);
    if (listens && library.listen(this.descriptor, BACKLOG) !== 0) throw new Error(`cannot listen at ${at}`);
  }

  /** Of a TCP or UDP socket. */
  get port(): number {
    const address = Buffer.alloc(128);
    library?.getsockname(this.descriptor, address, new Uint32Array([address.length]));
    return address.readUInt16BE(2);
  }

  /** A second descriptor, for somebody who closes it. */
  duplicate(): number {
    return library?.dup(this.descriptor) ?? -1;
  }

  /** The messages that have come since the last look. */
  receiveAll(): string[] {
    const bytes = Buffer.alloc(MOST_BYTES);
    const messages: string[] = [];
    for (;;) {
      const size = Number(library?.recv(this.descriptor, bytes, bytes.length, 0));
      if (size < 0) return messages;
      messages.push(bytes.toString("utf8", 0, size));
    }
  }

  [Symbol.dispose](): void {
    library?.close(this.descriptor);
  }
}

/** Of a loopback address, which is all zeros but its first and last byte, or its last. */
function addressOf(family: keyof typeof FAMILY, at: string): Buffer {
  if (family === "unix") {
    const path = Buffer.from(at.replace(/^@/, "\0"));
    return Buffer.concat([Buffer.from([FAMILY.unix, 0]), path]);
  }
  const address = Buffer.alloc(family === "ipv4" ? 16 : 28);
  address.writeUInt16LE(FAMILY[family]);
  if (family === "ipv4") address.set(at.split(".").map(Number), 4);
  else address[23] = at === "::1" ? 1 : 0;
  return address;
}
