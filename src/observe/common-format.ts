// The logs of Apache and nginx, for the programs that read those: one line for each exchange, and nothing else.

import type { FinishedExchange, LogFormat } from "./log-format.ts";
import { shortAddress, shorten } from "./log-line.ts";
import type { NamedFields } from "./observer.ts";

/** What nginx says where a client left before it had an answer. */
const CLIENT_LEFT = 499;
const MOST_SHARED_CHARS = { method: 64, target: 2400, user: 128, field: 600 };
const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const EVERY_UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `--log-format common` and, with the two fields behind it, `combined`. */
export class CommonFormat implements LogFormat {
  readonly fieldNames: readonly string[];
  readonly #isCombined: boolean;
  readonly #isShared: boolean;
  readonly #time = new ClockTime();

  /** `isShared`: other processes write to the same place, and lines must stay short. */
  constructor(isCombined: boolean, isShared: boolean) {
    this.fieldNames = isCombined ? ["referer", "user-agent"] : [];
    this.#isCombined = isCombined;
    this.#isShared = isShared;
  }

  connected(): null {
    return null;
  }

  disconnected(): null {
    return null;
  }

  exchange(now: number, record: FinishedExchange, fields: NamedFields): string {
    const user = record.user === "" ? "-" : this.#text(record.user, "user").replaceAll(" ", "\\x20");
    const status = record.status || record.refusal?.status || CLIENT_LEFT;
    const line =
      `${shortAddress(record.peerAddress) || "-"} - ${user} [${this.#time.at(now)}] ` +
      `"${this.#requestOf(record)}" ${status} ${record.bodyBytes}`;
    if (!this.#isCombined) return line;
    return `${line} "${this.#field(fields, "referer")}" "${this.#field(fields, "user-agent")}"`;
  }

  /** The line of the exchange has its status; a quiet log has nothing to say here. */
  refusal(): null {
    return null;
  }

  /** There is no place for it in such a log. */
  news(): null {
    return null;
  }

  #requestOf(record: FinishedExchange): string {
    if (record.target === "") return "-";
    return `${this.#text(record.method, "method")} ${this.#text(record.target, "target")} HTTP/1.${record.minorVersion}`;
  }

  #field(fields: NamedFields, name: string): string {
    return this.#text(fields.get(name) || "-", "field");
  }

  #text(text: string, kind: keyof typeof MOST_SHARED_CHARS): string {
    const escaped = UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, escapeByte) : text;
    return this.#isShared ? shorten(escaped, MOST_SHARED_CHARS[kind]) : escaped;
  }
}

/** As nginx does it; a reader that knows no escapes still finds the end of the text. */
function escapeByte(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Local time as `10/Oct/2000:13:55:36 -0700`. */
class ClockTime {
  #second = Number.NaN;
  #text = "";

  at(now: number): string {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = formatTime(new Date(now));
    }
    return this.#text;
  }
}

function formatTime(date: Date): string {
  const day = `${padded(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
  const time = `${padded(date.getHours())}:${padded(date.getMinutes())}:${padded(date.getSeconds())}`;
  const east = -date.getTimezoneOffset();
  const zone = `${padded(Math.floor(Math.abs(east) / 60))}${padded(Math.abs(east) % 60)}`;
  return `${day}:${time} ${east < 0 ? "-" : "+"}${zone}`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
