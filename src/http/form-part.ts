// Reads the head of one part of a form: its name, perhaps the name of a file, and a media type (RFC 7578 4). What it
// cannot read without guessing is refused.

import { parseFormDisposition } from "./content-disposition.ts";
import { trimBlanks } from "./field-syntax.ts";
import { BAD_PART_HEAD, BAD_PART_TEXT, ENCODED_PART, NESTED_FORM } from "./form-refusal.ts";
import type { Refusal } from "./refusal.ts";

/** A part begins. */
export interface PartBegin {
  readonly kind: "part-begin";
  readonly name: string;
  /** As the client named the file, folders and all: nothing is safe about it. Empty for a file input without a file. */
  readonly filename: string | undefined;
  /** As sent; text/plain when it is not (RFC 7578 4.4). */
  readonly contentType: string;
}

/** A `field-line` of RFC 9112 5, its value in any script. */
const FIELD_LINE = /^(?<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+):(?<value>[^\x00-\x08\x0a-\x1f\x7f]*)$/;
/** These say that the bytes are as they are (RFC 2045 6.2); RFC 7578 4.7 has done away with the field. */
const IDENTITY_ENCODING = /^(?:7bit|8bit|binary)$/i;

/** The fields of a part that count; all others are ignored (RFC 7578 4.8). */
const DISPOSITION = "content-disposition";
const TYPE = "content-type";
const ENCODING = "content-transfer-encoding";

/** A line that goes on in the next one: obsolete in HTTP, but a part's head is MIME's (RFC 5322 2.2.3). */
const FOLD = /\r\n(?=[ \t])/g;
/** Forms inside of a form are how RFC 2388 4.2 sent several files; nobody reads them any more. */
const MULTIPART = /^multipart\//i;

/** Reads the lines of a part's head, each with its line end, without the empty one behind them. */
export function parsePartHead(bytes: Uint8Array): PartBegin | Refusal {
  const text = decodeUtf8(bytes);
  if (text === null) return BAD_PART_TEXT;
  const fields = new Map<string, string>();
  for (const line of text.replace(FOLD, "").split("\r\n").slice(0, -1)) {
    const match = FIELD_LINE.exec(line);
    if (match === null) return BAD_PART_HEAD;
    const name = match.groups!["name"]!.toLowerCase();
    if (name !== DISPOSITION && name !== TYPE && name !== ENCODING) continue;
    if (fields.has(name)) return BAD_PART_HEAD;
    fields.set(name, trimBlanks(match.groups!["value"]!));
  }
  const disposition = parseFormDisposition(fields.get(DISPOSITION) ?? "");
  if ("status" in disposition) return disposition;
  if (!IDENTITY_ENCODING.test(fields.get(ENCODING) ?? "binary")) return ENCODED_PART;
  const contentType = fields.get(TYPE) ?? "text/plain";
  if (disposition.filename === undefined && MULTIPART.test(contentType)) return NESTED_FORM;
  return { kind: "part-begin", ...disposition, contentType };
}

/** Null when the bytes are not UTF-8. A byte order mark stays, as part of the text. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
