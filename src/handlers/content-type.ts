// The media type of a file by its name and, for a text, by whether it says its charset itself.

import { mediaType, withoutCharset } from "../http/media-type.ts";
import { DECLARATION_BYTES, declaresCharset } from "../http/text-charset.ts";
import type { OpenedFile } from "../storage/storage.ts";

/** By the beginning of its content. */
export function contentTypeOf(name: string, head: Uint8Array): string {
  const type = mediaType(name);
  return type.startsWith("text/") && declaresCharset(type, head) ? withoutCharset(type) : type;
}

/** Reads the beginning, where that decides. Rejects with `ContentChanged`. */
export async function readContentType(name: string, file: OpenedFile): Promise<string> {
  const type = mediaType(name);
  if (!type.startsWith("text/") || file.size === 0) return type;
  const source = file.range(0, Math.min(file.size, DECLARATION_BYTES));
  try {
    const head = await source.read();
    return head === null ? type : contentTypeOf(name, head);
  } finally {
    source.close();
  }
}
