// The text of a file that people edit.

import { isUtf8 } from "node:buffer";

/** Some editors put it before everything; it belongs to no word. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Null for bytes that are no UTF-8. */
export function editedText(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString("utf8").replace(BYTE_ORDER_MARK, "") : null;
}
