// What a request's query asks an endpoint for: texts as they are, and numbers within bounds.

import type { HttpRequest } from "../http/message.ts";

/** Names and values of a form or a query in the order in which they were sent (the URL standard's form parser). */
export function parsePairs(text: string): URLSearchParams {
  // The constructor takes a question mark in front for the one of a URL.
  return new URLSearchParams("&" + text);
}

/** The arguments in the query of a request. Of one that is given twice the first counts. */
export class Arguments {
  readonly #pairs: URLSearchParams;

  constructor({ query }: HttpRequest) {
    this.#pairs = parsePairs(query);
  }

  /** Undefined when it is not there. */
  text(name: string): string | undefined {
    return this.#pairs.get(name) ?? undefined;
  }

  /** `preset` when it is not there or no whole number of at least `least`; `most` when it is above that. */
  count(name: string, preset: number, least: number, most: number): number {
    const text = this.text(name);
    const value = text === undefined ? null : parseCount(text);
    return value === null || value < least ? preset : Math.min(value, most);
  }

  /** Milliseconds, at most `mostMs`: seconds as a number, or a duration such as 250ms, 1.5s or 1m. */
  duration(name: string, presetMs: number, mostMs: number): number {
    const ms = parseDuration(this.text(name) ?? "");
    return ms === null ? presetMs : Math.min(ms, mostMs);
  }

  /** What the random choices of the answer are to begin with; null for a new one each time. */
  get seed(): bigint | null {
    const text = this.text("seed");
    return text !== undefined && /^-?\d{1,40}$/.test(text) ? BigInt(text) : null;
  }
}

/** A whole number in decimal digits; null for another text. What is past 2^53 is only known to be large. */
export function parseCount(text: string): number | null {
  return /^\d{1,40}$/.test(text) ? Number(text) : null;
}

const DURATION = /^(?<number>\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?<unit>ms|s|m)?$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a duration; without a unit they are seconds. Null when it is none. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const { number, unit = "s" } = match.groups!;
  return Number(number) * UNIT_MS[unit]!;
}
