// A request without a connection, for tests of what looks at one.

import type { FieldSection } from "../../src/http/field-section.ts";
import { HttpRequest, type Peer } from "../../src/http/message.ts";
import { nameBits } from "../../src/http/name-bits.ts";
import type { Permission } from "../../src/http/permission.ts";
import { plainText } from "../../src/http/plain-text.ts";

/** A client on this machine. */
export const LOCAL_PEER: Peer = {
  address: "127.0.0.1",
  port: 1,
  localAddress: "127.0.0.1",
  secure: false,
  certifiedName: "",
  hasLeft: false,
  sendInterim: () => false,
};

/** What somebody has who may do everything; null for nobody. */
export function permissionOf(user: string): Permission | null {
  if (user === "") return null;
  return {
    user,
    mayLogIn: false,
    may: () => true,
    mayAllBelow: () => true,
    leadsTo: () => true,
    refuse: () => plainText("no\n", 403),
  };
}

/** Field names are in lower case. */
export function fieldsOf(fields: Readonly<Record<string, string>>): FieldSection {
  return {
    text: Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(""),
    get: (name) => fields[name],
    lacks: (names) => (nameBits(Object.keys(fields)) & names) === 0,
    *[Symbol.iterator]() {
      for (const [name, value] of Object.entries(fields)) yield { name, value };
    },
  };
}

/** One without a body. Field names are in lower case. */
export function requestOf(
  method: string,
  target: string,
  fields: Readonly<Record<string, string>> = {},
  peer: Peer = LOCAL_PEER,
): HttpRequest {
  const line = { method, target, targetNeedsWork: true, minorVersion: 1 };
  return new HttpRequest(line, fieldsOf(fields), null, peer);
}
