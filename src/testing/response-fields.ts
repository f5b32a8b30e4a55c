// `/response-headers`: an answer with the header fields that the query asks for, which are its content too.

import { isToken } from "../http/field-syntax.ts";
import { fieldValue, HttpResponse, type HttpRequest } from "../http/message.ts";
import { FRAMING_FIELDS } from "../http/own-field.ts";
import { parsePairs } from "./arguments.ts";
import { type Printable, printJson } from "./json-text.ts";
import { RepeatableMap } from "./received-body.ts";
import { badRequest } from "./replies.ts";

/**
 * How the message is framed is not the client's choice. `Refresh` would lead a browser anywhere, and by two others a page
 * that only links here would change what the visitor's browser knows of this host: all of it gone, or never plain HTTP.
 */
const NOT_CHOSEN = new Set([...FRAMING_FIELDS, "clear-site-data", "refresh", "strict-transport-security"]);
const TYPE = "content-type";
const JSON_TYPE = "application/json";

/** GET and POST. */
export function sendFields({ query }: HttpRequest): HttpResponse {
  const wanted: (readonly [name: string, value: string])[] = [];
  for (const [name, value] of parsePairs(query)) {
    if (!isToken(name))
      return badRequest("The name of a header field is a token: letters, digits and !#$%&'*+-.^_`|~.");
    if (NOT_CHOSEN.has(name.toLowerCase())) return badRequest("That header field is not for the client to choose.");
    wanted.push([name, fieldValue(value)]);
  }
  const text = settledText(wanted);
  const reply = new HttpResponse(200, text);
  for (const [name, value] of withType(wanted)) reply.append(name, value);
  return reply;
}

/** A type that is asked for takes the place of ours: no answer has two (RFC 9110 8.3). */
function withType(wanted: readonly (readonly [name: string, value: string])[]): readonly (readonly [string, string])[] {
  const isTyped = wanted.some(([name]) => name.toLowerCase() === TYPE);
  return isTyped ? wanted : [["Content-Type", JSON_TYPE], ...wanted];
}

/** The content tells its own length, whose digits are part of it. */
function settledText(wanted: readonly (readonly [name: string, value: string])[]): string {
  let text = "";
  for (let length = -1; text.length !== length;) {
    length = text.length;
    const shown = new RepeatableMap();
    for (const [name, value] of [["Content-Length", String(length)] as const, ...withType(wanted)])
      shown.add(name, value);
    text = `${[...printJson(shown.flatten() as Printable)].join("")}\n`;
  }
  return text;
}
