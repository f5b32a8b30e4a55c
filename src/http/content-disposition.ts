// The Content-Disposition field, both ways: how a file of ours is to be saved (RFC 6266), and which part of a form
// comes here (RFC 7578 4.2). No name, however odd, breaks out of its quotes.

import { decodeEncodedWords } from "./encoded-word.ts";
import { parseParameters } from "./field-syntax.ts";
import { BAD_DISPOSITION, BAD_FILENAME } from "./form-refusal.ts";
import type { Refusal } from "./refusal.ts";

/** What does not go into the fallback: other than visible ASCII and space, quote, backslash, "%" and "/". */
const NOT_FALLBACK = /[^ !#$&-.0-[\]-~]/gu;
/** What `encodeURIComponent` leaves although it is no `attr-char` (RFC 8187 3.2.1). */
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * The value of Content-Disposition that has a browser save a file under `name`: for old ones a name in ASCII, with
 * "_" for each character that might be misread (RFC 6266 4.3 and appendix D), for all others the name itself.
 */
export function attachment(name: string): string {
  // A lone surrogate has no UTF-8; it becomes U+FFFD.
  const wellFormed = name.toWellFormed();
  const fallback = wellFormed.replace(NOT_FALLBACK, "_");
  const extended = encodeURIComponent(wellFormed).replace(
    NOT_ATTR_CHAR,
    (char) => "%" + char.charCodeAt(0).toString(16).toUpperCase(),
  );
  return `attachment; filename="${fallback}"; filename*=UTF-8''${extended}`;
}

/** Which part of a form a Content-Disposition describes. */
export interface FormDisposition {
  readonly name: string;
  /** Undefined for a part that is no file; empty for a file input without a file. */
  readonly filename: string | undefined;
}

const FORM_DATA = /^form-data(?=[ \t;]|$)/i;

/** `filename*0`, `filename*0*`: a name in pieces (RFC 2231 3). */
const PIECE = /^filename\*\d/;

/**
 * Reads the Content-Disposition of a part of multipart/form-data; gives the refusal when it is malformed, is not
 * form-data, has no name, or has a file name that cannot be read for certain.
 */
export function parseFormDisposition(value: string): FormDisposition | Refusal {
  const type = FORM_DATA.exec(value);
  if (type === null) return BAD_DISPOSITION;
  const parameters = parseParameters(value.slice(type[0].length));
  const name = parameters?.get("name");
  if (parameters === null || name === undefined) return BAD_DISPOSITION;
  const filename = readFilename(parameters);
  if (filename === null) return BAD_FILENAME;
  return { name: decodeFormName(name), filename: filename === undefined ? filename : withoutClientFolders(filename) };
}

/**
 * Undefined when the part is no file; null when its name cannot be read. RFC 7578 4.2 forbids `filename*`; clients that
 * send it all the same put the better name there, as RFC 6266 4.3 has it.
 */
function readFilename(parameters: ReadonlyMap<string, string>): string | undefined | null {
  const plain = parameters.get("filename");
  const extended = parameters.get("filename*");
  const decoded = extended === undefined ? null : decodeExtendedValue(extended);
  if (decoded !== null && (decoded !== "" || plain === undefined)) return decoded;
  if ([...parameters.keys()].some((key) => PIECE.test(key))) return null;
  if (plain === undefined) return extended === undefined ? undefined : null;
  const words = decodeEncodedWords(plain);
  return words === plain ? decodeFormName(plain) : words;
}

/** A drive or a backslash before: old browsers, and programs like them, send where the file was on their machine. */
const CLIENT_PATH = /^(?:[A-Za-z]:[\\/]|\\)/;

function withoutClientFolders(filename: string): string {
  return CLIENT_PATH.test(filename) ? filename.replace(/^.*[\\/]/s, "") : filename;
}

/** Undoes what browsers escape in names; no other percent sign is an escape (HTML, multipart form data encoding). */
function decodeFormName(name: string): string {
  return name.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

/** `charset "'" [ language ] "'" value-chars` of RFC 8187 3.2.1. */
const EXTENDED_VALUE = /^utf-8'[0-9a-z-]*'(?<encoded>(?:[!#$&+.^_`|~0-9a-z-]|%[0-9a-f]{2})*)$/i;

/** Null when malformed, in another charset than UTF-8, or not UTF-8 after all. */
function decodeExtendedValue(value: string): string | null {
  const match = EXTENDED_VALUE.exec(value);
  if (match === null) return null;
  try {
    return decodeURIComponent(match.groups!["encoded"]!);
  } catch {
    return null;
  }
}
