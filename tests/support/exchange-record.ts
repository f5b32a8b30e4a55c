// The record of an exchange, for tests of those who observe.

import type { ExchangeRecord } from "../../src/observe/observer.ts";

/** A GET that went well. */
export const RECORD: ExchangeRecord = {
  peerAddress: "127.0.0.1",
  peerPort: 47920,
  method: "GET",
  target: "/echo/abc",
  minorVersion: 1,
  route: "/echo/{text}",
  user: "",
  status: 200,
  refusal: null,
  ownLimit: null,
  requestBytes: 0,
  bodyBytes: 3,
  answerMs: 0.01,
  durationMs: 0.08,
  get endedAt() {
    return performance.now();
  },
  cutOff: false,
  fields: { get: () => undefined },
  requestId: "",
  connection: 7,
  secure: false,
};
