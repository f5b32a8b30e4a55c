// What comes into the folder: one body to one name, or the files of a form to a folder. The refusals come before the
// body is read, so that a polite client never sends one in vain.

import { type GivingSource, type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import type { FieldSection } from "../http/field-section.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import type { PartBegin } from "../http/form-part.ts";
import { NAMELESS_FILE, PART_OF_FILE } from "../http/form-refusal.ts";
import { FormDataParser } from "../http/form-data.ts";
import { boundaryOf, isFormData } from "../http/form-type.ts";
import { preferredType } from "../http/negotiation.ts";
import { countsParts, isPartOfForm } from "../http/partial-upload.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions } from "../http/precondition.ts";
import type { Refusal } from "../http/refusal.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { Condition, Storage, Stored, Upload, WriteFault, WritePlan } from "../storage/storage.ts";
import { tagsOf } from "./file-representation.ts";
import { unfitBody, unfitFile } from "./unfit-upload.ts";
import { locationBelow, SAME_FOLDER } from "./location.ts";
import { type WriteTerms, writeTerms } from "./permitted.ts";
import { sentReply } from "./drop-box.ts";
import { inPart, newNameRefused, writeRefused } from "./replies.ts";

/** What to do when an upload's name is taken. */
export type OnDuplicate = "overwrite" | "error" | "rename";

/** How files come in. */
export interface UploadSettings {
  readonly rules: NameRules;
  readonly onDuplicate: OnDuplicate;
  /** A drop box: the answer does not tell which names exist. */
  readonly uploadOnly: boolean;
  readonly maxFormParts: number;
}

/** The query's word for what to do with a name that is taken, in place of the server's. */
const WAY_PARAMETER = "on-duplicate";

/**
 * With what the request asks for: whoever may replace a file may leave it alone, and nobody may do more than the server.
 * PUT makes what it names (RFC 9110 9.3.4), so it is refused where another name is asked for.
 */
function withOwnWay({ method, query }: HttpRequest, settings: UploadSettings): UploadSettings {
  if (query === "" || settings.uploadOnly) return settings;
  const way = new URLSearchParams(query).get(WAY_PARAMETER);
  if (way !== "rename" && way !== "error") return settings;
  return { ...settings, onDuplicate: method === "PUT" ? "error" : way };
}

const CONDITIONAL_FIELDS = ["if-match", "if-none-match", "if-unmodified-since"];

/** The preconditions of a request that changes something; null when it has none. Any coding's tag names the version. */
export function conditionOf(method: string, fields: FieldSection): Condition | null {
  if (!CONDITIONAL_FIELDS.some((name) => fields.get(name) !== undefined)) return null;
  return (now) => {
    const isFile = now?.type === "file";
    const current = isFile ? { etag: now.etag, alternatives: tagsOf(now.etag), modified: now.modified } : null;
    return evaluatePreconditions(method, fields, current, Date.now()) === "proceed";
  };
}

/** PUT and POST to a name: the body becomes the file. */
export async function storeBody(
  storage: Storage,
  name: ObjectName,
  request: HttpRequest,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const terms = writeTerms(request, name, withOwnWay(request, settings));
  if (terms === null) return request.permission!.refuse("create");
  const refused = unfitFile(request);
  if (refused !== null) return refused;
  const { body, method } = request;
  const upload = storage.upload(request.peer);
  try {
    const plan = planOf(name, request, body === null ? 0 : body.length, terms);
    const fault =
      (await upload.add(plan)) ?? (body === null ? null : await fill(upload, body)) ?? (await upload.finish());
    if (fault !== null) return faultReply(fault, terms, request);
    const stored = await upload.commit();
    if (typeof stored === "string") return faultReply(stored, terms, request);
    return storedReply(stored[0]!, method === "PUT" && !terms.settings.uploadOnly, terms.settings);
  } finally {
    // A body that fails leaves nothing behind, and so does a fault of ours.
    await upload.abort();
  }
}

/** Where only a right was missing, that is what the client is told. */
function faultReply(
  fault: WriteFault,
  { mayCreate, mayReplace }: WriteTerms,
  { permission }: HttpRequest,
): HttpResponse {
  if (permission === null) return writeRefused(fault);
  if (fault === "exists" && !mayReplace) return permission.refuse("write");
  return fault === "precondition" && !mayCreate ? permission.refuse("create") : writeRefused(fault);
}

function planOf(name: ObjectName, request: HttpRequest, length: number, terms: WriteTerms): WritePlan {
  return {
    name,
    length,
    onExisting: onExisting(request, terms),
    condition: terms.settings.uploadOnly ? blindCondition(request) : ownCondition(request, terms),
  };
}

function onExisting({ method }: HttpRequest, { mayReplace, mayRename, settings }: WriteTerms): WritePlan["onExisting"] {
  const { onDuplicate, uploadOnly } = settings;
  // PUT names the resource that it makes, so nothing else may be made of it (RFC 9110 9.3.4).
  const isDuplicate = onDuplicate === "rename" && method === "POST";
  if (mayRename && uploadOnly) return "conceal";
  if (mayRename && isDuplicate) return "rename";
  return isDuplicate || onDuplicate === "error" || !mayReplace ? "refuse" : "replace";
}

/** Whoever may only replace needs something that is there. */
function ownCondition({ method, fields }: HttpRequest, { mayCreate }: WriteTerms): Condition | null {
  const condition = conditionOf(method, fields);
  if (mayCreate) return condition;
  return (now) => now?.type === "file" && (condition === null || condition(now));
}

/** In a drop box nothing is there, as far as a client can tell. */
function blindCondition({ method, fields }: HttpRequest): Condition | null {
  const condition = conditionOf(method, fields);
  return condition === null ? null : () => condition(null);
}

/** Writes the body as it comes; its chunks are ours to give away. */
async function fill(upload: Upload, body: GivingSource): Promise<WriteFault | null> {
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      const fault = await upload.write(chunk);
      if (fault !== null) return fault;
    }
    return null;
  } finally {
    body.close();
  }
}

