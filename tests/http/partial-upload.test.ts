// Which requests say that they bring only a part of a file.

import { describe, expect, test } from "bun:test";
import { isPartOfUpload } from "../../src/http/partial-upload.ts";
import { requestOf } from "../support/request.ts";

const cases: [why: string, fields: Record<string, string>, query: string, isPart: boolean][] = [
  ["nothing", {}, "", false],
  ["a plain upload", { "content-type": "text/plain", "content-length": "3" }, "download", false],
  ["Content-Range", { "content-range": "bytes 0-1/9" }, "", true],
  ["Content-Range that is malformed", { "content-range": "x" }, "", true],
  ["an upload that goes on", { "upload-complete": "?0", "upload-draft-interop-version": "6" }, "", true],
  ["an upload that is whole", { "upload-complete": "?1", "upload-draft-interop-version": "6" }, "", false],
  ["an upload that is whole, with a parameter", { "upload-complete": "?1;a=b" }, "", false],
  ["an upload that says both", { "upload-complete": "?1, ?0" }, "", true],
  ["an upload that says neither", { "upload-complete": "yes" }, "", true],
  ["an empty value", { "upload-complete": "" }, "", true],
  ["an older draft's part", { "upload-incomplete": "?1" }, "", true],
  ["an older draft's whole", { "upload-incomplete": "?0" }, "", false],
  ["the end of an upload", { "upload-complete": "?1", "upload-offset": "100" }, "", true],
  ["tus, without a length", { "tus-resumable": "1.0.0", "upload-defer-length": "1" }, "", true],
  ["a script's chunk", { "x-chunk-index": "0" }, "", true],
  ["a session of another store", { "x-upload-content-length": "100" }, "uploadType=resumable", true],
  ["a part of an object", {}, "partNumber=2&uploadId=x", true],
  ["the begin of an object in parts", {}, "uploads", true],
  ["a block of an object", {}, "comp=block&blockid=AAA%3D", true],
  ["a chunk of Resumable.js, its body as it is", {}, "resumableChunkNumber=1&resumableTotalChunks=3", true],
  ["a chunk of Flow.js", {}, "flowChunkNumber=2&flowTotalChunks=3&flowFilename=a", true],
  ["a chunk of Plupload", {}, "name=a&chunk=0&chunks=2", true],
  ["all of a file by Plupload", {}, "name=a&chunk=0&chunks=1", false],
  ["all of a file, and a part by a second count", {}, "chunks=1&chunks=2", true],
  ["a count that cannot be read", {}, "chunks=many", true],
  ["a session that begins", {}, "uploadType=resumable&name=a", true],
  ["an upload in one request", {}, "uploadType=media&name=a", false],
  ["another parameter", {}, "partnumbers=2", false],
];

describe("isPartOfUpload", () => {
  test.each(cases)("%s", (_why, fields, query, isPart) => {
    const target = query === "" ? "/files/a" : "/files/a?" + query;
    expect(isPartOfUpload(requestOf("PUT", target, fields))).toBe(isPart);
  });
});
