// What a descriptor is that somebody else has opened: a socket that listens, and where, or something of no use here.

import { addressText } from "../http/address-set.ts";
import { formatAuthority } from "../http/authority.ts";
import { socketHost } from "../http/unix-host.ts";
import { loadCLibrary } from "./c-library.ts";

/** A stream socket that listens already. Travels to workers, where its descriptor is another. */
export interface ListeningSocket {
  readonly descriptor: number;
  /** As `--host` has it: an address, or of a unix socket `unix:` and its path, or `unix:@` and its name. */
  readonly host: string;
  /** Null for a unix socket. */
  readonly port: number | null;
}

/** Why a descriptor is no such socket, as the end of a sentence about it. */
export class NoListeningSocket {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Of Linux (asm-generic/socket.h), where alone descriptors are handed over so. */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SOCK_STREAM = 1;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** Enough for every kind of address (struct sockaddr_storage). */
const ADDRESS_BYTES = 128;
const FAMILY_BYTES = 2;

/** Looks at a descriptor without changing it. */
export function describeListeningSocket(descriptor: number): ListeningSocket | NoListeningSocket {
  const library = loadCLibrary({
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  });
  if (library === null) return new NoListeningSocket("cannot be looked at on this system");
  const option = (name: number): number | null => {
    const value = new Int32Array(1);
    const size = new Uint32Array([value.byteLength]);
    return library.getsockopt(descriptor, SOL_SOCKET, name, value, size) === 0 ? value[0]! : null;
  };
  const type = option(SO_TYPE);
  if (type === null) return new NoListeningSocket("is no socket");
  if (type !== SOCK_STREAM) return new NoListeningSocket("is no stream socket");
  if (option(SO_ACCEPTCONN) !== 1) return new NoListeningSocket("is a socket that does not listen");
  const address = Buffer.alloc(ADDRESS_BYTES);
  const size = new Uint32Array([ADDRESS_BYTES]);
  if (library.getsockname(descriptor, address, size) !== 0) return new NoListeningSocket("has no address");
  const place = readPlace(address.subarray(0, size[0]));
  return place === null ? new NoListeningSocket("is neither a TCP nor a unix socket") : { descriptor, ...place };
}

/** Where clients reach it. A unix socket has no URL of a kind that all clients know: it stands as `--host` has it. */
export function urlOf({ host, port }: Pick<ListeningSocket, "host" | "port">): string {
  return port === null ? host : "http://" + formatAuthority(host, port);
}

/** Of a `struct sockaddr`: sockaddr_in, sockaddr_in6 or sockaddr_un. */
function readPlace(address: Buffer): Pick<ListeningSocket, "host" | "port"> | null {
  switch (address.readUInt16LE(0)) {
    case AF_INET:
      return { host: addressText(address.subarray(4, 8)), port: address.readUInt16BE(2) };
    case AF_INET6:
      return { host: addressText(address.subarray(8, 24)), port: address.readUInt16BE(2) };
    case AF_UNIX:
      return { host: socketHost(unixPath(address.subarray(FAMILY_BYTES))), port: null };
    default:
      return null;
  }
}

/** A path ends at its NUL, if it has one; an abstract name begins with one, and may hold more (unix(7)). */
function unixPath(bytes: Buffer): string {
  if (bytes[0] === 0) return "@" + bytes.toString("utf8", 1);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
