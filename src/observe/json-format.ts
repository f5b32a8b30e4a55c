// The log for programs: each line is one JSON object of plain ASCII. Text from elsewhere is escaped as in the other formats
// (`\xNN` for each byte outside 0x20-0x7E and for the backslash), so it is harmless also when a program has decoded it.

import { RequestIds } from "../http/request-id.ts";
import type { LogFormat, NewsTag } from "./log-format.ts";
import { escapeBytes, escapeText, shorten } from "./log-line.ts";
import type { ExchangeRecord } from "./observer.ts";

/** Of a text in a log that processes share: twice as much, where all has to be quoted, still leaves room for the rest. */
interface Room {
  readonly target: number;
  readonly text: number;
}

const ANY_ROOM: Room = { target: Number.POSITIVE_INFINITY, text: Number.POSITIVE_INFINITY };
const LITTLE_ROOM: Room = { target: 640, text: 128 };
const MOST_SHARED_NEWS_CHARS = 1900;
const MOST_SHARED_LINE_CHARS = 4095;

const EVENTS: Readonly<Record<NewsTag, string>> = {
  "SERVER STARTED": "start",
  "SERVER STOPPED": "stop",
  WARNING: "warning",
  ERROR: "error",
};

const PROCESS = process.pid;
/** Clients whose part of a line is kept. */
const MOST_WHOS = 1024;

/** Of a line, what says who asked. */
interface Who {
  readonly connection: number;
  readonly address: string;
  readonly port: number;
  readonly text: string;
}

/** Of a line, what says which kind of request it was. */
interface What extends Pick<ExchangeRecord, "method" | "minorVersion" | "route" | "status"> {
  readonly text: string;
}

/** What the format has to know of its log. */
export interface JsonFormatOptions {
  readonly isShared: boolean;
  /** What was refused has a line of its own, since the others are not told. */
  readonly isQuiet: boolean;
  /** Connections have lines too. */
  readonly isVerbose: boolean;
}

/** `--log-format json`. */
export class JsonFormat implements LogFormat {
  readonly #options: JsonFormatOptions;
  readonly #ids = new RequestIds();
  #now = Number.NaN;
  #time = "";
  /** By the numbers of connections; the place of one may be another's next. */
  readonly #whos: (Who | undefined)[] = new Array<Who | undefined>(MOST_WHOS).fill(undefined);
  #lastWhat: What = { method: "", minorVersion: -1, route: "", status: 0, text: "" };

  constructor(options: JsonFormatOptions) {
    this.#options = options;
  }

  connected(now: number, address: string, port: number): string | null {
    return this.#connection(now, "connect", address, port);
  }

  disconnected(now: number, address: string, port: number): string | null {
    return this.#connection(now, "disconnect", address, port);
  }

  #connection(now: number, event: string, address: string, port: number): string | null {
    if (!this.#options.isVerbose) return null;
    return `${this.#begin(now, event)},"client":${quote(address)},"port":${port}}`;
  }

  exchange(now: number, record: ExchangeRecord): string {
    const line = this.#exchangeLine(now, record, ANY_ROOM);
    if (!this.#options.isShared || line.length <= MOST_SHARED_LINE_CHARS) return line;
    return this.#exchangeLine(now, record, LITTLE_ROOM);
  }

  refusal(now: number, record: ExchangeRecord): string | null {
    return this.#options.isQuiet ? this.exchange(now, record) : null;
  }

  news(now: number, tag: NewsTag, text: string): string {
    const told = this.#options.isShared ? shorten(text, MOST_SHARED_NEWS_CHARS) : text;
    return `${this.#begin(now, EVENTS[tag])},"text":${JSON.stringify(told)}}`;
  }

  #begin(now: number, event: string): string {
    if (now !== this.#now) {
      this.#now = now;
      this.#time = new Date(now).toISOString();
    }
    return `{"time":"${this.#time}","event":"${event}"`;
  }

  #exchangeLine(now: number, record: ExchangeRecord, room: Room): string {
    const { refusal, fields } = record;
    const text = (value: string): string => quoteBytes(value, room.text);
    const id = quoteBytes(this.#ids.idOf(record.requestId, fields), room.text);
    let line =
      `${this.#begin(now, "request")},"id":${id},${this.#whoOf(record)}${this.#whatOf(record, room)}` +
      `"target":${quoteBytes(record.target, room.target)},"bytes_in":${record.requestBytes},` +
      `"bytes_out":${record.bodyBytes},"answer_ms":${rounded(record.answerMs)},` +
      `"duration_ms":${rounded(record.durationMs)}`;
    const agent = fields.get("user-agent");
    const referer = fields.get("referer");
    if (record.user !== "") line += `,"user":${quote(shorten(escapeText(record.user), room.text))}`;
    if (refusal !== null) line += `,"refusal":"${refusal.name}"`;
    if (record.ownLimit !== null) line += `,"limit":${text(record.ownLimit)}`;
    if (record.cutOff) line += `,"cut_off":true`;
    if (referer !== undefined) line += `,"referer":${text(referer)}`;
    if (agent !== undefined) line += `,"agent":${text(agent)}`;
    return line + "}";
  }

  /** A connection has many requests. */
  #whoOf({ connection, secure, peerAddress, peerPort }: ExchangeRecord): string {
    const kept = this.#whos[connection % MOST_WHOS];
    if (kept?.connection === connection && kept.address === peerAddress && kept.port === peerPort) return kept.text;
    const text =
      `"process":${PROCESS},"connection":${connection},"secure":${secure},` +
      `"client":${quote(peerAddress)},"port":${peerPort},`;
    this.#whos[connection % MOST_WHOS] = { connection, address: peerAddress, port: peerPort, text };
    return text;
  }

  /** Requests come in crowds of the same kind. */
  #whatOf({ method, minorVersion, route, status }: ExchangeRecord, room: Room): string {
    const last = this.#lastWhat;
    const isSame =
      last.method === method && last.route === route && last.status === status && last.minorVersion === minorVersion;
    if (isSame && method.length <= room.text) return last.text;
    const text =
      `"method":${quoteBytes(method, room.text)},"version":"1.${minorVersion}",` +
      `"route":${quote(route)},"status":${status},`;
    // A long one is cut where there is little room, and only there.
    if (method.length <= LITTLE_ROOM.text) this.#lastWhat = { method, minorVersion, route, status, text };
    return text;
  }
}

const HARMLESS = /^[ !#-[\]-~]*$/;

/** One look is enough for nearly all that comes. */
function quoteBytes(bytes: string, most: number): string {
  if (bytes.length <= most && HARMLESS.test(bytes)) return `"${bytes}"`;
  return quote(shorten(escapeBytes(bytes), most));
}

const NEEDS_QUOTING = /["\\]/;

/** Of ASCII without control bytes. */
function quote(text: string): string {
  return NEEDS_QUOTING.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, i) => `.${String(i).padStart(3, "0")}`);

/** With its microseconds. A number is put together from whole ones: to print a fraction costs as much as a line. */
function rounded(ms: number): string {
  const micros = ms > 0 ? Math.round(ms * 1000) : 0;
  const rest = micros % 1000;
  return `${(micros - rest) / 1000}${THOUSANDTHS[rest]}`;
}
