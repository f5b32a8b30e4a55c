// The log for people: one line for what happened, with the tags of the reference server.

import type { LogFormat, NewsTag } from "./log-format.ts";
import {
  escapeBytes,
  escapeText,
  formatClient,
  formatMilliseconds,
  formatPeer,
  shorten,
  TimeStamp,
} from "./log-line.ts";
import type { ExchangeRecord } from "./observer.ts";

/** Of a request's line in a shared log, so that what was answered has its place behind it. */
const MOST_TARGET_CHARS = 3072;
const MOST_METHOD_CHARS = 64;

/** `--log-format text`. */
export class TextFormat implements LogFormat {
  readonly #isShared: boolean;
  readonly #stamp = new TimeStamp();

  /** `isShared`: other processes write to the same place, and lines must stay short. */
  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  connected(now: number, address: string, port: number): string {
    return this.#line(now, "CONNECTED", formatPeer(address, port));
  }

  disconnected(now: number, address: string, port: number): string {
    return this.#line(now, "DISCONNECTED", formatPeer(address, port));
  }

  /** A message that got its refusal has the line of that alone, and so has one of which nothing can be told. */
  exchange(now: number, record: ExchangeRecord): string | null {
    if (record.refusal !== null && (!record.cutOff || record.target === "")) return null;
    const peer = formatClient(record.peerAddress, record.peerPort);
    const request = `${this.#requestOf(record)} HTTP/1.${record.minorVersion}`;
    const reply = `${record.status} ${record.bodyBytes} B ${formatMilliseconds(record.durationMs)} ms`;
    return this.#line(now, `RECEIVED from ${peer}`, `${request} -> ${reply}${record.cutOff ? " (cut off)" : ""}`);
  }

  refusal(now: number, record: ExchangeRecord): string | null {
    const { refusal } = record;
    if (refusal === null) return null;
    const peer = formatClient(record.peerAddress, record.peerPort);
    const reason = `${peer} ${refusal.status} ${refusal.name} ${escapeText(refusal.reason)}`;
    // What cannot be told of a request is left out, and nothing stands in its place.
    const request = record.target === "" ? "" : ` (${this.#requestOf(record)})`;
    return this.#line(now, "ERROR", reason + request);
  }

  news(now: number, tag: NewsTag, text: string): string {
    return this.#line(now, tag, text);
  }

  #requestOf(record: ExchangeRecord): string {
    const [method, target] = [escapeBytes(record.method), escapeBytes(record.target)];
    if (!this.#isShared) return `${method} ${target}`;
    return `${shorten(method, MOST_METHOD_CHARS)} ${shorten(target, MOST_TARGET_CHARS)}`;
  }

  #line(now: number, tag: string, text: string): string {
    return `${this.#stamp.at(now)} [${tag}] ${text}`;
  }
}
