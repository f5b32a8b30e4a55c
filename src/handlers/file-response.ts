// The answer to a read of a file, in the order that RFC 9110 fixes: which representation, then the preconditions,
// then the ranges. The parts depend on each other, so the order stands in one place.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { attachment } from "../http/content-disposition.ts";
import { formatHttpDate } from "../http/http-date.ts";
import { isActiveContent, mediaType } from "../http/media-type.ts";
import { type HttpRequest, HttpResponse, type ResponseBody } from "../http/message.ts";
import { byterangesType, frameByteranges } from "../http/multipart.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions, rangeApplies, type Validators } from "../http/precondition.ts";
import { type ByteRange, contentRange, parseRange, unsatisfiedRange } from "../http/range.ts";
import type { OpenedFile } from "../storage/storage.ts";
import {
  acceptIdentity,
  chooseCoding,
  CODED_IN_MEMORY_BYTES,
  CodedSource,
  type Coding,
  compress,
  encodersBusy,
  hasCodings,
  type MadeCoding,
  notAcceptable,
} from "./compression.ts";
import { HotFile } from "./hot-files.ts";

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
export interface Selection {
  /** The name that was asked for; it decides the media type. */
  readonly name: string;
  readonly file: OpenedFile;
  /** The coding in which the file lies there; null when it is the file itself, and any coding is to be made. */
  readonly storedCoding: Coding | null;
  /** Another client might get a stored coding. */
  readonly varies: boolean;
}

/** A range is always of the identity form (RFC 9110 14.2: only GET has ranges). */
export function asksForRange(request: HttpRequest): boolean {
  return request.method === "GET" && request.fields.get("range") !== undefined;
}

/** Answers with the file. */
export function fileResponse(
  request: HttpRequest,
  selection: Selection,
  settings: FileResponseSettings,
): MaybePromise<HttpResponse> {
  const prepared = preparedResponse(request, selection);
  return prepared ?? selectedResponse(request, selection, settings, true);
}

/** `mayEncode`: whether an encoder may be used; without one the identity form is the representation, tags and all. */
function selectedResponse(
  request: HttpRequest,
  selection: Selection,
  settings: FileResponseSettings,
  mayEncode: boolean,
): MaybePromise<HttpResponse> {
  const { file } = selection;
  const representation = chooseRepresentation(request, selection, settings, mayEncode);
  if (representation === null) {
    file.close();
    return mayEncode ? notAcceptable() : encodersBusy();
  }
  const verdict = evaluatePreconditions(request.method, request.fields, representation.validators, Date.now());
  if (verdict !== "proceed") {
    file.close();
    return verdict === "not-modified"
      ? describeSelection(new HttpResponse(304), representation)
      : plainText("The file is not in the state that the request demands.\n", 412);
  }
  if (representation.coding === "identity" || selection.storedCoding !== null)
    return plainResponse(request, representation, file, settings.maxRanges);
  if (file.size > CODED_IN_MEMORY_BYTES && !CodedSource.canBegin)
    return selectedResponse(request, selection, settings, false);
  return codedResponse(representation, representation.coding as MadeCoding, file);
}

/** What was selected for this client, before a byte is read. */
interface Representation {
  readonly type: string;
  readonly coding: Coding;
  /** Another client might have got another coding. */
  readonly varies: boolean;
  readonly validators: Validators & { readonly modified: number };
  readonly cacheControl: string;
  /** Scripts in it may come from anyone who can upload. */
  readonly isSandboxed: boolean;
  /** The name to save it under, when the client asks for that. */
  readonly download: string | null;
}

