// `/echo/{text}` and `/echo`: what the client sent comes back.

import { type Handler, HttpResponse, fieldValue, type HttpRequest } from "../http/message.ts";
import { chooseCoding, compress, type MadeCoding, notAcceptable } from "./compression.ts";

const PLAIN = "text/plain";
/** Of nearly every echo; joined once, because joining costs more than sending. */
const PLAIN_LINES = "Content-Type: text/plain\r\nVary: Accept-Encoding\r\n";
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** GET: the rest of the path, percent-decoded, as text; compressed for whoever accepts it, at any size. */
export const echoPath: Handler = (request, text) => {
  const coding = chooseCoding(request.fields.get("accept-encoding"));
  if (coding === null) return notAcceptable();
  if (coding === "identity") return describe(new HttpResponse(200, text), request, text);
  // Nothing lies ready in another coding here.
  const bytes = compress(Buffer.from(text, "latin1"), coding as MadeCoding);
  return describe(new HttpResponse(200, bytes), request, text).append("Content-Encoding", coding);
};

/** POST and PUT: the body as it comes, with flow control in both directions. */
export function echoBody(request: HttpRequest): HttpResponse {
  const sent = request.fields.get("content-type");
  return new HttpResponse(200, request.body).append(
    "Content-Type",
    sent === undefined || sent === "" ? "application/octet-stream" : fieldValue(sent),
  );
}

function describe(response: HttpResponse, { rawPath, decodedPath }: HttpRequest, text: string): HttpResponse {
  // A path without escapes is visible ASCII: the head parser has seen to it.
  const type = rawPath === decodedPath ? PLAIN : textType(text);
  if (type !== PLAIN) return response.append("Content-Type", type).append("Vary", "Accept-Encoding");
  response.fieldLines = PLAIN_LINES;
  return response;
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
