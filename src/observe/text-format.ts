// The log for people: one line for what happened, with the tags of the reference server.

import { AsciiLine } from "./ascii-line.ts";
import { ClientTexts } from "./client-texts.ts";
import type { FinishedExchange, LogFormat, LogLine, NewsTag } from "./log-format.ts";
import { escapeBytes, escapeText, formatPeer, shorten, TimeStamp } from "./log-line.ts";

/** Of a request's line in a shared log, so that what was answered has its place behind it. */
const MOST_TARGET_CHARS = 3072;
const MOST_METHOD_CHARS = 64;

/** How a line looks. */
export interface TextFormatOptions {
  /** Other processes write to the same place, and lines must stay short. */
  readonly isShared: boolean;
  /** Connections have lines of their own. */
  readonly tellsConnections: boolean;
  /** For a terminal that shows colours (ECMA-48 8.3.117). */
  readonly isColoured: boolean;
}

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Colour = keyof typeof COLOURS;
const TAG_COLOURS: Readonly<Record<string, Colour>> = { ERROR: "red", WARNING: "yellow" };

/** `--log-format text`. */
export class TextFormat implements LogFormat {
  readonly fieldNames = [];
  readonly #isShared: boolean;
  readonly #tellsConnections: boolean;
  readonly #isColoured: boolean;
  readonly #stamp = new TimeStamp();
  readonly #exchangeLine = new AsciiLine();
  readonly #clients = new ClientTexts(
    ({ peerAddress, peerPort }) => ` [RECEIVED from ${formatPeer(peerAddress, peerPort)}] `,
  );

  constructor({ isShared, tellsConnections, isColoured }: TextFormatOptions) {
    this.#isShared = isShared;
    this.#tellsConnections = tellsConnections;
    this.#isColoured = isColoured;
  }

  connected(now: number, address: string, port: number): string | null {
    if (!this.#tellsConnections) return null;
    return this.#line(now, "CONNECTED", formatPeer(address, port));
  }

  disconnected(now: number, address: string, port: number): string | null {
    if (!this.#tellsConnections) return null;
    return this.#line(now, "DISCONNECTED", formatPeer(address, port));
  }

  /** A message that got its refusal has the line of that alone, and so has one of which nothing can be told. */
  exchange(now: number, record: FinishedExchange): LogLine | null {
    if (record.refusal !== null && (!record.cutOff || record.target === "")) return null;
    const line = this.#exchangeLine;
    line.clear();
    line.text(this.#stamp.at(now));
    line.text(this.#clients.of(record));
    this.#writeRequest(record);
    this.#writeReply(record);
    return line;
  }

  #writeRequest(record: FinishedExchange): void {
    const line = this.#exchangeLine;
    line.text(this.#methodOf(record));
    line.text(" ");
    line.text(this.#targetOf(record));
    line.text(" HTTP/1.");
    line.whole(record.minorVersion);
    line.text(" -> ");
  }

  #writeReply({ status, bodyBytes, durationMs, cutOff }: FinishedExchange): void {
    const line = this.#exchangeLine;
    if (this.#isColoured) line.text(paint(String(status), colourOf(status)));
    else line.whole(status);
    line.text(" ");
    line.whole(bodyBytes);
    line.text(" B ");
    line.milliseconds(durationMs, 1);
    line.text(cutOff ? " ms (cut off)" : " ms");
  }

  refusal(now: number, record: FinishedExchange): string | null {
    const { refusal } = record;
    if (refusal === null) return null;
    const peer = formatPeer(record.peerAddress, record.peerPort);
    const status = this.#paint(String(refusal.status), colourOf(refusal.status));
    const reason = `${peer} ${status} ${refusal.name} ${escapeText(refusal.reason)}`;
    // What cannot be told of a request is left out, and nothing stands in its place.
    const request = record.target === "" ? "" : ` (${this.#requestOf(record)})`;
    return this.#line(now, "ERROR", reason + request);
  }

  news(now: number, tag: NewsTag, text: string): string {
    return this.#line(now, tag, text);
  }

  #requestOf(record: FinishedExchange): string {
    return `${this.#methodOf(record)} ${this.#targetOf(record)}`;
  }

  #methodOf({ method }: FinishedExchange): string {
    const escaped = escapeBytes(method);
    return this.#isShared ? shorten(escaped, MOST_METHOD_CHARS) : escaped;
  }

  #targetOf({ target }: FinishedExchange): string {
    const escaped = escapeBytes(target);
    return this.#isShared ? shorten(escaped, MOST_TARGET_CHARS) : escaped;
  }

  #paint(text: string, colour: Colour | null): string {
    return this.#isColoured ? paint(text, colour) : text;
  }

  #line(now: number, tag: string, text: string): string {
    return `${this.#stamp.at(now)} [${this.#paint(tag, TAG_COLOURS[tag] ?? null)}] ${text}`;
  }
}

function paint(text: string, colour: Colour | null): string {
  return colour === null ? text : `\x1b[${COLOURS[colour]}m${text}\x1b[39m`;
}

/** By the class of a status. */
function colourOf(status: number): Colour | null {
  if (status >= 500) return "red";
  if (status >= 400) return "yellow";
  if (status >= 300) return "cyan";
  return status >= 200 ? "green" : null;
}
