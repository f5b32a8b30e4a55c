// Writes ASN.1 in its distinguished encoding (X.690), as far as a certificate needs it: each function gives one whole
// element, made of whole elements.

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** Added to the number of a context's own tag. */
const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

/** Lengths below this are one byte. */
const LONG_LENGTH = 0x80;
const TRUE = 0xff;
/** The first year that UTCTime cannot tell from one a century before (RFC 5280 4.1.2.5). */
const FIRST_GENERALIZED_YEAR = 2050;

/** One whole element. */
export type Der = Buffer;

/** A sequence of elements. */
export function sequence(...elements: readonly Der[]): Der {
  return element(SEQUENCE, Buffer.concat(elements));
}

/** A set of one element: of more, the order would matter. */
export function setOf(member: Der): Der {
  return element(SET, member);
}

/** What is true; what is false is left out where it is the default. */
export function booleanTrue(): Der {
  return element(BOOLEAN, Buffer.of(TRUE));
}

/** A number that is not negative, from its bytes in network order. */
export function integer(bytes: Uint8Array): Der {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  // The first bit is the sign.
  return element(INTEGER, digits[0]! < LONG_LENGTH ? digits : Buffer.concat([Buffer.of(0), digits]));
}

/** Whole bytes as a string of bits. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return element(BIT_STRING, Buffer.concat([Buffer.of(unusedBits), bytes]));
}

/** Bytes as they are, such as an element inside an extension. */
export function octetString(bytes: Uint8Array): Der {
  return element(OCTET_STRING, bytes);
}

/** Text for people. */
export function utf8String(text: string): Der {
  return element(UTF8_STRING, Buffer.from(text));
}

/** An identifier such as "1.2.840.10045.4.3.2" (X.690 8.19). */
export function objectIdentifier(dotted: string): Der {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  return element(OBJECT_IDENTIFIER, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

/** A time in whole seconds, in the form that its year demands. */
export function time(date: Date): Der {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  const isShort = date.getUTCFullYear() < FIRST_GENERALIZED_YEAR;
  return element(isShort ? UTC_TIME : GENERALIZED_TIME, Buffer.from(isShort ? digits.slice(2) : digits));
}

/** An element under a tag of the context, whole ("explicit"). */
export function tagged(tag: number, inner: Der): Der {
  return element(CONTEXT + CONSTRUCTED + tag, inner);
}

/** Content whose type the context's tag stands for ("implicit"). */
export function contextual(tag: number, content: Uint8Array): Der {
  return element(CONTEXT + tag, content);
}

function element(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < LONG_LENGTH) return Buffer.of(length);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([LONG_LENGTH | bytes.length, ...bytes]);
}

/** Seven bits a byte, all but the last marked. */
function base128(number: number): number[] {
  const bytes = [number & 0x7f];
  for (let left = Math.floor(number / 0x80); left > 0; left = Math.floor(left / 0x80))
    bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}
