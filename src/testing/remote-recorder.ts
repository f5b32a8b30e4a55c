// The recorder of a server that is several processes: the parent keeps, its workers tell and ask. What is told costs a
// worker little, however many requests it has: batches, and of each no more than the parent would keep.

import type { RecordedExchange } from "./recorded-exchange.ts";
import type { ExchangeStore, Found, Pending, Recorder, RecorderQuery } from "./recorder.ts";

/** From a worker. `id` names a question. */
export type RecorderMessage =
  | { readonly say: "exchanges"; readonly exchanges: readonly RecordedExchange[] }
  | { readonly say: "ask"; readonly id: number; readonly query: RecorderQuery }
  | { readonly say: "cancel"; readonly id: number }
  | { readonly say: "clear" };

/** From the parent. */
export interface RecorderAnswer {
  readonly id: number;
  readonly found: Found | null;
}

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
    // Whatever is before these, the parent would drop at once.
    if (this.#batch.length >= 2 * this.#capacity) this.#batch = this.#batch.slice(-this.#capacity);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => this.#tell(), this.#wasBusy ? BUSY_BATCH_MS : BATCH_MS);
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
  receive({ id, found }: RecorderAnswer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(found);
  }

  #tell(): void {
    this.#isScheduled = false;
    const exchanges = this.#batch.slice(-this.#capacity);
    this.#batch = [];
    this.#wasBusy = exchanges.length >= BUSY_COUNT;
    if (exchanges.length > 0) this.#send({ say: "exchanges", exchanges });
  }
}

/** The parent's end of one worker. */
export class RecorderDesk {
  readonly #recorder: Recorder;
  readonly #send: (answer: RecorderAnswer) => void;
  readonly #pending = new Map<number, Pending>();

  constructor(recorder: Recorder, send: (answer: RecorderAnswer) => void) {
    this.#recorder = recorder;
    this.#send = send;
  }

  receive(message: RecorderMessage): void {
    switch (message.say) {
      case "exchanges":
        for (const exchange of message.exchanges) this.#recorder.add(exchange);
        return;
      case "clear":
        this.#recorder.clear();
        return;
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
    this.#send({ id, found });
  }
}
