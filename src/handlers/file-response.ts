// The answer to a read of a file, in the order that RFC 9110 fixes: which representation, then the preconditions,
// then the ranges. The parts depend on each other, so the order stands in one place.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { byterangesType, frameByteranges } from "../http/byteranges.ts";
import { attachment } from "../http/content-disposition.ts";
import { formatHttpDate } from "../http/http-date.ts";
import { type HttpRequest, HttpResponse, type ResponseBody } from "../http/message.ts";
import { nameBits } from "../http/name-bits.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions, PRECONDITION_FIELDS, rangeApplies } from "../http/precondition.ts";
import { type ByteRange, contentRange, parseRange, RANGE_FIELDS, unsatisfiedRange } from "../http/range.ts";
import type { OpenedFile } from "../storage/storage.ts";
import {
  chooseCoding,
  CODED_IN_MEMORY_BYTES,
  CodedSource,
  compress,
  encodersBusy,
  type MadeCoding,
  notAcceptable,
} from "./compression.ts";
import { HotFile } from "./hot-files.ts";
import { RangesSource } from "./ranges-source.ts";
import { readFailed } from "./replies.ts";
import {
  asksForRange,
  chooseRepresentation,
  type FileResponseSettings,
  type Representation,
  type Selection,
} from "./representation.ts";

/** With none of these in the request the whole of the file is the answer, whatever version it is. */
const SELECTIVE_FIELDS = nameBits([...PRECONDITION_FIELDS, ...RANGE_FIELDS]);

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
  if (!("coding" in representation)) {
    file.close();
    return mayEncode ? notAcceptable(representation) : encodersBusy();
  }
  const verdict = evaluatePreconditions(request.method, request.fields, representation.validators, Date.now());
  if (verdict !== "proceed") {
    file.close();
    return verdict === "not-modified"
      ? describeSelection(new HttpResponse(304), representation)
      : plainText("The file is not in the state that the request demands.\n", 412);
  }
  if (representation.isStored) return plainResponse(request, selection, representation, settings.maxRanges);
  if (file.size > CODED_IN_MEMORY_BYTES && !CodedSource.canBegin)
    return selectedResponse(request, selection, settings, false);
  return codedResponse(selection, representation, representation.coding as MadeCoding);
}

/** The fields that a 304 shares with the response that it stands for (RFC 9110 15.4.5). */
function describeSelection(response: HttpResponse, { validators, varies, cacheControl }: Representation): HttpResponse {
  response.append("ETag", validators.etag).append("Cache-Control", cacheControl);
  return varies ? response.append("Vary", "Accept-Encoding") : response;
}

function describe(response: HttpResponse, representation: Representation, type = representation.type): HttpResponse {
  const { validators, download, coding } = representation;
  describeSelection(response.append("Content-Type", type), representation)
    .append("Last-Modified", formatHttpDate(validators.modified))
    .append("Accept-Ranges", "bytes");
  if (coding !== "identity") response.append("Content-Encoding", coding);
  if (representation.isSandboxed) response.append("Content-Security-Policy", "sandbox");
  return download === null ? response : response.append("Content-Disposition", attachment(download));
}

/** The whole representation; of a file in memory the answer is kept. */
function wholeResponse(body: ResponseBody, { file, varies }: Selection, representation: Representation): HttpResponse {
  const response = describe(new HttpResponse(200, body), representation);
  if (file instanceof HotFile && body instanceof Uint8Array && representation.download === null)
    file.prepare(representation.coding, { fieldLines: response.fieldLines, body, varies });
  return response;
}

/** The answer that was kept, for a request that asks for nothing but the file. */
function preparedResponse(request: HttpRequest, { file, storedCoding, varies }: Selection): HttpResponse | null {
  if (!(file instanceof HotFile) || !request.fields.lacks(SELECTIVE_FIELDS) || request.query !== "") return null;
  const accepted = request.fields.get("accept-encoding") ?? file.unaskedCodings;
  const coding = storedCoding ?? chooseCoding(accepted, file.codings);
  const prepared = coding === null ? undefined : file.prepared(coding);
  if (prepared === undefined || prepared.varies !== varies) return null;
  const response = new HttpResponse(200, prepared.body);
  response.fieldLines = prepared.fieldLines;
  return response;
}

function codedResponse(
  selection: Selection,
  representation: Representation,
  coding: MadeCoding,
): MaybePromise<HttpResponse> {
  const { file } = selection;
  const whole = wholeSource(file, representation);
  if (file.size > CODED_IN_MEMORY_BYTES)
    return wholeResponse(new CodedSource(whole, coding), selection, representation);
  if (file instanceof HotFile) {
    const body = file.prepared(coding)?.body ?? compress(file.bytes, coding);
    return wholeResponse(body, selection, representation);
  }
  return readWhole(whole).then(
    (bytes) => wholeResponse(compress(bytes, coding), selection, representation),
    readFailed,
  );
}

function plainResponse(
  request: HttpRequest,
  selection: Selection,
  representation: Representation,
  maxRanges: number,
): HttpResponse {
  const { file } = selection;
  const ranges = chooseRanges(request, representation, file.size, maxRanges);
  if (ranges === "unsatisfiable") {
    file.close();
    return describeSelection(plainText("The file does not have these bytes.\n", 416), representation).append(
      "Content-Range",
      unsatisfiedRange(file.size),
    );
  }
  if (ranges === "ignore")
    return wholeResponse(
      file instanceof HotFile ? file.bytes : wholeSource(file, representation),
      selection,
      representation,
    );
  const [only] = ranges;
  if (only === undefined || ranges.length > 1) return multipartResponse(ranges, representation, file);
  const body = new ClosingSource(file.range(only.from, only.length, representation.mayGrow), file);
  return describe(new HttpResponse(206, body), representation).append("Content-Range", contentRange(only, file.size));
}

/** A range is always of the identity form; whoever refuses that gets all of another (RFC 9110 14.2). */
function chooseRanges(
  request: HttpRequest,
  { coding, validators }: Representation,
  size: number,
  maxRanges: number,
): ReturnType<typeof parseRange> {
  const field = coding === "identity" && asksForRange(request) ? request.fields.get("range") : undefined;
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
  const { mayGrow } = representation;
  const pieces = ranges.flatMap((range, i) => [frame.heads[i]!, file.range(range.from, range.length, mayGrow)]);
  const body = new ClosingSource(new RangesSource([...pieces, frame.closing], frame.length), file);
  return describe(new HttpResponse(206, body), representation, byterangesType(boundary));
}

/** All of a file; the source's end closes it. */
function wholeSource(file: OpenedFile, { mayGrow }: Representation): ByteSource {
  return new ClosingSource(file.range(0, file.size, mayGrow), file);
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
