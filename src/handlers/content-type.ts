// The media type of a file by its name and, for a text, by whether it says its charset itself.

import { mediaType, withoutCharset } from "../http/media-type.ts";
import { DECLARATION_BYTES, declaresCharset } from "../http/text-charset.ts";
import type { OpenedFile } from "../storage/storage.ts";

const PLAIN_TEXT = "text/plain; charset=utf-8";
/** TypeScript, and pieces of video streams. */
const AMBIGUOUS = /\.[cm]?ts$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** What no text holds: the controls, but for tab, line ends, form feed and the escape of coloured logs. */
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/;

/** By the beginning of its content. */
export function contentTypeOf(name: string, head: Uint8Array): string {
  const type = mediaType(name);
  if (isUndecided(name)) return isText(head.subarray(0, DECLARATION_BYTES)) ? PLAIN_TEXT : type;
  return type.startsWith("text/") && declaresCharset(type, head) ? withoutCharset(type) : type;
}

/** Reads the beginning, where that decides. Rejects with `ContentChanged`. */
export async function readContentType(name: string, file: OpenedFile): Promise<string> {
  const type = mediaType(name);
  if (file.size === 0 || !(type.startsWith("text/") || isUndecided(name))) return type;
  const source = file.range(0, Math.min(file.size, DECLARATION_BYTES));
  try {
    const head = await source.read();
    return head === null ? type : contentTypeOf(name, head);
  } finally {
    source.close();
  }
}

/** The name alone does not say whether this is a text: it has no extension, or one of two meanings. */
export function isUndecided(name: string): boolean {
  return AMBIGUOUS.test(name) || name.lastIndexOf(".") <= 0;
}

/** Clean UTF-8 without controls, as far as it is there. A character may be cut where the beginning ends. */
export function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  try {
    return !CONTROLS.test(utf8.decode(head, { stream: head.length >= DECLARATION_BYTES }));
  } catch {
    return false;
  } finally {
    resetDecoder();
  }
}

/** What was cut must not begin the next text. */
function resetDecoder(): void {
  try {
    utf8.decode();
  } catch {
    // That was the cut character.
  }
}
