// `/echo/{text}` and `/echo`: what the client sent comes back.

import { type Handler, HttpResponse, fieldValue, type HttpRequest } from "../http/message.ts";
import { chooseCoding, type Coding, compress, type MadeCoding, notAcceptable } from "./compression.ts";
import { fieldLinesOf, type Representation, representationResponse } from "./representation.ts";

const PLAIN = "text/plain";
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** GET: the rest of the path, percent-decoded, as text; compressed for whoever accepts it, at any size. */
export const echoPath: Handler = (request, text) => {
  const coding = chooseCoding(request.fields.get("accept-encoding"));
  if (coding === null) return notAcceptable();
  const type = typeOf(request, text);
  if (coding !== "identity") {
    // Nothing lies ready in another coding here.
    const bytes = compress(Buffer.from(text, "latin1"), coding as MadeCoding);
    return representationResponse(request, representationOf(type, coding), bytes);
  }
  if (type === PLAIN) return new HttpResponse(200, text).appendLines(PLAIN_LINES);
  return representationResponse(request, representationOf(type, coding), text);
};

function representationOf(type: string, coding: Coding): Representation {
  return {
    type,
    coding,
    validators: null,
    cacheControl: null,
    vary: "Accept-Encoding",
    hasRanges: false,
    otherLines: "",
  };
}

/** Of nearly every echo; joined once, because joining costs more than sending. */
const PLAIN_LINES = fieldLinesOf(representationOf(PLAIN, "identity"));

/** POST and PUT: the body as it comes, with flow control in both directions. */
export function echoBody(request: HttpRequest): HttpResponse {
  const sent = request.fields.get("content-type");
  return new HttpResponse(200, request.body).append(
    "Content-Type",
    sent === undefined || sent === "" ? "application/octet-stream" : fieldValue(sent),
  );
}

function typeOf({ rawPath, decodedPath }: HttpRequest, text: string): string {
  // A path without escapes is visible ASCII: the head parser has seen to it.
  return rawPath === decodedPath ? PLAIN : textType(text);
}

/** Exactly `text/plain` for ASCII; with its charset for UTF-8; bytes that are neither are no text. */
function textType(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return PLAIN;
  try {
    utf8.decode(Buffer.from(text, "latin1"));
    return "text/plain; charset=utf-8";
  } catch {
    return "application/octet-stream";
  }
}
