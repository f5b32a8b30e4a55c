// Other names for a file whose own is taken: "name (1).txt".

import { extname } from "node:path";

/** NAME_MAX of the common file systems, in bytes. */
export const MOST_NAME_BYTES = 255;
/** What is longer behind the last dot is no extension. */
const MOST_EXTENSION_BYTES = 32;
/** Numbers tried before the mark. */
const MOST_NUMBERED = 100;

/**
 * The names to try for a new file, its own first. The last bears a mark that no other file has: whoever knows it finds
 * the same names again. None is longer than file systems allow.
 */
export function* candidateNames(base: string, mark: string): Generator<string> {
  yield base;
  for (let i = 1; i <= MOST_NUMBERED; i++) yield marked(base, String(i));
  yield marked(base, mark);
}

function marked(base: string, mark: string): string {
  const found = extname(base);
  const extension = Buffer.byteLength(found) > MOST_EXTENSION_BYTES ? "" : found;
  const ending = ` (${mark})${extension}`;
  const room = MOST_NAME_BYTES - Buffer.byteLength(ending);
  // By whole characters: half of one is no UTF-8.
  const characters = [...base.slice(0, base.length - extension.length)];
  while (Buffer.byteLength(characters.join("")) > room) characters.pop();
  return characters.join("") + ending;
}
