// The log for programs: each line is one JSON object of plain ASCII. Text from elsewhere is escaped as in the other formats
// (`\xNN` for each byte outside 0x20-0x7E and for the backslash), so it is harmless also when a program has decoded it.

import { REQUEST_ID_NAME, RequestIds } from "../http/request-id.ts";
import { AsciiLine } from "./ascii-line.ts";
import { type Client, ClientTexts } from "./client-texts.ts";
import type { FinishedExchange, LogFormat, LogLine, NewsTag } from "./log-format.ts";
import { escapeBytes, escapeText, shortAddress, shorten } from "./log-line.ts";
import type { NamedFields } from "./observer.ts";

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

/** Of a line, what says which kind of request it was. */
interface What extends Pick<FinishedExchange, "method" | "minorVersion" | "route" | "status"> {
  readonly text: string;
}

/** Of a line, what says how much went in and out. */
interface Sizes {
  requestBytes: number;
  bodyBytes: number;
  text: string | null;
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
  readonly fieldNames = [REQUEST_ID_NAME, "referer", "user-agent"];
  readonly #options: JsonFormatOptions;
  readonly #ids = new RequestIds();
  readonly #line = new AsciiLine();
  #now = Number.NaN;
  #time = "";
  /** How the line of a request begins: up to its name, and up to the number of a name that is made here. */
  #beginGiven = "";
  #beginMade = "";
  readonly #clients = new ClientTexts(clientMembers);
  #lastWhat: What = { method: "", minorVersion: -1, route: "", status: 0, text: "" };
  readonly #lastSizes: Sizes = { requestBytes: -1, bodyBytes: -1, text: null };

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

  exchange(now: number, record: FinishedExchange, fields: NamedFields): LogLine {
    this.#write(now, record, fields, ANY_ROOM);
    if (this.#options.isShared && this.#line.length > MOST_SHARED_LINE_CHARS)
      this.#write(now, record, fields, LITTLE_ROOM);
    return this.#line;
  }

  refusal(now: number, record: FinishedExchange, fields: NamedFields): LogLine | null {
    return this.#options.isQuiet ? this.exchange(now, record, fields) : null;
  }

  news(now: number, tag: NewsTag, text: string): string {
    const told = this.#options.isShared ? shorten(text, MOST_SHARED_NEWS_CHARS) : text;
    return `${this.#begin(now, EVENTS[tag])},"text":${JSON.stringify(told)}}`;
  }

  #begin(now: number, event: string): string {
    this.#setTime(now);
    return `{"time":"${this.#time}","event":"${event}"`;
  }

  #setTime(now: number): void {
    if (now === this.#now) return;
    this.#now = now;
    this.#time = new Date(now).toISOString();
    this.#beginGiven = `{"time":"${this.#time}","event":"request","id":"`;
    this.#beginMade = this.#beginGiven + this.#ids.prefix;
  }

  /** The line of an exchange; what most have comes first. */
  #write(now: number, record: FinishedExchange, fields: NamedFields, room: Room): void {
    const line = this.#line;
    line.clear();
    this.#setTime(now);
    this.#writeBegin(record, fields, room);
    line.text(this.#clients.before(this.#whatOf(record, room), record));
    this.#writeBytes(record.target, room.target);
    this.#writeSizes(record);
    line.milliseconds(record.answerMs, 3);
    line.text(`,"duration_ms":`);
    line.milliseconds(record.durationMs, 3);
    this.#writeRest(record, fields, room);
    line.text("}");
  }

  /** All up to the quotation mark behind the name. */
  #writeBegin({ requestId }: FinishedExchange, fields: NamedFields, room: Room): void {
    const given = this.#ids.givenTo(requestId, fields);
    if (given === null) {
      this.#line.text(this.#beginMade);
      this.#line.whole(this.#ids.next());
    } else {
      this.#line.text(this.#beginGiven);
      this.#writeBytes(given, room.text);
    }
  }

  /** Text from elsewhere, without its quotation marks: as it is, or with what `quoteBytes` makes of it. */
  #writeBytes(bytes: string, most: number): void {
    if (bytes.length <= most && HARMLESS.test(bytes)) this.#line.text(bytes);
    else this.#line.text(quoteBytes(bytes, most).slice(1, -1));
  }

  /** What few have. */
  #writeRest({ user, refusal, ownLimit, cutOff }: FinishedExchange, fields: NamedFields, room: Room): void {
    const line = this.#line;
    if (user !== "") line.text(`,"user":${quote(shorten(escapeText(user), room.text))}`);
    if (refusal !== null) line.text(`,"refusal":"${refusal.name}"`);
    if (ownLimit !== null) this.#writeMember(`,"limit":"`, ownLimit, room);
    if (cutOff) line.text(`,"cut_off":true`);
    const referer = fields.get("referer");
    const agent = fields.get("user-agent");
    if (referer !== undefined) this.#writeMember(`,"referer":"`, referer, room);
    if (agent !== undefined) this.#writeMember(`,"agent":"`, agent, room);
  }

  /** From the quotation mark behind the target to the first of the times. A text is made of sizes that come again. */
  #writeSizes({ requestBytes, bodyBytes }: FinishedExchange): void {
    const line = this.#line;
    const last = this.#lastSizes;
    if (last.requestBytes === requestBytes && last.bodyBytes === bodyBytes) {
      last.text ??= `","bytes_in":${requestBytes},"bytes_out":${bodyBytes},"answer_ms":`;
      return line.text(last.text);
    }
    last.requestBytes = requestBytes;
    last.bodyBytes = bodyBytes;
    last.text = null;
    line.text(`","bytes_in":`);
    line.whole(requestBytes);
    line.text(`,"bytes_out":`);
    line.whole(bodyBytes);
    line.text(`,"answer_ms":`);
  }

  #writeMember(begin: string, bytes: string, room: Room): void {
    this.#line.text(begin);
    this.#writeBytes(bytes, room.text);
    this.#line.text(`"`);
  }

  /** Requests come in crowds of the same kind. */
  #whatOf({ method, minorVersion, route, status }: FinishedExchange, room: Room): string {
    const last = this.#lastWhat;
    const isSame =
      last.method === method && last.route === route && last.status === status && last.minorVersion === minorVersion;
    if (isSame && method.length <= room.text) return last.text;
    const text =
      `,"method":${quoteBytes(method, room.text)},"version":"1.${minorVersion}",` +
      `"route":${quote(route)},"status":${status},"target":"`;
    // A long one is cut where there is little room, and only there.
    if (method.length <= LITTLE_ROOM.text) this.#lastWhat = { method, minorVersion, route, status, text };
    return text;
  }
}

/** From the quotation mark behind the name of a request to what the client asked. */
function clientMembers({ connection, secure, peerAddress, peerPort }: Client): string {
  return (
    `","process":${PROCESS},"connection":${connection},"secure":${secure},` +
    `"client":${quote(shortAddress(peerAddress))},"port":${peerPort}`
  );
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
