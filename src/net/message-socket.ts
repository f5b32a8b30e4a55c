// Messages to another program of this machine: datagrams over a unix socket, of which the run time has none.

import { isAbstract, systemPath } from "../http/unix-host.ts";
import { loadCLibrary } from "./c-library.ts";

/** Of Linux (asm-generic/socket.h, bits/socket.h). */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const FAMILY_BYTES = 2;
/** Of a path with its NUL, or of an abstract name with the NUL before it (sun_path). */
const MOST_NAME_BYTES = 108;

type Send = (message: Buffer) => number;

/** Sends to one address. Open for as long as the process runs: later there may be no descriptor to spare. */
export class MessageSocket {
  readonly #send: Send;

  private constructor(send: Send) {
    this.#send = send;
  }

  /** `address` is a path, or `@` and a name. Null where there can be no such socket; whether anybody listens shows later. */
  static open(address: string): MessageSocket | null {
    const name = Buffer.from(isAbstract(address) ? systemPath(address) : address + "\0");
    if (name.length > MOST_NAME_BYTES) return null;
    const library = loadCLibrary({
      socket: { args: ["i32", "i32", "i32"], returns: "i32" },
      sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
    });
    const descriptor = library?.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) ?? -1;
    if (library === null || descriptor < 0) return null;
    const target = Buffer.alloc(FAMILY_BYTES + name.length);
    target.writeUInt16LE(AF_UNIX);
    target.set(name, FAMILY_BYTES);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return new MessageSocket((message) =>
      Number(library.sendto(descriptor, message, message.length, flags, target, target.length)),
    );
  }

  /** Never waits. False when nobody takes it now. */
  send(text: string): boolean {
    return this.#send(Buffer.from(text)) >= 0;
  }
}
