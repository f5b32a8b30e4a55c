// Which header fields a person may add to what the server says by itself.

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)$/;

/** Where a message ends, what becomes of its connection and when it was made: nobody's to say but the server's. */
export const FRAMING_FIELDS: readonly string[] = [
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Those, what is sent and who asked: a wrong word on it breaks the connection or opens a door. */
const RESERVED: ReadonlySet<string> = new Set([
  ...FRAMING_FIELDS,
  "content-encoding",
  "content-range",
  "etag",
  "last-modified",
  "proxy-authenticate",
  "www-authenticate",
]);

/** True for `NAME: VALUE` of visible ASCII, of a field that does not frame the message or describe what is sent. */
export function isOwnField(line: string): boolean {
  const name = LINE.exec(line)?.[1];
  return name !== undefined && !RESERVED.has(name.toLowerCase());
}
