// Messages that were refused before anybody was asked for an answer: what a client sent is worth a record just then.

import { splitTarget } from "../http/target.ts";
import type { ExchangeObserver, ExchangeRecord } from "../observe/observer.ts";
import type { RecordedBody } from "./recorded-exchange.ts";
import type { ExchangeStore } from "./recorder.ts";
import type { Timer } from "./timer.ts";

const NO_BODY: RecordedBody = { length: 0, beginning: "" };

/** Records what the dispatch never saw; all else it records itself. */
export class RefusalRecorder implements ExchangeObserver {
  readonly wantsAll = false;
  readonly #store: ExchangeStore;
  readonly #timer: Timer;

  constructor(store: ExchangeStore, timer: Timer) {
    this.#store = store;
    this.#timer = timer;
  }

  connected(): void {}

  disconnected(): void {}

  exchange({ refusal, route, status, durationMs, ...record }: ExchangeRecord): void {
    // A cut on purpose is an answer of the dispatch, and what has a row was seen by it.
    if (refusal === null || refusal.name === "DELIBERATE_CUT" || route !== "") return;
    this.#store.add({
      time: this.#timer.now,
      durationMs,
      clientAddress: record.peerAddress,
      clientPort: record.peerPort,
      method: record.method,
      target: record.target,
      path: record.target === "" ? "" : splitTarget(record.target).decodedPath,
      minorVersion: record.minorVersion,
      fieldLines: "",
      body: NO_BODY,
      status,
      responseLines: "",
      responseBody: { length: record.bodyBytes, beginning: "" },
      fault: null,
      refusal: refusal.name,
    });
  }
}
