// A request without a connection, for tests of what looks at one.

import { HttpRequest, type Peer } from "../../src/http/message.ts";

/** A client on this machine. */
export const LOCAL_PEER: Peer = {
  address: "127.0.0.1",
  port: 1,
  localAddress: "127.0.0.1",
  secure: false,
  hasLeft: false,
};

/** One without a body. Field names are in lower case. */
export function requestOf(
  method: string,
  target: string,
  fields: Readonly<Record<string, string>> = {},
  peer: Peer = LOCAL_PEER,
): HttpRequest {
  return new HttpRequest(method, target, true, 1, { get: (name) => fields[name] }, null, peer);
}
