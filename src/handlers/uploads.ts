// What comes into the folder: one body to one name, or the files of a form to a folder. The refusals come before the
// body is read, so that a polite client never sends one in vain.

import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import type { FieldSection } from "../http/message.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { boundaryOf, FormDataParser, isFormData } from "../http/multipart.ts";
import { preferredType } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";
import { evaluatePreconditions } from "../http/precondition.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { Condition, PendingWrite, Storage, Stored, WriteFault, WritePlan } from "../storage/storage.ts";
import { tagsOf } from "./file-response.ts";
import { locationBelow, SAME_FOLDER } from "./location.ts";
import { newNameRefused, writeRefused } from "./replies.ts";

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
  const refused = refuseFields(request);
  if (refused !== null) return refused;
  const { body, method } = request;
  const pending = await storage.begin(planOf(name, request, body === null ? 0 : body.length, settings));
  if (typeof pending === "string") return writeRefused(pending);
  try {
    const fault = (body === null ? null : await fill(pending, body)) ?? (await pending.seal());
    if (fault !== null) {
      await pending.abort();
      return writeRefused(fault);
    }
  } catch (error) {
    // A body that fails leaves nothing behind, and so does a fault of ours.
    await pending.abort();
    throw error;
  }
  const stored = await storage.commit([pending]);
  if (typeof stored === "string") return writeRefused(stored);
  return storedReply(stored[0]!, method === "PUT" && !settings.uploadOnly, settings);
}

/** What would make the stored bytes mean something else than the sender meant. */
function refuseFields({ fields, method }: HttpRequest): HttpResponse | null {
  if (method === "PUT" && fields.get("content-range") !== undefined)
    return plainText("A part of a file cannot be put in its place; send the whole file.\n", 400);
  const coding = fields.get("content-encoding");
  if (coding !== undefined && coding.toLowerCase() !== "identity")
    return plainText("Files are stored as they are; send the file without Content-Encoding.\n", 415).set(
      "Accept-Encoding",
      "identity",
    );
  return null;
}

function planOf(name: ObjectName, request: HttpRequest, length: number, settings: UploadSettings): WritePlan {
  const { onDuplicate, uploadOnly } = settings;
  // PUT names the resource that it makes, so nothing else may be made of it (RFC 9110 9.3.4).
  const isRenamed = onDuplicate === "rename" && request.method === "POST";
  return {
    name,
    length,
    onExisting: uploadOnly ? "conceal" : isRenamed ? "rename" : onDuplicate === "error" ? "refuse" : "replace",
    condition: uploadOnly ? blindCondition(request) : conditionOf(request.method, request.fields),
  };
}

/** In a drop box nothing is there, as far as a client can tell. */
function blindCondition({ method, fields }: HttpRequest): Condition | null {
  const condition = conditionOf(method, fields);
  return condition === null ? null : () => condition(null);
}

/** Writes the body as it comes. */
async function fill(pending: PendingWrite, body: ByteSource): Promise<WriteFault | null> {
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      const fault = await pending.write(chunk);
      if (fault !== null) return fault;
    }
    return null;
  } finally {
    body.close();
  }
}

function storedReply(stored: Stored, mayReplace: boolean, { uploadOnly }: UploadSettings): HttpResponse {
  const response = new HttpResponse(mayReplace && !stored.isNew ? 204 : 201);
  return uploadOnly ? response : response.set("Location", locationBelow([stored.name.base])).set("ETag", stored.etag);
}

// ── Forms ──

/** POST of a form to a folder: its files appear together, or none of them does. */
export async function storeForm(
  storage: Storage,
  folder: ObjectName,
  request: HttpRequest,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const contentType = request.fields.get("content-type") ?? "";
  if (!isFormData(contentType))
    return plainText("A folder takes files as multipart/form-data; send any other body to a name in it.\n", 415);
  const boundary = boundaryOf(contentType);
  if (boundary === null) return plainText("The form's Content-Type has no boundary that can be read.\n", 400);
  const refused = refuseFields(request);
  if (refused !== null) return refused;
  if (request.body === null) return plainText("The form is empty.\n", 400);
  const form = new FormUpload(storage, folder, request, settings);
  const parser = new FormDataParser(boundary, settings.maxFormParts);
  const reply = await form.take(parser, request.body);
  if (reply !== null) return reply;
  const stored = await storage.commit(form.writes);
  if (typeof stored === "string") return writeRefused(stored);
  return formReply(request, folder, stored, settings);
}

