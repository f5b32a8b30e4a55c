// Which header fields a person may add to what the server says by itself.

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)$/;

/** Where a message ends, when it was made and who asked: a wrong word on it breaks the connection or opens a door. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "date",
  "etag",
  "keep-alive",
  "last-modified",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
]);

/** True for `NAME: VALUE` of visible ASCII, of a field that does not frame the message or describe what is sent. */
export function isOwnField(line: string): boolean {
  const name = LINE.exec(line)?.[1];
  return name !== undefined && !RESERVED.has(name.toLowerCase());
}
