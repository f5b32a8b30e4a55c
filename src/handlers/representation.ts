// The answer to a read of something that is known by what it is, how it is coded and which version it is, as far as these
// matter: RFC 9110 13 and 14 in one place, for files, lists and whatever else is served.

import type { ByteSource } from "../http/byte-source.ts";
import { byterangesType, frameByteranges } from "../http/byteranges.ts";
import { formatHttpDate } from "../http/http-date.ts";
import { type HttpRequest, HttpResponse, type ResponseBody } from "../http/message.ts";
import { nameBits } from "../http/name-bits.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions, PRECONDITION_FIELDS, rangeApplies, type Validators } from "../http/precondition.ts";
import { type ByteRange, contentRange, parseRange, RANGE_FIELDS, unsatisfiedRange } from "../http/range.ts";
import { flatten } from "../http/response-head.ts";
import { ClosingSource, JoinedSource } from "../http/sources.ts";

/** The selected representation (RFC 9110 3.2), but for its content. */
export interface Representation {
  /** The value of Content-Type. */
  readonly type: string;
  /** The content coding; "identity" for none. */
  readonly coding: string;
  /** Null when nothing tells one version from the next, so that no condition can be about it. */
  readonly validators: Validators | null;
  /** The value of Cache-Control; null for none. */
  readonly cacheControl: string | null;
  /** The value of Vary; null when every client gets this. */
  readonly vary: string | null;
  /** Ranges of its identity form can be asked for. */
  readonly hasRanges: boolean;
  /** Further field lines, each with its line end. */
  readonly otherLines: string;
}

/** Content of which parts can be had. */
export interface RangedContent {
  /** Bytes. */
  readonly size: number;
  /** All of it, where it is in memory. */
  readonly bytes?: Uint8Array;
  /** Some of it. The source's `close` does not close the content. */
  range(from: number, length: number): ByteSource;
  /** Called once: with the response, or when nothing of it is needed. */
  close(): void;
}

/** With none of these in a request the answer is the whole, whichever version it is. */
export const SELECTIVE_FIELDS = nameBits([...PRECONDITION_FIELDS, ...RANGE_FIELDS]);

/** Only GET has ranges (RFC 9110 14.2). */
export function asksForRange(request: HttpRequest): boolean {
  return request.method === "GET" && request.fields.get("range") !== undefined;
}

/**
 * The answer by the preconditions alone (RFC 9110 13.2.2): 304, 412, or null: go on. Asked before any content is made, and
 * only when the answer would be a success. `what` is what the 412 names, such as "file".
 */
export function preconditionResponse(
  request: HttpRequest,
  representation: Representation,
  what: string,
): HttpResponse | null {
  const { validators } = representation;
  if (validators === null || request.fields.lacks(SELECTIVE_FIELDS)) return null;
  switch (evaluatePreconditions(request.method, request.fields, validators, Date.now())) {
    case "proceed":
      return null;
    case "not-modified":
      return identify(new HttpResponse(304), representation);
    case "failed":
      return plainText(`The ${what} is not in the state that the request demands.\n`, 412);
  }
}

/** The answer with the representation: 200, or 206 and 416 where the request asks for parts of ranged content. */
export function representationResponse(
  request: HttpRequest,
  representation: Representation,
  content: ResponseBody | RangedContent,
  maxRanges = 0,
): HttpResponse {
  if (!isRanged(content)) return describe(new HttpResponse(200, content), representation);
  const ranges = rangesOf(request, representation, content.size, maxRanges);
  if (ranges === "ignore") return describe(new HttpResponse(200, wholeOf(content)), representation);
  if (ranges === "unsatisfiable") {
    content.close();
    const refused = identify(plainText("The file does not have these bytes.\n", 416), representation);
    return refused.append("Content-Range", unsatisfiedRange(content.size));
  }
  const [only] = ranges;
  if (only === undefined || ranges.length > 1) return byterangesResponse(ranges, representation, content);
  const body = new ClosingSource(content.range(only.from, only.length), content);
  return describe(new HttpResponse(206, body), representation).append(
    "Content-Range",
    contentRange(only, content.size),
  );
}

/** The field lines of its 200, for whoever keeps them: making them costs more than sending them. */
export function fieldLinesOf(representation: Representation): string {
  return flatten(describe(new HttpResponse(200), representation).fieldLines);
}

function isRanged(content: ResponseBody | RangedContent): content is RangedContent {
  return content !== null && typeof content === "object" && "range" in content;
}

/** All of it, closed with the response. */
function wholeOf(content: RangedContent): Uint8Array | ByteSource {
  const { bytes } = content;
  if (bytes === undefined) return new ClosingSource(content.range(0, content.size), content);
  content.close();
  return bytes;
}

/** A range is always of the identity form; whoever refuses that gets all of another (RFC 9110 14.2). */
function rangesOf(
  request: HttpRequest,
  { coding, validators, hasRanges }: Representation,
  size: number,
  maxRanges: number,
): ReturnType<typeof parseRange> {
  const { fields } = request;
  const field = hasRanges && coding === "identity" && asksForRange(request) ? fields.get("range") : undefined;
  if (field === undefined || validators === null) return "ignore";
  return rangeApplies(fields.get("if-range"), validators, Date.now()) ? parseRange(field, size, maxRanges) : "ignore";
}

function byterangesResponse(
  ranges: readonly ByteRange[],
  representation: Representation,
  content: RangedContent,
): HttpResponse {
  const boundary = crypto.randomUUID();
  const frame = frameByteranges(boundary, representation.type, ranges, content.size);
  const pieces = ranges.flatMap(({ from, length }, i) => [frame.heads[i]!, content.range(from, length)]);
  const body = new ClosingSource(new JoinedSource([...pieces, frame.closing], frame.length), content);
  return describe(new HttpResponse(206, body), { ...representation, type: byterangesType(boundary) });
}

/** The fields that a 304 shares with the response that it stands for (RFC 9110 15.4.5). */
function identify(response: HttpResponse, { validators, cacheControl, vary }: Representation): HttpResponse {
  if (validators !== null) response.append("ETag", validators.etag);
  if (cacheControl !== null) response.append("Cache-Control", cacheControl);
  return vary === null ? response : response.append("Vary", vary);
}

function describe(response: HttpResponse, representation: Representation): HttpResponse {
  const { type, coding, validators, hasRanges, otherLines } = representation;
  identify(response.append("Content-Type", type), representation);
  const modified = validators?.modified ?? null;
  if (modified !== null) response.append("Last-Modified", formatHttpDate(modified));
  if (hasRanges) response.append("Accept-Ranges", "bytes");
  if (coding !== "identity") response.append("Content-Encoding", coding);
  return otherLines === "" ? response : response.appendLines(otherLines);
}
