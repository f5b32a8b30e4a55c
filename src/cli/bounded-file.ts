// What an open file holds, if it is not too much: a mistaken path may name anything.

import { readSync } from "node:fs";

/** From where it stands, up to one byte more than `most`: who gets that has not all of it. Throws the system's error. */
export function readBounded(file: number, most: number): Buffer {
  const bytes = Buffer.allocUnsafe(most + 1);
  let length = 0;
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = readSync(file, bytes, length, bytes.length - length, null);
  }
  return bytes.subarray(0, length);
}
