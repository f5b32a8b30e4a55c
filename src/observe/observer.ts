// What the server tells about itself while it runs. The server calls, an observer keeps: no call here may throw, wait
// or change what a client gets.

import type { Refusal } from "../http/refusal.ts";

/** The header fields of a request, as far as a log may name them. */
export interface NamedFields {
  /** By its lower-case name, one byte per char; undefined when it is absent. */
  get(name: string): string | undefined;
}

/** One exchange that is over: answered, refused, or cut off on the way. There is one for each, whatever ended it. */
export interface ExchangeRecord {
  /**
   * Without a port, brackets or an IPv4-mapped prefix. Of the client that a trusted proxy names, otherwise of the peer;
   * what such a proxy keeps to itself has a word in its place.
   */
  readonly peerAddress: string;
  /** 0 where a proxy told none. */
  readonly peerPort: number;
  /** Empty when a message was refused before its request line was read; so is the target. */
  readonly method: string;
  /** As the client sent it, one char per byte. */
  readonly target: string;
  readonly minorVersion: number;
  /** The row of the route table, as the README spells it; empty when none was found, or none was looked for. */
  readonly route: string;
  /** Who asked, when authentication said so. */
  readonly user: string;
  /** Of the response that was begun; 0 when none was. */
  readonly status: number;
  /** Why it was refused, or cut off for another reason than the client's leaving. Null for most. */
  readonly refusal: Refusal | null;
  /** Which limit of the server itself refused the request, and what to do about it. */
  readonly ownLimit: string | null;
  /** Bytes of the request body that came, without framing. */
  readonly requestBytes: number;
  /** Bytes of the response body that the kernel took, without framing. */
  readonly bodyBytes: number;
  /** From the end of the request head to the head of the response: how long it took us. 0 when there was no response. */
  readonly answerMs: number;
  /** From the end of the request head to the last byte of the response that the kernel took. */
  readonly durationMs: number;
  /** When it was over, by `performance.now`. */
  readonly endedAt: number;
  /** The response ended before its last byte. */
  readonly cutOff: boolean;
  /** Of the request; valid during the call alone. */
  readonly fields: NamedFields;
  /** By which it is found again; empty when nobody gave it a name. */
  readonly requestId: string;
  /** A number of its connection, from 1 in each process; 0 where it never became one. */
  readonly connection: number;
  /** It came over TLS. */
  readonly secure: boolean;
}

/** Whoever wants to know of connections and what is exchanged on them. */
export interface ExchangeObserver {
  /**
   * False when only what was refused or met a limit of ours is of interest, and the rest need not be told. It may change
   * while the server runs.
   */
  readonly wantsAll: boolean;
  connected(address: string, port: number): void;
  exchange(record: ExchangeRecord): void;
  disconnected(address: string, port: number): void;
}

/** Whoever wants to know of the process. */
export interface ProcessNews {
  /** The server accepts connections at these URLs. */
  started(urls: readonly string[]): void;
  /** A fault of ours, not of a client. */
  fault(error: unknown): void;
  /** One sentence for the person who runs the server. */
  warning(line: string): void;
  /** The last call. */
  stopped(): void;
}

/** Whoever wants to know of both. */
export interface Observer extends ExchangeObserver, ProcessNews {}
