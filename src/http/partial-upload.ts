// Whether a request says that its body is only a part of a file. There are many ways to say so, and none is spoken here:
// whoever stored such a part under the final name would have half a file there, perhaps in place of a whole one.

import { splitList, trimBlanks } from "./field-syntax.ts";
import type { HttpRequest } from "./message.ts";

/** Fields that come with parts, or with an upload that begins without its content. */
const PART_FIELDS: readonly string[] = [
  "content-range", // RFC 9110 14.5; browsers' upload scripts send it with POST too
  "upload-offset", // resumable uploads: the body goes behind what is there already
  "tus-resumable", // the tus protocol: the body comes later, or in parts
  "x-content-range",
  "x-chunk-index",
  "x-chunk-number",
  "x-chunk-offset",
  "x-file-offset",
  "x-upload-offset",
  "x-upload-content-length", // a body of metadata opens a session
  "x-goog-upload-command",
  "x-goog-upload-offset",
  "oc-chunked",
  "oc-chunk-offset",
];

/** Structured booleans of the resumable upload drafts, and the value that says that this is all. */
const WHOLE_WHEN: readonly (readonly [name: string, whole: string])[] = [
  ["upload-complete", "?1"],
  ["upload-incomplete", "?0"],
];

/** The parameters of object stores for a part of an upload, or a block of it. */
const PART_PARAMETERS: readonly string[] = ["partNumber", "uploadId", "uploads", "blockid"];

/**
 * In how many parts upload scripts (Dropzone, Resumable.js, Flow.js, Fine Uploader, Plupload) send one file: a field of
 * each form, or a parameter where the body is the bytes alone.
 */
const TOTAL_NAMES: ReadonlySet<string> = new Set([
  "dztotalchunkcount",
  "resumableTotalChunks",
  "flowTotalChunks",
  "qqtotalparts",
  "chunks",
]);
const IN_ONE = /^[01]?$/;

/** The kind of an upload that only opens a session: the body is about the file, and not the file. */
const SESSION_KIND = "resumable";

/** True for the field of a form whose value `isPartOfForm` has to see. */
export function countsParts(name: string): boolean {
  return TOTAL_NAMES.has(name);
}

/** Whether such a field says that the file beside it is only a part. */
export function isPartOfForm(value: string): boolean {
  return !IN_ONE.test(value);
}

/** True also when the request says it in a way that cannot be read: a guess would cost a file. */
export function isPartOfUpload({ fields, query }: HttpRequest): boolean {
  if (PART_FIELDS.some((name) => fields.get(name) !== undefined)) return true;
  const isOpen = WHOLE_WHEN.some(([name, whole]) => {
    const value = fields.get(name);
    return value !== undefined && !splitList(value).every((member) => itemOf(member) === whole);
  });
  if (isOpen || query === "") return isOpen;
  const parameters = new URLSearchParams(query);
  if (parameters.get("uploadType") === SESSION_KIND) return true;
  return (
    PART_PARAMETERS.some((name) => parameters.has(name)) ||
    [...parameters].some(([name, value]) => countsParts(name) && isPartOfForm(value))
  );
}

/** A structured item without its parameters (RFC 8941 3.3). */
function itemOf(member: string): string {
  const mark = member.indexOf(";");
  return trimBlanks(mark < 0 ? member : member.slice(0, mark));
}
