// What the lines of one client have in common, made once for each connection.

import type { ExchangeRecord } from "./observer.ts";

/** Connections whose text is kept. */
const MOST_KEPT = 1024;

/** Of an exchange, what says who asked. */
export type Client = Pick<ExchangeRecord, "connection" | "secure" | "peerAddress" | "peerPort">;

interface Kept extends Client {
  readonly text: string;
  /** What stood behind it the last time, and both together. */
  tail: string;
  whole: string;
}

/** The texts that a format makes of clients. */
export class ClientTexts {
  readonly #make: (client: Client) => string;
  /** By the numbers of connections; the place of one may be another's next. */
  readonly #kept: (Kept | undefined)[] = new Array<Kept | undefined>(MOST_KEPT).fill(undefined);

  constructor(make: (client: Client) => string) {
    this.#make = make;
  }

  of(client: Client): string {
    return this.#keptOf(client).text;
  }

  /** The same with `tail` behind it, which is the same for most requests of a client. */
  before(tail: string, client: Client): string {
    const kept = this.#keptOf(client);
    if (kept.tail !== tail) {
      kept.tail = tail;
      kept.whole = kept.text + tail;
    }
    return kept.whole;
  }

  /** A proxy's connection has many clients: it is looked at whether it is the same one still. */
  #keptOf(client: Client): Kept {
    const { connection, secure, peerAddress, peerPort } = client;
    const kept = this.#kept[connection % MOST_KEPT];
    if (kept?.connection === connection && kept.peerAddress === peerAddress && kept.peerPort === peerPort) return kept;
    const text = this.#make(client);
    const made = { connection, secure, peerAddress, peerPort, text, tail: "", whole: text };
    this.#kept[connection % MOST_KEPT] = made;
    return made;
  }
}
