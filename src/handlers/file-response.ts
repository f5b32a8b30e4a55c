// The answer to a read of a file, in the order that RFC 9110 fixes: which representation, then the preconditions, then the
// ranges. The parts depend on each other, so the order stands in one place.

import type { MaybePromise } from "../http/byte-source.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { ClosingSource, readWhole } from "../http/sources.ts";
import type { OpenedFile } from "../storage/storage.ts";
import {
  CODED_IN_MEMORY_BYTES,
  CodedSource,
  compress,
  encodersBusy,
  type MadeCoding,
  notAcceptable,
} from "./compression.ts";
import {
  type FileRepresentation,
  type FileResponseSettings,
  type RequestedFile,
  selectRepresentation,
} from "./file-representation.ts";
import { readFailed } from "./replies.ts";
import { preconditionResponse, type RangedContent, representationResponse } from "./representation.ts";

/**
 * Answers with the file. `mayEncode`: whether an encoder may be used; without one the identity form is the representation,
 * tags and all.
 */
export function fileResponse(
  request: HttpRequest,
  requested: RequestedFile,
  settings: FileResponseSettings,
  mayEncode = true,
): MaybePromise<HttpResponse> {
  const { file } = requested;
  const selected = selectRepresentation(request, requested, settings, mayEncode);
  if (!("coding" in selected)) {
    file.close();
    return mayEncode ? notAcceptable(selected) : encodersBusy();
  }
  const early = preconditionResponse(request, selected, "file");
  if (early !== null) {
    file.close();
    return early;
  }
  if (selected.isStored)
    return kept(
      requested,
      selected,
      representationResponse(request, selected, contentOf(file, selected), settings.maxRanges),
    );
  if (file.size > CODED_IN_MEMORY_BYTES && !CodedSource.canBegin)
    return fileResponse(request, requested, settings, false);
  return codedResponse(request, requested, selected, selected.coding as MadeCoding);
}

function codedResponse(
  request: HttpRequest,
  requested: RequestedFile,
  selected: FileRepresentation,
  coding: MadeCoding,
): MaybePromise<HttpResponse> {
  const { file, hot } = requested;
  const respond = (body: Uint8Array | CodedSource): HttpResponse =>
    kept(requested, selected, representationResponse(request, selected, body));
  if (hot !== null && file.size <= CODED_IN_MEMORY_BYTES)
    return respond(hot.bodyIn(coding) ?? compress(hot.bytes, coding));
  const whole = new ClosingSource(file.range(0, file.size, selected.mayGrow), file);
  if (file.size > CODED_IN_MEMORY_BYTES) return respond(new CodedSource(whole, coding));
  return readWhole(whole).then((bytes) => respond(compress(bytes, coding)), readFailed);
}

/** Of a file that may grow, its bytes as they are at one moment of the transfer will do. */
function contentOf(file: OpenedFile, { mayGrow }: FileRepresentation): RangedContent {
  if (!mayGrow) return file;
  const { size } = file;
  return { size, range: (from, length) => file.range(from, length, true), close: () => file.close() };
}

/** The response, which is remembered when it is the whole of a file in memory. */
function kept(
  { hot, varies }: RequestedFile,
  { coding, isDownload }: FileRepresentation,
  response: HttpResponse,
): HttpResponse {
  const { status, body, fieldLines } = response;
  if (status === 200 && body instanceof Uint8Array && !isDownload) hot?.prepare(coding, { fieldLines, body, varies });
  return response;
}
