// What a folder holds, for people (HTML), for programs (JSON), or one name a line (plain text).

import type { ByteSource } from "../http/byte-source.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions } from "../http/precondition.ts";
import type { ListedEntry } from "../storage/storage.ts";
import {
  chooseCoding,
  CODED_IN_MEMORY_BYTES,
  CodedSource,
  compress,
  encodersBusy,
  type MadeCoding,
  notAcceptable,
} from "./compression.ts";
import { DIRECTORY_POLICY, directoryPage, type SortKey, type UploadTerms } from "./directory-page.ts";

const HTML = "text/html";
const JSON_TYPE = "application/json";
const TEXT = "text/plain";

/** What the query asks for. */
interface ListOrder {
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
}

/** Answers with a folder's entries. `segments` lead to it; `upload` is null when nothing can be uploaded. */
export function directoryListing(
  request: HttpRequest,
  segments: readonly string[],
  all: readonly ListedEntry[],
  upload: UploadTerms | null,
): HttpResponse {
  const parameters = new URLSearchParams(request.query);
  const order = readOrder(parameters);
  const entries = arrange(all, order);
  const type = chooseType(request, parameters);
  const body =
    type === JSON_TYPE
      ? jsonList(entries)
      : type === TEXT
        ? plainList(entries)
        : directoryPage({ segments, entries, total: all.length, ...order, upload });
  return respond(request, type, Buffer.from(body));
}

function chooseType(request: HttpRequest, parameters: URLSearchParams): string {
  if (parameters.has("json")) return JSON_TYPE;
  if (parameters.has("simple")) return TEXT;
  return preferredType(request.fields.get("accept"), [HTML, JSON_TYPE, TEXT]) ?? HTML;
}

function readOrder(parameters: URLSearchParams): ListOrder {
  const sort = parameters.get("sort");
  return {
    sort: sort === "size" || sort === "modified" ? sort : "name",
    descending: parameters.get("order") === "desc",
    filter: parameters.get("filter") ?? "",
  };
}

/** Folders first; what is equal otherwise is in the order of its names. */
function arrange(all: readonly ListedEntry[], { sort, descending, filter }: ListOrder): readonly ListedEntry[] {
  const wanted = filter.toLowerCase();
  const keyed = all
    .filter(({ name }) => wanted === "" || name.toLowerCase().includes(wanted))
    .map((entry) => ({ entry, key: nameKey(entry.name) }));
  const direction = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.entry.type !== b.entry.type) return a.entry.type === "directory" ? -1 : 1;
    const difference = sort === "name" ? 0 : a.entry[sort] - b.entry[sort];
    if (difference !== 0) return direction * difference;
    return (sort === "name" ? direction : 1) * compareText(a.key, b.key);
  });
  return keyed.map(({ entry }) => entry);
}

/** Longer numbers than these are compared as text. */
const NUMBER_DIGITS = 20;

/** A text whose plain order is that of people: letters in any case, numbers by their value. */
function nameKey(name: string): string {
  return name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(NUMBER_DIGITS, "0")) + "\0" + name;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Folders have neither size nor entity tag. */
function jsonList(entries: readonly ListedEntry[]): string {
  const lines = entries.map(({ name, type, size, modified, etag }) => {
    const isFile = type === "file";
    const time = new Date(modified).toISOString();
    return JSON.stringify({ name, type, size: isFile ? size : null, modified: time, etag: isFile ? etag : null });
  });
  return lines.length === 0 ? "[]\n" : "[\n" + lines.join(",\n") + "\n]\n";
}

function plainList(entries: readonly ListedEntry[]): string {
  return entries.map(({ name, type }) => (type === "directory" ? name + "/\n" : name + "\n")).join("");
}

function respond(request: HttpRequest, type: string, bytes: Buffer<ArrayBuffer>): HttpResponse {
  const accepted = request.fields.get("accept-encoding");
  const chosen = chooseCoding(accepted);
  if (chosen === null) return notAcceptable();
  // Weak: it stands for the list, in any coding.
  const etag = `W/"${new Bun.CryptoHasher("sha1").update(bytes).digest("base64url")}"`;
  const describe = (response: HttpResponse): HttpResponse =>
    response.set("ETag", etag).set("Cache-Control", "no-cache").set("Vary", "Accept, Accept-Encoding");
  const verdict = evaluatePreconditions(request.method, request.fields, { etag, modified: null }, Date.now());
  if (verdict === "not-modified") return describe(new HttpResponse(304));
  if (verdict === "failed") return plainText("The folder is not in the state that the request demands.\n", 412);
  const isBusy = chosen !== "identity" && bytes.length > CODED_IN_MEMORY_BYTES && !CodedSource.canBegin;
  const coding = isBusy ? chooseCoding(accepted, []) : chosen;
  if (coding === null) return encodersBusy();
  const response = new HttpResponse(200, encode(bytes, coding as MadeCoding | "identity"));
  describe(response.set("Content-Type", type === JSON_TYPE ? type : type + "; charset=utf-8"));
  if (coding !== "identity") response.set("Content-Encoding", coding);
  return type === HTML ? response.set("Content-Security-Policy", DIRECTORY_POLICY) : response;
}

function encode(bytes: Buffer<ArrayBuffer>, coding: MadeCoding | "identity"): Uint8Array | ByteSource {
  if (coding === "identity") return bytes;
  return bytes.length > CODED_IN_MEMORY_BYTES
    ? new CodedSource(new BytesSource(bytes), coding)
    : compress(bytes, coding);
}

/** Pieces of bytes that are there already: an encoder is not given everything at once. */
class BytesSource implements ByteSource {
  readonly length: number;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  read(): Uint8Array | null {
    const chunk = this.#bytes.subarray(this.#at, this.#at + CODED_IN_MEMORY_BYTES);
    this.#at += chunk.length;
    return chunk.length === 0 ? null : chunk;
  }

  close(): void {}
}
