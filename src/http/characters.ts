// Which bytes may stand where, as tables of 256 entries: one load decides a byte. Each table has its ABNF above it.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DQUOTE = 0x22;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const DIGIT_0 = 0x30;
export const DIGIT_9 = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const UPPER_A = 0x41;
export const UPPER_Z = 0x5a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;

/** Set in a lower-case letter, and not in its upper-case one. */
export const CASE_BIT = 0x20;

/** The codes of a word of ASCII, for comparing bytes with it. */
export function codesOf(word: string): Uint8Array {
  return Uint8Array.from(word, (character) => character.charCodeAt(0));
}

function table(value: number, characters: string): Uint8Array {
  const bytes = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) bytes[characters.charCodeAt(i)] = value;
  return bytes;
}

const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const UNRESERVED = LETTERS + DIGITS + "-._~";
const SUB_DELIMS = "!$&'()*+,;=";

/** `tchar` of RFC 9110 5.6.2: methods, field names, tokens. */
export const TOKEN = table(1, "!#$%&'*+-.^_`|~" + DIGITS + LETTERS);

/** A byte of a target that takes no further work. */
export const TARGET_PLAIN = 1;
/** A byte that ends the path or makes its decoding necessary: "?" and "%". */
export const TARGET_MARK = 2;
/** A byte that RFC 3986 does not allow but that browsers send raw in a query (the URL standard's query set). */
export const TARGET_QUERY_ONLY = 4;

/**
 * The bytes of a target: `pchar`, "/", "?" and "%" of RFC 3986 3.3 and 3.4, and those that browsers leave raw in a
 * query. Zero is refused: "#", quotes, angle brackets, controls, space, 0x80-0xFF.
 */
export const TARGET = ((): Uint8Array => {
  const bytes = table(TARGET_PLAIN, UNRESERVED + SUB_DELIMS + ":@/");
  for (const byte of [QUESTION, PERCENT]) bytes[byte] = TARGET_MARK;
  for (const character of "[]\\^`{|}") bytes[character.charCodeAt(0)] = TARGET_QUERY_ONLY;
  return bytes;
})();

/** `field-vchar`, SP and HTAB of RFC 9110 5.5: VCHAR and 0x80-0xFF (obs-text). */
export const FIELD_VALUE = ((): Uint8Array => {
  const bytes = new Uint8Array(256).fill(1, SP);
  bytes[HTAB] = 1;
  bytes[0x7f] = 0;
  return bytes;
})();

/** `unreserved` and `sub-delims`: a registered name of RFC 3986 3.2.2, without its percent-encoding. */
export const REG_NAME = table(1, UNRESERVED + SUB_DELIMS);

const NOT_HEX = 255;

/** The value of a HEXDIG; 255 for any other byte. */
export const HEX_VALUE = ((): Uint8Array => {
  const bytes = new Uint8Array(256).fill(NOT_HEX);
  for (let value = 0; value < 16; value++) {
    bytes["0123456789abcdef".charCodeAt(value)] = value;
    bytes["0123456789ABCDEF".charCodeAt(value)] = value;
  }
  return bytes;
})();

/** True for a byte that is a HEXDIG. */
export function isHex(byte: number): boolean {
  return HEX_VALUE[byte] !== NOT_HEX;
}
