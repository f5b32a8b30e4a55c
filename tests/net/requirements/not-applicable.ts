// Requirements without a row: those that another test shows, and those that do not apply to this server.

import type { Untested } from "./row.ts";

/** Shown by another test, which the reason names. */
export const testedElsewhere: readonly Untested[] = [
  {
    rfc: "9112",
    section: "9.5",
    requirement: "A server may close an idle connection at any time",
    reason: "needs time to pass: tests/net/timeouts.test.ts",
  },
  {
    rfc: "9112",
    section: "9.6",
    requirement: "A client must be able to read the last response while it still sends",
    reason: "needs a client that floods: tests/net/connection.test.ts",
  },
  {
    rfc: "9110",
    section: "15.5.9",
    requirement: "408 for a request that does not arrive in time",
    reason: "needs time to pass: tests/net/timeouts.test.ts",
  },
  {
    rfc: "9110",
    section: "15.6.1",
    requirement: "500 for a fault of the server",
    reason: "needs a handler with a fault: tests/net/connection.test.ts",
  },
  {
    rfc: "9110",
    section: "15.6.4",
    requirement: "503 with Retry-After when there are too many connections",
    reason: "needs many connections: tests/net/server.test.ts",
  },
  {
    rfc: "9110",
    section: "10.2.4",
    requirement: "A server should not reveal what helps attackers in Server",
    reason: "there is no Server field: tests/handlers/routes.test.ts compares whole heads",
  },
  {
    rfc: "9110",
    section: "9.3.4",
    requirement: "PUT creates (201) or replaces (204) the target's state",
    reason: "needs a folder: tests/handlers/writes.test.ts",
  },
  {
    rfc: "9110",
    section: "9.3.5",
    requirement: "DELETE removes the target's association",
    reason: "needs a folder: tests/handlers/writes.test.ts",
  },
  {
    rfc: "9110",
    section: "14.4-14.5",
    requirement: "PUT with Content-Range is refused where partial PUT is not supported",
    reason: "needs a folder: tests/handlers/writes.test.ts",
  },
];

/** Does not apply, for the reason given. */
export const notApplicable: readonly Untested[] = [
  {
    rfc: "9112",
    section: "3.2.1-3.2.2",
    requirement: "What a client must send as its target to a proxy",
    reason: "concerns clients and proxies",
  },
  {
    rfc: "9112",
    section: "3.3",
    requirement: "Reconstructing the target URI for forwarding",
    reason: "nothing is forwarded",
  },
  { rfc: "9112", section: "4", requirement: "How a client must parse a status line", reason: "concerns clients" },
  {
    rfc: "9112",
    section: "6.1",
    requirement: "Removing and adding transfer codings on the way",
    reason: "concerns intermediaries",
  },
  {
    rfc: "9112",
    section: "7.2",
    requirement: "The compress, deflate and gzip transfer codings",
    reason: "not implemented: 501, as section 6.1 allows",
  },
  {
    rfc: "9112",
    section: "7.4",
    requirement: "Trailers in a response for a client that sends TE",
    reason: "no response of ours has trailer fields",
  },
  { rfc: "9112", section: "9.2", requirement: "Associating a response with its request", reason: "concerns clients" },
  {
    rfc: "9112",
    section: "9.7-9.8",
    requirement: "TLS connection initiation and closure",
    reason: "TLS is not served yet; a later issue brings it",
  },
  {
    rfc: "9112",
    section: "10",
    requirement: "The message/http and application/http media types",
    reason: "no such message is sent",
  },
  {
    rfc: "9110",
    section: "7.6",
    requirement: "Forwarding: Connection, Max-Forwards, Via",
    reason: "concerns intermediaries",
  },
  {
    rfc: "9110",
    section: "7.7",
    requirement: "Transformations of messages on the way",
    reason: "concerns intermediaries",
  },
  {
    rfc: "9110",
    section: "7.8",
    requirement: "Switching protocols after an Upgrade",
    reason: "no other protocol is offered; a server may ignore the field",
  },
  { rfc: "9110", section: "9.3.6", requirement: "CONNECT establishes a tunnel", reason: "not implemented: 501" },
  {
    rfc: "9110",
    section: "10.2.1",
    requirement: "Allow lists what a resource supports at the time",
    reason: "shown by every 405 row; nothing changes at run time",
  },
  {
    rfc: "9110",
    section: "11",
    requirement: "Authentication challenges and credentials",
    reason: "there is no authentication yet; a later issue brings it",
  },
  {
    rfc: "9110",
    section: "12.5.2, 12.5.4",
    requirement: "Accept-Charset and Accept-Language",
    reason: "no resource has such variants",
  },
  { rfc: "9110", section: "15.2.2", requirement: "101 Switching Protocols", reason: "no other protocol is offered" },
];