/** Null when the client accepts no coding that there is. */
function chooseRepresentation(
  request: HttpRequest,
  { name, file, storedCoding, varies: hasStored }: Selection,
  { cacheSeconds, readOnly }: FileResponseSettings,
  mayEncode: boolean,
): Representation | null {
  const type = mediaType(name);
  const canBeMade = hasCodings(name, file.size);
  const varies = canBeMade || hasStored;
  const accepted = request.fields.get("accept-encoding");
  const made = canBeMade && mayEncode && !asksForRange(request) ? chooseCoding(accepted) : acceptIdentity(accepted);
  const coding = storedCoding ?? made;
  if (coding === null) return null;
  // Two codings are two representations: each has a strong tag of its own (RFC 9110 8.8.3.3).
  const etag = coding === "identity" ? file.etag : codedTag(file.etag, coding);
  const download = request.query !== "" && new URLSearchParams(request.query).has("download") ? name : null;
  const isSandboxed = !readOnly && isActiveContent(type);
  const cacheControl = cacheSeconds === 0 ? "no-cache" : "max-age=" + cacheSeconds;
  return { type, coding, varies, validators: { etag, modified: file.modified }, cacheControl, isSandboxed, download };
}

/** The entity tag of a coded form of what has this tag. */
function codedTag(etag: string, coding: Coding): string {
  return etag.slice(0, -1) + "-" + coding + '"';
}

/** All tags under which a client may know a version: that of the file and those of its coded forms. */
export function tagsOf(etag: string): readonly string[] {
  return [etag, codedTag(etag, "gzip"), codedTag(etag, "zstd")];
}

/** The fields that a 304 shares with the response that it stands for (RFC 9110 15.4.5). */
function describeSelection(response: HttpResponse, { validators, varies, cacheControl }: Representation): HttpResponse {
  response.set("ETag", validators.etag).set("Cache-Control", cacheControl);
  return varies ? response.set("Vary", "Accept-Encoding") : response;
}

function describe(response: HttpResponse, representation: Representation, type = representation.type): HttpResponse {
  const { validators, download, coding } = representation;
  describeSelection(response.set("Content-Type", type), representation)
    // Never later than Date: a file from the future was changed now (RFC 9110 8.8.2.1).
    .set("Last-Modified", formatHttpDate(Math.min(validators.modified, Date.now())))
    .set("Accept-Ranges", "bytes");
  if (coding !== "identity") response.set("Content-Encoding", coding);
  if (representation.isSandboxed) response.set("Content-Security-Policy", "sandbox");
  return download === null ? response : response.set("Content-Disposition", attachment(download));
}

/** The whole representation; of a file in memory the answer is kept. */
function wholeResponse(body: ResponseBody, representation: Representation, file: OpenedFile): HttpResponse {
  const response = describe(new HttpResponse(200, body), representation);
  if (file instanceof HotFile && body instanceof Uint8Array && representation.download === null)
    file.prepare(representation.coding, { fieldLines: response.fieldLines, body });
  return response;
}

/** The answer that was kept, for a request that asks for nothing but the file. */
function preparedResponse(request: HttpRequest, { file, storedCoding }: Selection): HttpResponse | null {
  if (!(file instanceof HotFile) || request.mayBeSelective || request.query !== "") return null;
  const accepted = request.fields.get("accept-encoding");
  const coding = storedCoding ?? (file.hasCodings ? chooseCoding(accepted) : acceptIdentity(accepted));
  const prepared = coding === null ? undefined : file.prepared(coding);
  if (prepared === undefined) return null;
  const response = new HttpResponse(200, prepared.body);
  response.fieldLines = prepared.fieldLines;
  return response;
}

function codedResponse(
  representation: Representation,
  coding: MadeCoding,
  file: OpenedFile,
): MaybePromise<HttpResponse> {
  const whole = wholeSource(file);
  if (file.size > CODED_IN_MEMORY_BYTES) return wholeResponse(new CodedSource(whole, coding), representation, file);
  if (file instanceof HotFile) {
    const body = file.prepared(coding)?.body ?? compress(file.bytes, coding);
    return wholeResponse(body, representation, file);
  }
  return readWhole(whole).then((bytes) => wholeResponse(compress(bytes, coding), representation, file));
}

