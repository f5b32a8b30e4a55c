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

/** "Content-Length" lines of small bodies, made when they are needed first. */
const lengthLines: string[] = [];
const MOST_LENGTH_LINES = 4096;

function lengthLine(length: number): string {
  if (length >= MOST_LENGTH_LINES) return "Content-Length: " + length + "\r\n";
  return (lengthLines[length] ??= flatten("Content-Length: " + length + "\r\n"));
}

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
  const end = keepAlive ? (minorVersion > 0 ? "\r\n" : "Connection: keep-alive\r\n\r\n") : "Connection: close\r\n\r\n";
  // In one expression: it makes half as many strings as one after the other.
  return opening(response.status, dates) + response.fieldLines + framingLine(response, method, minorVersion) + end;
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
