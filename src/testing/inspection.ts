// The endpoints that show a request: `/get`, `/post` and the like, `/anything`, `/headers`, `/ip`, `/user-agent`.

import type { MaybePromise } from "../http/byte-source.ts";
import { fieldValue, type HttpRequest, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";
import { keepBody, type KeepRefusal } from "./body-memory.ts";
import type { Printable } from "./json-text.ts";
import { type ReceivedBody, readReceivedBody, UnreadableBody } from "./received-body.ts";
import { describeRequest, headersOf, originOf } from "./received-request.ts";
import { jsonReply } from "./replies.ts";

/** What an answer shows of a request and its body. */
type Show = (request: HttpRequest, body: ReceivedBody) => { readonly [name: string]: Printable };

const BODILESS = new Uint8Array(0);

/** GET `/get`: the request without its body. */
export function showGet(request: HttpRequest): HttpResponse {
  return jsonReply(describeRequest(request));
}

/** `/post`, `/put`, `/patch` and `/delete`: the request and its body. */
export function showBody(request: HttpRequest): MaybePromise<HttpResponse> {
  return withBody(request, (asked, body) => ({ ...describeRequest(asked), ...body }));
}

/** `/delay`: what httpbin shows there, which is all but `json`. */
export function showDelayed(request: HttpRequest): MaybePromise<HttpResponse> {
  return withBody(request, (asked, { data, files, form }) => ({ ...describeRequest(asked), data, files, form }));
}

/** Any method: the request, its method and its body. Says that QUERY may have any content (RFC 10008). */
export async function showAnything(request: HttpRequest): Promise<HttpResponse> {
  const { method } = request;
  const reply = await withBody(request, (asked, body) => ({ ...describeRequest(asked), ...body, method }));
  return reply.append("Accept-Query", "*/*");
}

/** GET `/headers`. */
export function showHeaders(request: HttpRequest): HttpResponse {
  return jsonReply({ headers: headersOf(request) });
}

/** GET `/ip`. */
export function showOrigin(request: HttpRequest): HttpResponse {
  return jsonOrText(request, "origin", originOf(request));
}

/** GET `/user-agent`. */
export function showUserAgent(request: HttpRequest): HttpResponse {
  return jsonOrText(request, "user-agent", request.fields.get("user-agent") ?? null);
}

/** One value: bare for whoever prefers text, as the route without `--testing` gives it. */
function jsonOrText(request: HttpRequest, name: string, value: string | null): HttpResponse {
  const type = preferredType(request.fields.get("accept"), ["application/json", "text/plain"]);
  const reply = type === "text/plain" ? plainText(value ?? "") : jsonReply({ [name]: value });
  return reply.append("Vary", "Accept");
}

function withBody(request: HttpRequest, show: Show): MaybePromise<HttpResponse> {
  const type = request.fields.get("content-type") ?? "";
  if (request.body === null) return jsonReply(show(request, readReceivedBody(BODILESS, "") as ReceivedBody));
  return keepBody(request).then((kept) => {
    if (typeof kept === "string") return notKept(kept);
    const body = readReceivedBody(kept.bytes, type);
    if (!(body instanceof UnreadableBody)) return jsonReply(show(request, body), 200, kept.release);
    kept.release();
    return plainText(`${fieldValue(body.line)}\n`, body.status);
  });
}

/** Why a body cannot be shown. */
export function notKept(refusal: KeepRefusal): HttpResponse {
  switch (refusal) {
    case "too-large":
      return plainText("A body that is shown may have 16 MiB; /upload and /echo take any.\n", 413);
    case "full":
      return plainText("Too many bodies are being shown; try again in a moment.\n", 503).append("Retry-After", 1);
  }
}
