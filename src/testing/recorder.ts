// The last exchanges, for tests that ask what a client did: a bounded number in bounded memory, and whoever waits for one
// that has yet to come.

import { fitsGlob } from "./path-glob.ts";
import type { NumberedExchange, RecordedExchange } from "./recorded-exchange.ts";
import type { Timer } from "./timer.ts";

/** All that is kept, with what each exchange costs. */
export const MOST_RECORDED_BYTES = 32 * 1024 * 1024;
const EXCHANGE_COST_BYTES = 1024;
/** Clients that wait. */
const MOST_WAITING = 256;

/** Which exchanges are meant; what is left out does not matter. */
export interface ExchangeFilter {
  /** A pattern for the decoded path. */
  readonly path?: string;
  readonly method?: string;
  readonly status?: number;
  /** Only later ones than that of this number. */
  readonly since?: number;
}

/** A question to the recorder. */
export interface RecorderQuery {
  readonly filter: ExchangeFilter;
  /** How many must have come. */
  readonly count: number;
  /** How long to wait for them. */
  readonly waitMs: number;
  /** How many to give, the oldest of them. */
  readonly most: number;
}

/** Its answer. */
export interface Found {
  /** The oldest first. */
  readonly exchanges: readonly NumberedExchange[];
  /** As many as were asked for have come. */
  readonly isComplete: boolean;
}

/** An answer to come. */
export interface Pending {
  /** Null when too many wait already. */
  readonly found: Promise<Found | null>;
  /** Nobody wants it any more. */
  cancel(): void;
}

/** Where exchanges are kept, in this process or another. */
export interface ExchangeStore {
  add(exchange: RecordedExchange): void;
  ask(query: RecorderQuery): Pending;
  clear(): void;
}

interface Waiter {
  readonly query: RecorderQuery;
  readonly answer: (found: Found | null) => void;
}

/** The store itself. */
export class Recorder implements ExchangeStore {
  readonly #capacity: number;
  readonly #timer: Timer;
  readonly #waiters = new Set<Waiter>();
  #exchanges: RecordedExchange[] = [];
  /** What is before it is gone already: an array that gives up its first each time would move all others. */
  #first = 0;
  #bytes = 0;
  /** How many there were ever: the number of the last. */
  #last = 0;

  /** Keeps so many exchanges. */
  constructor(capacity: number, timer: Timer) {
    this.#capacity = capacity;
    this.#timer = timer;
  }

  add(exchange: RecordedExchange): void {
    const id = ++this.#last;
    this.#exchanges.push(exchange);
    this.#bytes += costOf(exchange);
    while (this.#count > this.#capacity || this.#bytes > MOST_RECORDED_BYTES) this.#dropFirst();
    for (const waiter of this.#waiters) {
      if (!matches(waiter.query.filter, id, exchange)) continue;
      const found = this.#find(waiter.query);
      if (found.isComplete) waiter.answer(found);
    }
  }

  clear(): void {
    this.#exchanges = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  ask(query: RecorderQuery): Pending {
    const found = this.#find(query);
    if (found.isComplete || query.waitMs === 0) return { found: Promise.resolve(found), cancel: () => {} };
    if (this.#waiters.size >= MOST_WAITING) return { found: Promise.resolve(null), cancel: () => {} };
    const { promise, resolve } = Promise.withResolvers<Found | null>();
    const stop = this.#timer.start(query.waitMs, () => waiter.answer(this.#find(query)));
    const waiter: Waiter = {
      query,
      answer: (answer) => {
        stop();
        this.#waiters.delete(waiter);
        resolve(answer);
      },
    };
    this.#waiters.add(waiter);
    return { found: promise, cancel: () => waiter.answer(null) };
  }

  get #count(): number {
    return this.#exchanges.length - this.#first;
  }

  #find({ filter, count, most }: RecorderQuery): Found {
    const matching: NumberedExchange[] = [];
    for (let i = this.#first; i < this.#exchanges.length; i++) {
      const exchange = this.#exchanges[i]!;
      const id = this.#last - this.#exchanges.length + i + 1;
      if (matches(filter, id, exchange)) matching.push({ id, exchange });
    }
    return { exchanges: matching.slice(0, most), isComplete: matching.length >= count };
  }

  #dropFirst(): void {
    this.#bytes -= costOf(this.#exchanges[this.#first]!);
    this.#first += 1;
    if (this.#first < this.#capacity && this.#first < this.#exchanges.length) return;
    this.#exchanges = this.#exchanges.slice(this.#first);
    this.#first = 0;
  }
}

function matches({ path, method, status, since = 0 }: ExchangeFilter, id: number, exchange: RecordedExchange): boolean {
  return (
    id > since &&
    (method === undefined || exchange.method === method) &&
    (status === undefined || exchange.status === status) &&
    (path === undefined || fitsGlob(path, exchange.path))
  );
}

/** The memory that one exchange takes, about. */
export function costOf({ target, fieldLines, responseLines, body, responseBody }: RecordedExchange): number {
  const text = 2 * target.length + fieldLines.length + responseLines.length;
  return EXCHANGE_COST_BYTES + text + body.beginning.length + responseBody.beginning.length;
}
