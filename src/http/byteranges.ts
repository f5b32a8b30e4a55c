// The body of several ranges of a representation, multipart/byteranges (RFC 9110 14.6).

import { type ByteRange, contentRange } from "./range.ts";

/** All bytes of a multipart/byteranges body but the ranges themselves. */
export interface ByterangesFrame {
  /** What goes before each range, in their order. */
  readonly heads: readonly Uint8Array[];
  /** What goes behind the last range. */
  readonly closing: Uint8Array;
  /** Bytes of the whole body, the ranges included. */
  readonly length: number;
}

/** The value of Content-Type for a body of several ranges. */
export function byterangesType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}

/**
 * Frames ranges of a representation of `size` bytes and this media type. The boundary is a token of at most 70 chars
 * that does not occur in the representation: a random one.
 */
export function frameByteranges(
  boundary: string,
  type: string,
  ranges: readonly ByteRange[],
  size: number,
): ByterangesFrame {
  const encoder = new TextEncoder();
  // The first too has a line end before it, as of an empty preamble (RFC 2046 5.1.1): zsync reads away a line there.
  const heads = ranges.map((range) => {
    const fields = `Content-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n`;
    return encoder.encode(`\r\n--${boundary}\r\n${fields}\r\n`);
  });
  const closing = encoder.encode(`\r\n--${boundary}--\r\n`);
  let length = closing.length;
  for (const head of heads) length += head.length;
  for (const range of ranges) length += range.length;
  return { heads, closing, length };
}