/** The files of one form, staged. */
class FormUpload {
  readonly writes: PendingWrite[] = [];
  readonly #storage: Storage;
  readonly #folder: ObjectName;
  readonly #request: HttpRequest;
  readonly #settings: UploadSettings;
  /** The part in hand; null for a part that is no file. */
  #current: PendingWrite | null = null;

  constructor(storage: Storage, folder: ObjectName, request: HttpRequest, settings: UploadSettings) {
    this.#storage = storage;
    this.#folder = folder;
    this.#request = request;
    this.#settings = settings;
  }

  /** Stages the whole body. Gives the refusal, with which nothing is left, or null. */
  async take(parser: FormDataParser, body: ByteSource): Promise<HttpResponse | null> {
    let reply: HttpResponse | null = null;
    try {
      for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
        parser.feed(chunk);
        reply = await this.#takeEvents(parser);
        // The client learns it now, not when it has sent more.
        if (reply !== null) break;
      }
      const refusal = reply === null ? parser.finish() : null;
      if (refusal !== null) reply = plainText(refusal.reason + "\n", refusal.status);
      if (reply === null && this.writes.length === 0) reply = plainText("The form holds no file.\n", 400);
    } catch (error) {
      await this.#abort();
      throw error;
    } finally {
      body.close();
    }
    if (reply !== null) await this.#abort();
    return reply;
  }

  async #takeEvents(parser: FormDataParser): Promise<HttpResponse | null> {
    for (let event = parser.next(); event !== null; event = parser.next()) {
      switch (event.kind) {
        case "part-begin": {
          const reply = await this.#begin(event.filename);
          if (reply !== null) return reply;
          break;
        }
        case "part-data": {
          const fault = this.#current === null ? null : await this.#current.write(event.bytes);
          if (fault !== null) return writeRefused(fault);
          break;
        }
        case "part-end": {
          const fault = this.#current === null ? null : await this.#current.seal();
          if (fault !== null) return writeRefused(fault);
          this.#current = null;
          break;
        }
        case "refused":
          return plainText(event.refusal.reason + "\n", event.refusal.status);
      }
    }
    return null;
  }

  /** Other fields of the form, and file inputs that were left empty, are read and forgotten. */
  async #begin(filename: string | undefined): Promise<HttpResponse | null> {
    if (filename === undefined || filename === "") return null;
    const name = this.#folder.join(filename.split("/"), this.#settings.rules);
    if (!(name instanceof ObjectName)) return newNameRefused(name);
    const pending = await this.#storage.begin(planOf(name, this.#request, UNKNOWN_LENGTH, this.#settings));
    if (typeof pending === "string") return writeRefused(pending);
    this.writes.push(pending);
    this.#current = pending;
    return null;
  }

  async #abort(): Promise<void> {
    await Promise.all(this.writes.map((write) => write.abort()));
  }
}

/** A browser that posted a form without scripts goes back to the folder; a program learns the names. */
function formReply(
  request: HttpRequest,
  folder: ObjectName,
  stored: readonly Stored[],
  { uploadOnly }: UploadSettings,
): HttpResponse {
  const type = preferredType(request.fields.get("accept"), ["text/plain", "text/html"]);
  if (type === "text/html" && !uploadOnly) return new HttpResponse(303).set("Location", SAME_FOLDER);
  if (uploadOnly) return plainText("Stored.\n", 201);
  const names = stored.map(({ name }) => name.path + "\n").join("");
  const below = (name: ObjectName): string => locationBelow(name.segments.slice(folder.segments.length));
  return new HttpResponse(201, Buffer.from(names))
    .set("Content-Type", "text/plain; charset=utf-8")
    .set("Location", stored.length === 1 ? below(stored[0]!.name) : SAME_FOLDER);
}
