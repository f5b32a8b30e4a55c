// `/files/{path}`: the shared folder.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { OpenedFile, PendingWrite, ReadFault, Storage, WriteFault } from "../storage/storage.ts";
import { fileResponse, type FileResponseSettings } from "./file-response.ts";

const PREFIX = "/files/";

/** What the routes of the folder need. */
export interface FileHandlers {
  readonly get: Handler;
  readonly post: Handler;
}

/** The handlers over a storage; null when no directory is served. */
export function createFileHandlers(storage: Storage | null, settings: FileResponseSettings): FileHandlers {
  if (storage === null) {
    return {
      get: () => plainText("No directory is served; start mini-http with --directory DIR.\n", 404),
      post: () => plainText("No directory is served; start mini-http with --directory DIR.\n", 403),
    };
  }
  return {
    get: (request) => getFile(storage, request, settings),
    post: settings.readOnly
      ? () => plainText("This folder is read-only.\n", 403)
      : (request) => postFile(storage, request),
  };
}

/** The raw path counts here: an encoded slash is no separator. */
function parseName(request: HttpRequest): ObjectName | HttpResponse {
  const raw = request.rawPath;
  // Another spelling of the prefix, such as /%66iles/, reaches this route too.
  const name = ObjectName.parse(raw.slice(raw.indexOf("/", 1) + 1));
  if (name === "bad") return plainText("This is no name for a file: it could mean another place.\n", 400);
  return name === "missing" ? notFound() : name;
}

function notFound(): HttpResponse {
  return plainText("There is no such file.\n", 404);
}

// ── Reading ──

function getFile(storage: Storage, request: HttpRequest, settings: FileResponseSettings): MaybePromise<HttpResponse> {
  const name = parseName(request);
  if (name instanceof HttpResponse) return name;
  const file = storage.open(name);
  if (file instanceof Promise) return file.then((opened) => answerFile(request, name, opened, settings));
  return answerFile(request, name, file, settings);
}

function answerFile(
  request: HttpRequest,
  name: ObjectName,
  file: OpenedFile | ReadFault,
  settings: FileResponseSettings,
): MaybePromise<HttpResponse> {
  return typeof file === "string" ? readFaultReply(file) : fileResponse(request, name.base, file, settings);
}

function readFaultReply(fault: ReadFault): HttpResponse {
  switch (fault) {
    case "missing":
    case "directory":
      return notFound();
    case "not-allowed":
      return plainText("The server has no permission to read this file.\n", 403);
    case "no-descriptors":
      return busy();
  }
}

// ── Writing ──

function postFile(storage: Storage, request: HttpRequest): MaybePromise<HttpResponse> {
  if (request.rawPath.endsWith("/"))
    return plainText("A folder takes no such body; POST it to " + PREFIX + "NAME.\n", 415);
  const name = parseName(request);
  if (name instanceof HttpResponse) return name;
  return store(storage, name, request.body);
}

async function store(storage: Storage, name: ObjectName, body: ByteSource | null): Promise<HttpResponse> {
  const pending = await storage.begin(name);
  if (typeof pending === "string") return writeFaultReply(pending);
  const fault = body === null ? null : await fill(pending, body);
  if (fault !== null) {
    pending.abort();
    return writeFaultReply(fault);
  }
  const refused = await pending.commit();
  return refused === null ? new HttpResponse(201) : writeFaultReply(refused);
}

/** Writes the body as it comes. A body that fails leaves nothing behind. */
async function fill(pending: PendingWrite, body: ByteSource): Promise<WriteFault | null> {
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      const fault = await pending.write(chunk);
      if (fault !== null) return fault;
    }
    return null;
  } catch (error) {
    pending.abort();
    throw error;
  } finally {
    body.close();
  }
}

function writeFaultReply(fault: WriteFault): HttpResponse {
  switch (fault) {
    case "no-space":
      return plainText("The disk is full.\n", 507);
    case "too-large":
      return plainText("The file would be over the system's size limit.\n", 413);
    case "is-directory":
      return plainText("A folder has this name.\n", 409);
    case "not-a-directory":
      return plainText("A file stands where this path needs a folder.\n", 409);
    case "not-allowed":
      return plainText("The server may not write here.\n", 403);
    case "bad-name":
      return plainText("The name is longer than the file system allows.\n", 400);
    case "no-descriptors":
      return busy();
  }
}

function busy(): HttpResponse {
  return plainText("The server has too many files open; try again in a moment.\n", 503).set("Retry-After", 1);
}
