// Counts by keys, of which there may be any number: memory is bounded.

/** The key that was asked for longest ago is forgotten first, and begins anew. */
const MOST_KEYS = 10_000;

/** A longer key is known by its digest: clients choose how long. */
const MOST_KEY_CHARS = 100;

function shortened(key: string): string {
  return key.length <= MOST_KEY_CHARS ? key : new Bun.CryptoHasher("sha256").update(key).digest("latin1");
}

/** One for all who count together. */
export class KeyCounts {
  readonly #counts = new Map<string, number>();

  /** Counts once more; gives how often that was. */
  next(longKey: string): number {
    const key = shortened(longKey);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > MOST_KEYS) this.#counts.delete(this.#counts.keys().next().value!);
    return count;
  }

  clear(): void {
    this.#counts.clear();
  }
}

/** Asks for the counts of another process. */
export class RemoteCounts {
  readonly #ask: (id: number, key: string) => void;
  readonly #waiting = new Map<number, (count: number) => void>();
  #lastId = 0;

  constructor(ask: (id: number, key: string) => void) {
    this.#ask = ask;
  }

  next(key: string): Promise<number> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting.set(id, resolve);
    this.#ask(id, shortened(key));
    return promise;
  }

  /** Takes an answer. */
  receive(id: number, count: number): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(count);
  }
}
