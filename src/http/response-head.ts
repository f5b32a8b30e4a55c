// Writes the head of a response and chooses how its body is framed (RFC 9112 sections 4 and 6).

import { type ByteSource, UNKNOWN_LENGTH } from "./byte-source.ts";
import type { HttpResponse, ResponseBody } from "./message.ts";
import { allowsBody, reasonPhrase } from "./status.ts";

/** How the client learns where the body ends. "none": there is no body, whatever the fields say. */
export type BodyFraming = "none" | "length" | "chunked" | "close";

/** True for a body that comes piece by piece. */
export function isSource(body: ResponseBody): body is ByteSource {
  return body !== null && typeof body === "object" && "read" in body;
}

/** Bytes of the body, or UNKNOWN_LENGTH. */
export function bodyLength(body: ResponseBody): number {
  if (body === null) return 0;
  // Of an array, a source and a string alike.
  return body.length;
}

/** The framing of a response to a request of this method and version (RFC 9112 6.3). */
export function chooseFraming(method: string, minorVersion: number, response: HttpResponse): BodyFraming {
  if (method === "HEAD" || !allowsBody(response.status)) return "none";
  if (bodyLength(response.body) !== UNKNOWN_LENGTH) return "length";
  return minorVersion > 0 ? "chunked" : "close";
}

/** Status line and date lines of 200, which nearly every response begins with; joined once a second. */
let okDates = "";
let okOpening = "";

function opening(status: number, dates: string): string {
  if (status !== 200) return statusLine(status) + dates;
  if (dates !== okDates) {
    okDates = dates;
    okOpening = flatten(statusLine(200) + dates);
  }
  return okOpening;
}

/** How nearly every head ends: the length of a small body, and not a word of the connection. Made when needed first. */
const commonEnds: string[] = [];
const MOST_COMMON_ENDS = 4096;

/** The same text in one piece, for what is kept: a joined string is a tree of its parts, which each use would walk again. */
export function flatten(text: string): string {
  return Buffer.from(text, "latin1").latin1Slice(0, text.length);
}

const statusLines = new Map<number, string>();

function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = "HTTP/1.1 " + status + " " + reasonPhrase(status) + "\r\n";
    statusLines.set(status, line);
  }
  return line;
}

/** `Date` is demanded of every response (RFC 9110 6.6.1); `nosniff` keeps browsers to our media types. */
export function dateLines(httpDate: string): string {
  return "Date: " + httpDate + "\r\nX-Content-Type-Options: nosniff\r\n";
}

/**
 * The whole head. `minorVersion` is the request's; HEAD gets the length fields that GET would get
 * (RFC 9110 9.3.2), 204 and 1xx none (8.6).
 */
export function responseHead(
  response: HttpResponse,
  method: string,
  minorVersion: number,
  keepAlive: boolean,
  dates: string,
): string {
  // In one expression: it makes half as many strings as one after the other.
  return opening(response.status, dates) + response.fieldLines + headEnd(response, method, minorVersion, keepAlive);
}

function headEnd(response: HttpResponse, method: string, minorVersion: number, keepAlive: boolean): string {
  const length = bodyLength(response.body);
  const isCommon = keepAlive && minorVersion > 0 && length !== UNKNOWN_LENGTH && allowsBody(response.status);
  if (isCommon && length < MOST_COMMON_ENDS) return (commonEnds[length] ??= flatten(lengthLine(length) + "\r\n"));
  return framingLine(response, method, minorVersion) + connectionLines(minorVersion, keepAlive) + "\r\n";
}

function connectionLines(minorVersion: number, keepAlive: boolean): string {
  if (!keepAlive) return "Connection: close\r\n";
  return minorVersion > 0 ? "" : "Connection: keep-alive\r\n";
}

/** The whole of an interim response, which says nothing of a body or of the connection (RFC 9110 15.2). */
export function interimHead({ status, fieldLines }: HttpResponse): string {
  return statusLine(status) + fieldLines + "\r\n";
}

function framingLine({ status, body }: HttpResponse, method: string, minorVersion: number): string {
  if (!allowsBody(status)) return "";
  const length = bodyLength(body);
  if (length !== UNKNOWN_LENGTH) return lengthLine(length);
  return minorVersion > 0 && method !== "HEAD" ? "Transfer-Encoding: chunked\r\n" : "";
}

function lengthLine(length: number): string {
  return "Content-Length: " + length + "\r\n";
}