function plainResponse(
  request: HttpRequest,
  representation: Representation,
  file: OpenedFile,
  maxRanges: number,
): HttpResponse {
  const ranges = chooseRanges(request, representation, file.size, maxRanges);
  if (ranges === "unsatisfiable") {
    file.close();
    return describeSelection(plainText("The file does not have these bytes.\n", 416), representation).set(
      "Content-Range",
      unsatisfiedRange(file.size),
    );
  }
  if (ranges === "ignore")
    return wholeResponse(file instanceof HotFile ? file.bytes : wholeSource(file), representation, file);
  const [only] = ranges;
  if (only === undefined || ranges.length > 1) return multipartResponse(ranges, representation, file);
  const body = new ClosingSource(file.range(only.from, only.length), file);
  return describe(new HttpResponse(206, body), representation).set("Content-Range", contentRange(only, file.size));
}

/** Only GET has ranges (RFC 9110 14.2). */
function chooseRanges(
  request: HttpRequest,
  { validators }: Representation,
  size: number,
  maxRanges: number,
): ReturnType<typeof parseRange> {
  const field = request.method === "GET" ? request.fields.get("range") : undefined;
  if (field === undefined || !rangeApplies(request.fields.get("if-range"), validators, Date.now())) return "ignore";
  return parseRange(field, size, maxRanges);
}

function multipartResponse(
  ranges: readonly ByteRange[],
  representation: Representation,
  file: OpenedFile,
): HttpResponse {
  const boundary = crypto.randomUUID();
  const frame = frameByteranges(boundary, representation.type, ranges, file.size);
  const pieces = ranges.flatMap((range, i) => [frame.heads[i]!, file.range(range.from, range.length)]);
  const body = new ClosingSource(new JoinedSource([...pieces, frame.closing], frame.length), file);
  return describe(new HttpResponse(206, body), representation, byterangesType(boundary));
}

/** All of a file; the source's end closes it. */
function wholeSource(file: OpenedFile): ByteSource {
  return new ClosingSource(file.range(0, file.size), file);
}

/** A source of a file's bytes that closes the file with itself. */
class ClosingSource implements ByteSource {
  readonly length: number;
  readonly #source: ByteSource;
  readonly #file: OpenedFile;

  constructor(source: ByteSource, file: OpenedFile) {
    this.length = source.length;
    this.#source = source;
    this.#file = file;
  }

  read(): MaybePromise<Uint8Array | null> {
    return this.#source.read();
  }

  putBack(offset: number): boolean {
    return this.#source.putBack?.(offset) ?? false;
  }

  close(): void {
    this.#source.close();
    this.#file.close();
  }
}

/** Bytes and sources one behind the other. */
class JoinedSource implements ByteSource {
  readonly length: number;
  readonly #pieces: readonly (Uint8Array | ByteSource)[];
  #next = 0;
  /** Where in the whole the piece begins that was read last. */
  #pieceStart = 0;
  #last: Uint8Array | ByteSource | null = null;

  constructor(pieces: readonly (Uint8Array | ByteSource)[], length: number) {
    this.#pieces = pieces;
    this.length = length;
  }

  async read(): Promise<Uint8Array | null> {
    for (let piece = this.#pieces[this.#next]; piece !== undefined; piece = this.#pieces[++this.#next]) {
      if (piece !== this.#last) {
        this.#pieceStart += this.#last?.length ?? 0;
        this.#last = piece;
      }
      if (piece instanceof Uint8Array) {
        this.#next += 1;
        return piece;
      }
      const chunk = await piece.read();
      if (chunk !== null) return chunk;
    }
    return null;
  }

  putBack(offset: number): boolean {
    const last = this.#last;
    if (last === null || last instanceof Uint8Array) return false;
    return last.putBack?.(offset - this.#pieceStart) ?? false;
  }

  close(): void {
    for (const piece of this.#pieces) if (!(piece instanceof Uint8Array)) piece.close();
  }
}

/** Reads a source to its end, and closes it. Rejects when it breaks. */
export async function readWhole(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const whole = new Uint8Array(source.length);
    let filled = 0;
    for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
      whole.set(chunk, filled);
      filled += chunk.length;
    }
    return whole;
  } finally {
    source.close();
  }
}
