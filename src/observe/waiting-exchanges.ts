// Exchanges that are over and have no line yet. Worded one after the other, many cost half of what each costs alone
// between two requests, whose code takes the processor's caches.

import type { ExchangeRecord, NamedFields } from "./observer.ts";

/** A crowd: more in a row are not cheaper. */
const CROWD = 64;
const NONE: NamedFields = { get: () => undefined };

/** What is called with each: its time in whole milliseconds since the epoch, and those of its fields that have a use. */
export type Wording = (now: number, record: ExchangeRecord, fields: NamedFields) => void;

/** First in, first out. */
export class WaitingExchanges {
  readonly #fieldNames: readonly string[];
  readonly #records: ExchangeRecord[] = [];
  readonly #fields: NamedFields[] = [];

  /** `fieldNames`: lower-case names of the fields that lines tell. */
  constructor(fieldNames: readonly string[]) {
    this.#fieldNames = fieldNames;
  }

  /** There are so many that it is worth to begin. */
  get isCrowd(): boolean {
    return this.#records.length >= CROWD;
  }

  add(record: ExchangeRecord): void {
    this.#records.push(record);
    this.#fields.push(this.#kept(record.fields));
  }

  /** Gives all to `word`, which gives none back. */
  forEach(word: Wording): void {
    if (this.#records.length === 0) return;
    // The two clocks are asked once for all; whoever sets the one of the day does not turn the other.
    const epoch = Date.now() - performance.now();
    for (let i = 0; i < this.#records.length; i++) {
      const record = this.#records[i]!;
      word(Math.floor(epoch + record.endedAt), record, this.#fields[i]!);
    }
    this.#records.length = 0;
    this.#fields.length = 0;
  }

  /** The fields of a record are lent: their bytes are soon somebody else's. */
  #kept(fields: NamedFields): NamedFields {
    let kept: Map<string, string> | null = null;
    for (let i = 0; i < this.#fieldNames.length; i++) {
      const name = this.#fieldNames[i]!;
      const value = fields.get(name);
      if (value !== undefined) (kept ??= new Map()).set(name, value);
    }
    return kept ?? NONE;
  }
}
