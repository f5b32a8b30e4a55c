// `/files/{path}`: the shared folder.

import type { ByteSource, MaybePromise } from "../http/byte-source.ts";
import { type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import { isCompressible, mediaType } from "../http/media-type.ts";
import { plainText } from "../http/plain-text.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { OpenedFile, PendingWrite, ReadFault, Storage, WriteFault } from "../storage/storage.ts";
import { chooseCoding, GZIP_IN_MEMORY_BYTES, gzip, GzipSource, notAcceptable } from "./compression.ts";

const PREFIX = "/files/";
/** Data of no known kind is compressed up to here only: most of what is larger is compressed already. */
const UNKNOWN_KIND_BYTES = 1024 * 1024;

/** What the routes of the folder need. */
export interface FileHandlers {
  readonly get: Handler;
  readonly post: Handler;
}

/** The handlers over a storage; null when no directory is served. */
export function createFileHandlers(storage: Storage | null): FileHandlers {
  if (storage === null) {
    return {
      get: () => plainText("No directory is served; start mini-http with --directory DIR.\n", 404),
      post: () => plainText("No directory is served; start mini-http with --directory DIR.\n", 403),
    };
  }
  return {
    get: (request) => getFile(storage, request),
    post: (request) => postFile(storage, request),
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

function getFile(storage: Storage, request: HttpRequest): MaybePromise<HttpResponse> {
  const name = parseName(request);
  if (name instanceof HttpResponse) return name;
  const file = storage.open(name);
  if (file instanceof Promise) return file.then((opened) => answerFile(request, name, opened));
  return answerFile(request, name, file);
}

function answerFile(request: HttpRequest, name: ObjectName, file: OpenedFile | ReadFault): MaybePromise<HttpResponse> {
  if (typeof file === "string") return readFaultReply(file);
  const type = mediaType(name.base);
  const mayCompress = isCompressible(type) && (type !== "application/octet-stream" || file.size <= UNKNOWN_KIND_BYTES);
  const coding = mayCompress ? chooseCoding(request.fields.get("accept-encoding")) : "identity";
  const describe = (response: HttpResponse): HttpResponse => {
    response.set("Content-Type", type);
    return mayCompress ? response.set("Vary", "Accept-Encoding") : response;
  };
  if (coding === null) {
    file.close();
    return notAcceptable();
  }
  const content = new OwnedFile(file);
  if (coding === "identity") return describe(new HttpResponse(200, content));
  if (file.size > GZIP_IN_MEMORY_BYTES)
    return describe(new HttpResponse(200, new GzipSource(content))).set("Content-Encoding", "gzip");
  return readWhole(content).then((bytes) =>
    describe(new HttpResponse(200, gzip(bytes))).set("Content-Encoding", "gzip"),
  );
}

/** The bytes of a file that is closed with them. */
class OwnedFile implements ByteSource {
  readonly length: number;
  readonly #file: OpenedFile;
  readonly #source: ByteSource;

  constructor(file: OpenedFile) {
    this.#file = file;
    this.#source = file.read();
    this.length = file.size;
  }

  read(): MaybePromise<Uint8Array | null> {
    return this.#source.read();
  }

  close(): void {
    this.#source.close();
    this.#file.close();
  }
}

async function readWhole(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
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
