// The answers that several endpoints give.

import { MadeSource } from "../handlers/made-source.ts";
import { UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { type Printable, printJson } from "./json-text.ts";

/** An answer up to here is made at once. */
const WHOLE_CHARS = 64 * 1024;

/** JSON as httpbin sends it. `release` is called when it is on its way, or nobody wants it any more. */
export function jsonReply(value: Printable, status = 200, release: () => void = () => {}): HttpResponse {
  const pieces = printJson(value);
  const text = gather(pieces);
  if (text.length <= WHOLE_CHARS) {
    release();
    return described(new HttpResponse(status, `${text}\n`));
  }
  return described(new HttpResponse(status, new MadeSource(encode(text, pieces), UNKNOWN_LENGTH, release)));
}

function described(response: HttpResponse): HttpResponse {
  return response.append("Content-Type", "application/json");
}

/** The first pieces: all of them, or more than `WHOLE_CHARS`. */
function gather(pieces: Iterator<string>): string {
  let text = "";
  while (text.length <= WHOLE_CHARS) {
    const { done, value } = pieces.next();
    if (done === true) break;
    text += value;
  }
  return text;
}

function* encode(first: string, rest: Iterator<string>): Generator<Uint8Array> {
  for (let text = first; text !== ""; text = gather(rest)) yield Buffer.from(text, "latin1");
  yield Buffer.from("\n");
}

/** An answer without content, as httpbin gives many. */
export function empty(status: number): HttpResponse {
  return new HttpResponse(status, "");
}

/** The path has something where a number belongs, or a number out of bounds. */
export function noSuchPath(expected: string): HttpResponse {
  return plainText(`There is nothing here; the path takes ${expected}.\n`, 404);
}

/** The request asks for what cannot be. */
export function badRequest(line: string): HttpResponse {
  return plainText(`${line}\n`, 400);
}
