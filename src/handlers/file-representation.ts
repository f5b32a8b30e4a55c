// Which form of a file a client gets, before a byte of it is read: its media type, its content coding, and what
// identifies it. Two codings are two representations (RFC 9110 8.8.3.3), and the conditions are about the selected one.

import { attachment } from "../http/content-disposition.ts";
import { codedTag, weakened } from "../http/entity-tag.ts";
import { type CodedFormat, codedFormat, isActiveContent } from "../http/media-type.ts";
import type { HttpRequest } from "../http/message.ts";
import { rangeApplies } from "../http/precondition.ts";
import type { OpenedFile } from "../storage/storage.ts";
import { chooseCoding, type Coding, codingsOf } from "./compression.ts";
import type { HotFile } from "./hot-file.ts";
import { asksForRange, type Representation } from "./representation.ts";

/** How files are sent. */
export interface FileResponseSettings {
  /** How long clients may use a file without asking; 0: they ask each time. */
  readonly cacheSeconds: number;
  /** Ranges answered in one request; with more the whole file is the answer. */
  readonly maxRanges: number;
  /** Nobody can upload, so what is served is the owner's own and may run as it likes. */
  readonly readOnly: boolean;
}

/** The file to answer with, which is closed with the response. */
export interface RequestedFile {
  /** The name that was asked for. */
  readonly name: string;
  /** The value of Content-Type for the content without any coding. */
  readonly type: string;
  readonly file: OpenedFile;
  /** The same file where its answers are kept; null when none are. */
  readonly hot: HotFile | null;
  /** The coding in which the file lies there; null when it is the file itself, and any coding is to be made. */
  readonly storedCoding: Coding | null;
  /** Another client might get a stored coding. */
  readonly varies: boolean;
}

/** What was selected for this client. */
export interface FileRepresentation extends Representation {
  readonly coding: Coding;
  /** The file's own bytes are sent, whatever coding they are in. */
  readonly isStored: boolean;
  /** The client asks for a file to save, under its name. */
  readonly isDownload: boolean;
  /** The file is being written, and the client does not ask for one very version of it: its tag is weak. */
  readonly mayGrow: boolean;
}

/**
 * True when only the version that is there will do: If-Match and If-Range compare strongly (RFC 9110 13.1.1, 13.1.5).
 * `*` names no version, and an If-Range that does not apply leaves a request for whatever there is.
 */
function namesVersion(request: HttpRequest, { etag, modified }: OpenedFile): boolean {
  const { fields } = request;
  const match = fields.get("if-match");
  if (match !== undefined && match !== "*") return true;
  const range = fields.get("if-range");
  return range !== undefined && asksForRange(request) && rangeApplies(range, { etag, modified }, Date.now());
}

/** A file to save: `?download`. */
function asksForDownload({ query }: HttpRequest): boolean {
  return query !== "" && new URLSearchParams(query).has("download");
}

/**
 * True when the file as it is serves the client best: a range is always of it, and what is saved has a length,
 * progress, and a way to resume. A client that refuses this form gets another, and all of it.
 */
export function prefersIdentity(request: HttpRequest): boolean {
  return (
    (asksForRange(request) || asksForDownload(request)) &&
    chooseCoding(request.fields.get("accept-encoding"), []) !== null
  );
}

/** What else than identity there is of this file. */
function availableCodings({ name, file, storedCoding }: RequestedFile): readonly Coding[] {
  const coded = codedFormat(name);
  if (coded !== null) return [coded.coding];
  const made = codingsOf(name, file.size);
  return storedCoding === null ? made : [storedCoding, ...made];
}

/**
 * The coding for this client; null when it accepts none that there is. A file whose format is a coding needs nobody to
 * ask for it: without Accept-Encoding any coding is acceptable (RFC 9110 12.5.3).
 */
function codingFor(request: HttpRequest, requested: RequestedFile, codings: readonly Coding[]): Coding | null {
  if (requested.storedCoding !== null) return requested.storedCoding;
  const accepted = request.fields.get("accept-encoding");
  if (accepted === undefined && codedFormat(requested.name) === null) return "identity";
  return prefersIdentity(request) ? "identity" : chooseCoding(accepted ?? "*", codings);
}

/**
 * Selects. Gives the codings that there would be, when the client accepts none. `mayEncode`: whether a coding may be made
 * now; without it the identity form is the representation, tags and all.
 */
export function selectRepresentation(
  request: HttpRequest,
  requested: RequestedFile,
  { cacheSeconds, readOnly }: FileResponseSettings,
  mayEncode: boolean,
): FileRepresentation | readonly Coding[] {
  const { name, file, storedCoding } = requested;
  const available = availableCodings(requested);
  const coding = codingFor(request, requested, mayEncode ? available : []);
  if (coding === null) return available;
  const format = codedFormat(name);
  const type = typeOf(requested, format, coding);
  const isDownload = asksForDownload(request);
  const mayGrow = file.isGrowing && !namesVersion(request, file);
  const etag = mayGrow ? weakened(file.etag) : file.etag;
  // Scripts in it may come from anyone who can upload.
  const policy = !readOnly && isActiveContent(type) ? "Content-Security-Policy: sandbox\r\n" : "";
  return {
    type,
    coding,
    isStored: coding === "identity" || storedCoding !== null || format !== null,
    isDownload,
    mayGrow,
    vary: available.length > 0 || requested.varies ? "Accept-Encoding" : null,
    validators: { etag: coding === "identity" ? etag : codedTag(etag, coding), modified: file.modified },
    cacheControl: cacheSeconds === 0 ? "no-cache" : "max-age=" + cacheSeconds,
    hasRanges: true,
    otherLines: isDownload ? policy + `Content-Disposition: ${attachment(name)}\r\n` : policy,
  };
}

function typeOf({ type }: RequestedFile, format: CodedFormat | null, coding: Coding): string {
  return format === null || coding === "identity" ? type : format.type;
}

/** All tags under which a client may know a version: that of the file and those of its coded forms. */
export function tagsOf(etag: string): readonly string[] {
  return [etag, codedTag(etag, "gzip"), codedTag(etag, "zstd")];
}
