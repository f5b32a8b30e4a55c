// When the bytes of a connection came: how old it is, how many requests it had, and the reads that one of them came in.

import type { Peer } from "../http/message.ts";

/** A piece of a request, and when its read came, by `performance.now`. */
export interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

/** Bytes of a connection up to `end`, from where the read before ended. */
interface Read {
  readonly at: number;
  readonly end: number;
}

/** Of more reads than these the oldest are forgotten: what they brought counts to the first that is known. */
const MOST_READS = 256;

const logs = new WeakMap<Peer, ConnectionLog>();

/** What is known of a client's connection; undefined when nobody has kept a log of it. */
export function logOf(peer: Peer): ConnectionLog | undefined {
  return logs.get(peer);
}

/** One for each connection, from its opening on; bounded, and gone with it. */
export class ConnectionLog {
  /** By `performance.now`. */
  readonly openedAt = performance.now();
  /** How many have begun. */
  requests = 0;
  /** Bytes that came. */
  received = 0;
  readonly #reads: Read[] = [];

  constructor(peer: Peer) {
    logs.set(peer, this);
  }

  /** A read of so many bytes came. */
  note(count: number): void {
    this.received += count;
    this.#reads.push({ at: performance.now(), end: this.received });
    if (this.#reads.length > MOST_READS) this.#reads.shift();
  }

  /** Nobody asks any more about bytes before this one. */
  forget(before: number): void {
    while (this.#reads.length > 0 && this.#reads[0]!.end <= before) this.#reads.shift();
  }

  /** In which pieces the bytes from `begin` up to `end` came, counted from the first of the connection. */
  arrivals(begin: number, end: number): readonly Arrival[] {
    const arrivals: Arrival[] = [];
    let at = begin;
    for (const read of this.#reads) {
      if (read.end <= at) continue;
      const next = Math.min(read.end, end);
      arrivals.push({ at: read.at, bytes: next - at });
      at = next;
      if (at === end) break;
    }
    return arrivals;
  }
}