function storedReply(stored: Stored, mayReplace: boolean, { uploadOnly }: UploadSettings): HttpResponse {
  const response = new HttpResponse(mayReplace && !stored.isNew ? 204 : 201);
  return uploadOnly
    ? response
    : response.append("Location", locationBelow([stored.name.base])).append("ETag", stored.etag);
}

// ── Forms ──

/** POST of a form to a folder: its files appear together, or none of them does. */
export async function storeForm(
  storage: Storage,
  folder: ObjectName,
  request: HttpRequest,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const refused = unfitBody(request);
  if (refused !== null) return refused;
  const contentType = request.fields.get("content-type") ?? "";
  if (!isFormData(contentType))
    return plainText("A folder takes files as multipart/form-data; send any other body to a name in it.\n", 415);
  const boundary = boundaryOf(contentType);
  if (boundary === null) return plainText("The form's Content-Type has no boundary that can be read.\n", 400);
  if (request.body === null) return plainText("The form is empty.\n", 400);
  const upload = storage.upload(request.peer);
  try {
    const form = new FormUpload(upload, folder, request, withOwnWay(request, settings));
    const refusal = await form.take(new FormDataParser(boundary, settings.maxFormParts), request.body);
    if (refusal !== null) return refusal;
    const stored = await upload.commit();
    if (typeof stored === "string") return faultReply(stored, form.terms, request);
    return formReply(request, folder, stored, form.terms.settings);
  } finally {
    await upload.abort();
  }
}

/** Of a field that counts the parts of a file: one digit too many is enough to know. */
const MOST_TOTAL_CHARS = 8;

/** Stages the files of one form. */
class FormUpload {
  readonly #upload: Upload;
  readonly #folder: ObjectName;
  readonly #request: HttpRequest;
  readonly #settings: UploadSettings;
  /** The part in hand, counted from 1, and the name that it came with. */
  #part = 0;
  #filename: string | undefined;
  #isInFile = false;
  /** The value of a field that counts the parts of a file, as far as it has come; null in every other part. */
  #total: string | null = null;
  #files = 0;
  /** What holds for all files that have come: the narrowest of their terms. */
  terms: WriteTerms;

  constructor(upload: Upload, folder: ObjectName, request: HttpRequest, settings: UploadSettings) {
    this.#upload = upload;
    this.#folder = folder;
    this.#request = request;
    this.#settings = settings;
    this.terms = { mayCreate: true, mayReplace: true, mayRename: true, settings };
  }

