// The recorder of a server that is several processes: the parent keeps, its workers tell and ask. What is told costs a
// worker little, however many requests it has: batches, of each no more than the parent would keep, and one after the other
// as the parent takes them.

import type { RecordedExchange } from "./recorded-exchange.ts";
import {
  costOf,
  type ExchangeStore,
  type Found,
  MOST_RECORDED_BYTES,
  type Pending,
  type Recorder,
  type RecorderQuery,
} from "./recorder.ts";

/** From a worker. `id` names a question. */
export type RecorderMessage =
  | { readonly say: "exchanges"; readonly exchanges: readonly RecordedExchange[] }
  | { readonly say: "ask"; readonly id: number; readonly query: RecorderQuery }
  | { readonly say: "cancel"; readonly id: number }
  /** The last answer has come. */
  | { readonly say: "received" }
  | { readonly say: "clear" };

/** From the parent. */
export type RecorderAnswer =
  | { readonly say: "found"; readonly id: number; readonly found: Found | null }
  /** The last batch has come. */
  | { readonly say: "taken" };

/** What waits for the next batch at most this long, so that whoever waits for a request learns of it at once. */
const BATCH_MS = 4;
/** With so many in a batch, the next may take its time. */
const BUSY_COUNT = 50;
const BUSY_BATCH_MS = 100;

/** The worker's end. */
export class RemoteRecorder implements ExchangeStore {
  readonly #capacity: number;
  readonly #send: (message: RecorderMessage) => void;
  readonly #waiting = new Map<number, (found: Found | null) => void>();
  #batch: RecordedExchange[] = [];
  /** What the batch costs. */
  #bytes = 0;
  /** Batches on their way. */
  #untaken = 0;
  #isScheduled = false;
  #wasBusy = false;
  #lastId = 0;

  /** `capacity` is how many the parent keeps. */
  constructor(capacity: number, send: (message: RecorderMessage) => void) {
    this.#capacity = capacity;
    this.#send = send;
  }

  add(exchange: RecordedExchange): void {
    this.#batch.push(exchange);
    this.#bytes += costOf(exchange);
    this.#dropOldest();
    this.#tellSoon();
  }

  ask(query: RecorderQuery): Pending {
    // What this worker has seen counts.
    this.#tell();
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Found | null>();
    this.#waiting.set(id, resolve);
    this.#send({ say: "ask", id, query });
    return {
      found: promise,
      cancel: () => {
        if (this.#waiting.has(id)) this.#send({ say: "cancel", id });
      },
    };
  }

  clear(): void {
    this.#tell();
    this.#send({ say: "clear" });
  }

  /** Takes an answer of the parent. */
  receive(answer: RecorderAnswer): void {
    switch (answer.say) {
      case "taken":
        this.#untaken -= 1;
        if (this.#batch.length > 0) this.#tellSoon();
        return;
      case "found": {
        this.#send({ say: "received" });
        const resolve = this.#waiting.get(answer.id);
        this.#waiting.delete(answer.id);
        resolve?.(answer.found);
      }
    }
  }

  /** Of more than the parent keeps it would drop these at once. Only of twice as much, so that each costs one look. */
  #dropOldest(): void {
    if (this.#batch.length < 2 * this.#capacity && this.#bytes <= 2 * MOST_RECORDED_BYTES) return;
    const surplus = this.#batch.length - this.#capacity;
    let first = 0;
    while (first < surplus || this.#bytes > MOST_RECORDED_BYTES) this.#bytes -= costOf(this.#batch[first++]!);
    this.#batch = this.#batch.slice(first);
  }

  /** What a parent that is behind has not taken waits here, where it is bounded, and not on its way, where nothing is. */
  #tellSoon(): void {
    if (this.#isScheduled || this.#untaken > 0) return;
    this.#isScheduled = true;
    setTimeout(() => this.#tell(), this.#wasBusy ? BUSY_BATCH_MS : BATCH_MS);
  }

  #tell(): void {
    this.#isScheduled = false;
    const exchanges = this.#batch.slice(-this.#capacity);
    this.#batch = [];
    this.#bytes = 0;
    this.#wasBusy = exchanges.length >= BUSY_COUNT;
    if (exchanges.length === 0) return;
    this.#untaken += 1;
    this.#send({ say: "exchanges", exchanges });
  }
}

/** The parent's end of one worker. */
export class RecorderDesk {
  readonly #recorder: Recorder;
  readonly #send: (answer: RecorderAnswer) => void;
  readonly #pending = new Map<number, Pending>();
  /** One is on its way at a time: each is a copy of all that was found, and many may have waited for the same. */
  readonly #answers: RecorderAnswer[] = [];
  #isOnItsWay = false;

  constructor(recorder: Recorder, send: (answer: RecorderAnswer) => void) {
    this.#recorder = recorder;
    this.#send = send;
  }

  receive(message: RecorderMessage): void {
    switch (message.say) {
      case "exchanges":
        for (const exchange of message.exchanges) this.#recorder.add(exchange);
        this.#send({ say: "taken" });
        return;
      case "clear":
        this.#recorder.clear();
        return;
      case "received":
        this.#isOnItsWay = false;
        return this.#sendNext();
      case "cancel":
        this.#pending.get(message.id)?.cancel();
        return;
      case "ask":
        void this.#answer(message.id, message.query);
    }
  }

  /** The worker is gone. */
  close(): void {
    for (const pending of this.#pending.values()) pending.cancel();
  }

  async #answer(id: number, query: RecorderQuery): Promise<void> {
    const pending = this.#recorder.ask(query);
    this.#pending.set(id, pending);
    const found = await pending.found;
    this.#pending.delete(id);
    this.#answers.push({ say: "found", id, found });
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#isOnItsWay || this.#answers.length === 0) return;
    this.#isOnItsWay = true;
    this.#send(this.#answers.shift()!);
  }
}
