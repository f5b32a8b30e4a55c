// The name of one request, by which its line in a log is found again: the client's or its proxy's own, or one made here.

import type { FieldSection } from "./field-section.ts";

/** What has no RFC, and is spelled so everywhere. */
export const REQUEST_ID_FIELD = "X-Request-Id";
/** The same in lower case. */
export const REQUEST_ID_NAME = REQUEST_ID_FIELD.toLowerCase();
/** Longer ones, and those that do not print, are not taken over. */
const FIT = /^[\x21-\x7e]{1,128}$/;
const RANDOM_BYTES = 9;

/** Gives names that no other process gives. They are no secrets: they count. */
export class RequestIds {
  /** All of a made name but the number that `next` gives. */
  readonly prefix = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)).toBase64({ alphabet: "base64url" }) + "-";
  #count = 0;

  /** The name that the request has already, that its fields say, or another one. */
  idOf(known: string, fields: Pick<FieldSection, "get">): string {
    return this.givenTo(known, fields) ?? `${this.prefix}${this.next()}`;
  }

  /** The name that the request has already or that its fields say; null where one is to be made. */
  givenTo(known: string, fields: Pick<FieldSection, "get">): string | null {
    if (known !== "") return known;
    const sent = fields.get(REQUEST_ID_NAME);
    return sent !== undefined && FIT.test(sent) ? sent : null;
  }

  /** The number of another name. */
  next(): number {
    this.#count += 1;
    return this.#count;
  }
}