  /** Stages the whole body. Gives the refusal, or null. */
  async take(parser: FormDataParser, body: GivingSource): Promise<HttpResponse | null> {
    try {
      for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
        parser.feed(chunk);
        const reply = await this.#takeEvents(parser);
        // The client learns it now, not when it has sent more.
        if (reply !== null) return reply;
      }
    } finally {
      body.close();
    }
    const refusal = parser.finish();
    if (refusal !== null) return refusalOf(refusal);
    return this.#files === 0 ? plainText("The form holds no file.\n", 400) : null;
  }

  async #takeEvents(parser: FormDataParser): Promise<HttpResponse | null> {
    for (let event = parser.next(); event !== null; event = parser.next()) {
      switch (event.kind) {
        case "part-begin": {
          const reply = await this.#begin(event);
          if (reply !== null) return this.#named(reply);
          break;
        }
        case "part-data": {
          const fault = this.#isInFile ? await this.#upload.write(event.bytes) : null;
          if (fault !== null) return this.#named(writeRefused(fault));
          const refusal = this.#isInFile ? null : this.#takeField(event.bytes);
          if (refusal !== null) return this.#named(refusalOf(refusal));
          break;
        }
        case "part-end": {
          const fault = this.#isInFile ? await this.#upload.finish() : null;
          if (fault !== null) return this.#named(writeRefused(fault));
          if (this.#total !== null && isPartOfForm(this.#total)) return this.#named(refusalOf(PART_OF_FILE));
          this.#isInFile = false;
          break;
        }
        case "refused":
          return event.part === null
            ? refusalOf(event.refusal)
            : inPart(event.part, undefined, refusalOf(event.refusal));
      }
    }
    return null;
  }

  /** Other fields of the form, and file inputs that were left empty, are read and forgotten. */
  async #begin({ name: field, filename }: PartBegin): Promise<HttpResponse | null> {
    this.#part += 1;
    this.#filename = filename;
    this.#total = filename === undefined && countsParts(field) ? "" : null;
    if (filename === undefined || filename === "") return null;
    const name = this.#folder.join(filename.split("/"), this.#settings.rules);
    if (!(name instanceof ObjectName)) return newNameRefused(name);
    const terms = writeTerms(this.#request, name, this.#settings);
    if (terms === null) return this.#request.permission!.refuse("create");
    this.#narrow(terms);
    const fault = await this.#upload.add(planOf(name, this.#request, UNKNOWN_LENGTH, terms));
    if (fault !== null) return faultReply(fault, terms, this.#request);
    this.#isInFile = true;
    this.#files += 1;
    return null;
  }

  #narrow({ mayCreate, mayReplace, mayRename, settings }: WriteTerms): void {
    this.terms = {
      mayCreate: this.terms.mayCreate && mayCreate,
      mayReplace: this.terms.mayReplace && mayReplace,
      mayRename: this.terms.mayRename && mayRename,
      settings: settings.uploadOnly ? settings : this.terms.settings,
    };
  }

  /** Content that no file gets. */
  #takeField(bytes: Uint8Array): Refusal | null {
    if (this.#filename === "") return NAMELESS_FILE;
    const room = MOST_TOTAL_CHARS - (this.#total?.length ?? MOST_TOTAL_CHARS);
    if (this.#total !== null) this.#total += Buffer.from(bytes.subarray(0, room)).toString("latin1");
    return null;
  }

  #named(reply: HttpResponse): HttpResponse {
    return inPart(this.#part, this.#filename, reply);
  }
}

function refusalOf({ reason, status }: Refusal): HttpResponse {
  return plainText(reason + "\n", status);
}

/** A browser that posted a form without scripts goes back to the folder; a program learns the names. */
function formReply(
  request: HttpRequest,
  folder: ObjectName,
  stored: readonly Stored[],
  { uploadOnly }: UploadSettings,
): MaybePromise<HttpResponse> {
  if (uploadOnly) return sentReply(request, stored.length, folder.segments.length);
  const type = preferredType(request.fields.get("accept"), ["text/plain", "text/html"]);
  if (type === "text/html") return new HttpResponse(303).append("Location", SAME_FOLDER);
  const names = stored.map(({ name }) => name.path + "\n").join("");
  const below = (name: ObjectName): string => locationBelow(name.segments.slice(folder.segments.length));
  return new HttpResponse(201, Buffer.from(names))
    .append("Content-Type", "text/plain; charset=utf-8")
    .append("Location", stored.length === 1 ? below(stored[0]!.name) : SAME_FOLDER);
}
