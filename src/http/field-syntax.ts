// The pieces that field values are made of (RFC 9110 5.6): white space, lists and parameters. Linear in the length of
// the text, whatever it holds.

import { BACKSLASH, COMMA, DQUOTE, HTAB, SP } from "./characters.ts";

/** Without the white space of HTTP around it. `String.trim` takes a no-break space, byte 0xA0, for white space too. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** The members of a list, white space and all. A comma inside a quoted string separates nothing (RFC 9110 5.6.4). */
export function splitList(field: string): readonly string[] {
  if (!field.includes('"')) return field.split(",");
  const members: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < field.length; i++) {
    const char = field.charCodeAt(i);
    if (char === DQUOTE) isQuoted = !isQuoted;
    else if (char === BACKSLASH && isQuoted) i += 1;
    else if (char === COMMA && !isQuoted) {
      members.push(field.slice(start, i));
      start = i + 1;
    }
  }
  members.push(field.slice(start));
  return members;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `token` of RFC 9110 5.6.2, such as the name of a field. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** `OWS ";" OWS [ name "=" ( token / the rest ) ]`; the rest is a quoted string or malformed. */
const PARAMETER = /[ \t]*;[ \t]*(?:(?<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?<token>[!#$%&'*+\-.^_`|~0-9A-Za-z]*))?/y;

/**
 * The parameters behind a value (RFC 9110 5.6.6), by their lower-case names; `text` begins at the first semicolon.
 * Null when they are malformed or one is repeated. In a quoted string a backslash escapes only a quote or another
 * backslash: browsers put it into file names as it is.
 */
export function parseParameters(text: string): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return null;
    at = PARAMETER.lastIndex;
    const { name, token } = match.groups!;
    if (name === undefined) continue;
    let value = token!;
    if (value === "") {
      const end = quotedStringEnd(text, at);
      if (end < 0) return null;
      value = text.slice(at + 1, end - 1).replace(/\\(["\\])/g, "$1");
      at = end;
    }
    const key = name.toLowerCase();
    if (parameters.has(key)) return null;
    parameters.set(key, value);
  }
  return parameters;
}

/** Behind the closing quote of the quoted string that begins at `start`; -1 when none does, or none ends. */
function quotedStringEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== DQUOTE) return -1;
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === DQUOTE) return i + 1;
    if (char === BACKSLASH) i += 1;
  }
  return -1;
}

function isBlank(char: number): boolean {
  return char === SP || char === HTAB;
}
