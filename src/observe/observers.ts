// Several observers as one: each hears of all that any of them wants to know, and none can keep anything from another.

import type { ExchangeObserver, ExchangeRecord, Observer, ProcessNews } from "./observer.ts";

/** Tells each in their order. */
export class Observers implements Observer {
  readonly #exchanges: readonly ExchangeObserver[];
  readonly #news: readonly ProcessNews[];

  constructor(exchanges: readonly ExchangeObserver[], news: readonly ProcessNews[]) {
    this.#exchanges = exchanges;
    this.#news = news;
  }

  /** True when one of them wants all. */
  get wantsAll(): boolean {
    // By index: it is asked several times for each request.
    for (let i = 0; i < this.#exchanges.length; i++) if (this.#exchanges[i]!.wantsAll) return true;
    return false;
  }

  connected(address: string, port: number): void {
    for (const observer of this.#exchanges) observer.connected(address, port);
  }

  exchange(record: ExchangeRecord): void {
    for (let i = 0; i < this.#exchanges.length; i++) this.#exchanges[i]!.exchange(record);
  }

  disconnected(address: string, port: number): void {
    for (const observer of this.#exchanges) observer.disconnected(address, port);
  }

  started(urls: readonly string[]): void {
    for (const news of this.#news) news.started(urls);
  }

  fault(error: unknown): void {
    for (const news of this.#news) news.fault(error);
  }

  warning(line: string): void {
    for (const news of this.#news) news.warning(line);
  }

  stopped(): void {
    for (const news of this.#news) news.stopped();
  }
}
