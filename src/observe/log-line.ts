// The parts of a log line: time stamp, peer, and text from elsewhere made harmless. One line is one line whatever a client
// sends, and nothing in it can steer a terminal.

import { formatAuthority } from "../http/authority.ts";

const UNSAFE = /[^\x20-\x5b\x5d-\x7e]/;
const EVERY_UNSAFE = /[^\x20-\x5b\x5d-\x7e]/g;

/** One char per byte in; the backslash and every byte outside 0x20-0x7E come out as `\xNN`. */
export function escapeBytes(bytes: string): string {
  return UNSAFE.test(bytes) ? bytes.replace(EVERY_UNSAFE, escapeByte) : bytes;
}

/** The same for text of our own, whose bytes are its UTF-8 form. */
export function escapeText(text: string): string {
  return UNSAFE.test(text) ? escapeBytes(Buffer.from(text, "utf8").toString("latin1")) : text;
}

/**
 * `127.0.0.1:4221`, `[::1]:4221`; the address alone where there is no port, as of a unix socket, or a proxy told none;
 * "unknown" for a peer that left before its address could be asked for.
 */
export function formatPeer(address: string, port: number): string {
  if (address === "") return "unknown";
  return port === 0 ? shortAddress(address) : formatAuthority(shortAddress(address), port);
}

/** Of who asked: addresses are shorter, but a proxy may have a word of its own in their place. */
const MOST_ADDRESS_CHARS = 128;

/** Cut where it would leave no room in a line for what was asked and answered. */
export function shortAddress(address: string): string {
  return shorten(address, MOST_ADDRESS_CHARS);
}

/** Stands where the rest of a text is missing. */
export const CUT_MARK = "...";

/** At most so many chars, the mark of the cut among them. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most - CUT_MARK.length) + CUT_MARK;
}

/** Local time as `YYYY-MM-DD HH:MM:SS,mmm`. Formats once a second and joins once a millisecond: lines come in crowds. */
export class TimeStamp {
  #now = Number.NaN;
  #second = Number.NaN;
  #formattedSecond = "";
  #stamp = "";

  /** `now` in whole milliseconds since the epoch. */
  at(now: number): string {
    if (now === this.#now) return this.#stamp;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#formattedSecond = formatSecond(new Date(now));
    }
    this.#now = now;
    this.#stamp = `${this.#formattedSecond},${padded(now - second * 1000, 3)}`;
    return this.#stamp;
  }
}

function formatSecond(date: Date): string {
  const day = `${padded(date.getFullYear(), 4)}-${padded(date.getMonth() + 1, 2)}-${padded(date.getDate(), 2)}`;
  return `${day} ${padded(date.getHours(), 2)}:${padded(date.getMinutes(), 2)}:${padded(date.getSeconds(), 2)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

function escapeByte(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
