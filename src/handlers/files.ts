// `/files/{path}`: the shared folder. Here requests find their name and what may be done with it.

import { ContentChanged, type MaybePromise } from "../http/byte-source.ts";
import { mediaType } from "../http/media-type.ts";
import { type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import type { Resource, Routes } from "../http/routes.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { OpenedFile, ReadFault, Storage } from "../storage/storage.ts";
import type { UploadTerms } from "./directory-page.ts";
import { readContentType } from "./content-type.ts";
import { fileResponse } from "./file-response.ts";
import { HOT_FILE_BYTES, HotFile, HotFiles } from "./hot-files.ts";
import { redirectToFolder } from "./location.ts";
import { isOnTheWay, unpermitted, unpermittedFolder, writeTerms } from "./permitted.ts";
import { nameRefused, newNameRefused, notFound, readRefused, unsteady, writeRefused } from "./replies.ts";
import type { FileResponseSettings } from "./representation.ts";
import { findStoredForms, NOTHING_STORED } from "./stored-forms.ts";
import { conditionOf, storeBody, storeForm, type UploadSettings } from "./uploads.ts";

/** How the folder is served. */
export interface FileHandlerSettings extends FileResponseSettings, UploadSettings {
  readonly rules: NameRules;
  /** Folders may be listed. */
  readonly listing: boolean;
  /** A folder's index.html stands for the folder. */
  readonly index: boolean;
  /** Files beside a file may be its coded forms. */
  readonly precompressed: boolean;
  readonly allowDelete: boolean;
  /** For the page, which tells people before they send. */
  readonly maxBodyBytes: number;
}

/** Where the folder is; `/files` without its slash leads there. */
const FOLDER = "/files";
const NAMES = FOLDER + "/{path}";

/** The routes over a storage; null when no directory is served. */
export function createFileHandlers(storage: Storage | null, settings: FileHandlerSettings): Routes {
  if (storage === null) {
    const refuse = (status: number) => () =>
      plainText("No directory is served; start mini-http with --directory DIR.\n", status);
    const [read, write] = [refuse(404), refuse(403)];
    return folderRoutes(read, { GET: read, POST: write, PUT: write, DELETE: write });
  }
  const reader = new FileReader(storage, settings);
  const { readOnly, uploadOnly, allowDelete } = settings;
  const forbid = (line: string) => () => plainText(line + "\n", 403);
  const dropBox = forbid("This is a drop box: files can be sent here with PUT or POST, and not be read.");
  const readOnlyRefusal = forbid("This folder is read-only.");
  const refuseDelete = forbid("Files cannot be deleted here; --allow-delete allows it.");
  return folderRoutes(uploadOnly ? dropBox : redirectToFolder, {
    GET: uploadOnly ? dropBox : (request, raw) => reader.answer(request, raw),
    POST: readOnly ? readOnlyRefusal : (request, raw) => post(storage, request, raw, settings),
    PUT: readOnly ? readOnlyRefusal : (request, raw) => put(storage, request, raw, settings),
    DELETE: allowDelete && !uploadOnly ? (request, raw) => remove(storage, request, raw, settings) : refuseDelete,
  });
}

/** The raw path counts, since an encoded slash is no separator. */
function folderRoutes(redirect: Handler, handlers: Resource): Routes {
  return { [FOLDER]: { access: "private", GET: redirect }, [NAMES]: { access: "private", rest: "raw", ...handlers } };
}

function isFolderPath(raw: string): boolean {
  return raw === "" || raw.endsWith("/");
}

// ── Reading ──

/** Tries to read a small file that changes under the reader. */
const MOST_TRIES = 3;
/** Small files that may not be kept in memory are read whole up to here: a broken read can be tried again then. */
const WHOLE_READ_BYTES = 64 * 1024;
/** The same for files that do not tell their size, such as those of the kernel. */
const MOST_SIZELESS_BYTES = 16 * 1024 * 1024;
/** Answers reads of files and folders. */
class FileReader {
  readonly #storage: Storage;
  readonly #settings: FileHandlerSettings;
  readonly #hotFiles: HotFiles;

  constructor(storage: Storage, settings: FileHandlerSettings) {
    this.#storage = storage;
    this.#settings = settings;
    this.#hotFiles = new HotFiles(storage);
  }

  answer(request: HttpRequest, raw: string): MaybePromise<HttpResponse> {
    // Only a name without escapes is its own decoded form, and only names that passed the gate are in memory. Rights are
    // asked of names that were taken apart.
    const isWayward = this.#settings.precompressed || raw.includes("%") || request.permission !== null;
    const hot = isWayward ? null : this.#hotFiles.find(raw, request.peer);
    if (hot instanceof Promise) return hot.then((file) => this.#answerRaw(request, raw, file));
    return this.#answerRaw(request, raw, hot);
  }

  #answerRaw(request: HttpRequest, raw: string, hot: HotFile | null): MaybePromise<HttpResponse> {
    if (hot !== null) {
      const { name, type } = hot;
      return fileResponse(request, { name, type, file: hot, storedCoding: null, varies: false }, this.#settings);
    }
    const path = ObjectName.withoutDots(raw);
    if (isFolderPath(path)) return this.#answerFolder(request, ObjectName.parseFolder(path, this.#settings.rules));
    const name = ObjectName.parse(path, this.#settings.rules);
    if (!(name instanceof ObjectName)) return nameRefused(name);
    if (isOnTheWay(request, name)) return redirectToFolder(request);
    return unpermitted(request, "read", name) ?? this.#answerName(request, name);
  }

  async #answerName(request: HttpRequest, name: ObjectName): Promise<HttpResponse> {
    const { precompressed } = this.#settings;
    const { forms, varies } = precompressed ? await findStoredForms(this.#storage, request, name) : NOTHING_STORED;
    for (const { name: formName, coding } of forms) {
      if (unpermitted(request, "read", formName) !== null) continue;
      const form = await this.#open(formName, request);
      // One that may not be read, or is gone by now, is no reason to refuse the file.
      if (typeof form === "string") continue;
      const type = await this.#typeOfPlain(request, name);
      return fileResponse(request, { name: name.base, type, file: form, storedCoding: coding, varies }, this.#settings);
    }
    const file = await this.#open(name, request);
    if (file === "directory") return redirectToFolder(request);
    if (file === "unsteady") return unsteady();
    if (typeof file === "string") return readRefused(file);
    const type = await typeOfOpen(name, file);
    return fileResponse(request, { name: name.base, type, file, storedCoding: null, varies }, this.#settings);
  }

  /** The type of a file of which a coded form is sent: only its own text can say its charset. */
  async #typeOfPlain(request: HttpRequest, name: ObjectName): Promise<string> {
    const type = mediaType(name.base);
    const file = type.startsWith("text/") ? await this.#open(name, request) : "missing";
    if (typeof file === "string") return type;
    return typeOfOpen(name, file).finally(() => file.close());
  }

  /** A small file comes from memory, or into it. */
  async #open(name: ObjectName, { method, peer }: HttpRequest): Promise<OpenedFile | ReadFault | "unsteady"> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const hot = await this.#hotFiles.find(name.path, peer);
      if (hot !== null) return hot;
      const file = await this.#storage.open(name, peer);
      if (typeof file === "string") return file;
      const most = file.version === null || method === "HEAD" ? WHOLE_READ_BYTES : HOT_FILE_BYTES;
      // What is said to be empty, or a page long, may be a file of the kernel's, which has no size before it is read:
      // HEAD must not tell another length than GET has (RFC 9110 8.6).
      if (file.size > most) return file;
      const read = await this.#readWhole(name, file);
      if (read !== null) return read;
    }
    return "unsteady";
  }

  /** Null when it changed meanwhile. */
  async #readWhole(name: ObjectName, file: OpenedFile): Promise<HotFile | ReadFault | null> {
    try {
      const bytes = await file.content(MOST_SIZELESS_BYTES);
      if (typeof bytes === "string") return bytes;
      const read = new HotFile(name.base, file, bytes);
      this.#hotFiles.keep(name.path, read);
      return read;
    } catch (error) {
      if (!(error instanceof ContentChanged)) throw error;
      return null;
    } finally {
      file.close();
    }
  }

  async #answerFolder(request: HttpRequest, folder: ObjectName | "bad" | "missing"): Promise<HttpResponse> {
    if (!(folder instanceof ObjectName)) return nameRefused(folder);
    const refused = unpermittedFolder(request, folder);
    if (refused !== null) return refused;
    const { index, listing, rules } = this.#settings;
    if (index && !asksForList(request.query)) {
      const name = folder.join(["index.html"], rules);
      const isServed = name instanceof ObjectName && unpermitted(request, "read", name) === null;
      const reply = isServed ? await this.#answerName(request, name) : notFound();
      if (reply.status !== 404 && reply.status !== 308) return reply;
    }
    if (!listing) return plainText("This folder is not listed.\n", 403);
    // Loaded when it is asked for first: with its page it would cost a tenth of the memory of a server at rest.
    const { directoryListing } = await import("./directory-listing.ts");
    return directoryListing(request, this.#storage, folder, this.#uploadTerms(request, folder));
  }

  /** What the page may offer; null when nothing can be uploaded here. */
  #uploadTerms(request: HttpRequest, folder: ObjectName): UploadTerms | null {
    const { readOnly, maxBodyBytes } = this.#settings;
    const terms = readOnly ? null : writeTerms(request, folder, this.#settings);
    if (terms === null) return null;
    const { mayReplace, settings } = terms;
    const onDuplicate = mayReplace || settings.onDuplicate === "rename" ? settings.onDuplicate : "error";
    return { maxBodyBytes, onDuplicate };
  }
}

/** True when the query asks for a list, whatever else the folder could answer with. */
function asksForList(query: string): boolean {
  const parameters = new URLSearchParams(query);
  return parameters.has("json") || parameters.has("simple");
}

/** The default for a file that changes just now: it is about to be cut. */
async function typeOfOpen(name: ObjectName, file: OpenedFile): Promise<string> {
  if (file instanceof HotFile) return file.type;
  return readContentType(name.base, file).catch(() => mediaType(name.base));
}

// ── Writing ──

function post(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): MaybePromise<HttpResponse> {
  if (!isFolderPath(raw)) return store(storage, request, raw, settings);
  const folder = ObjectName.parseFolder(raw, settings.rules);
  if (!(folder instanceof ObjectName)) return newNameRefused(folder);
  // Its files may lie in folders of the form's own, which have rules of their own.
  const isAllowed = writeTerms(request, folder, settings) !== null || request.permission?.leadsTo(folder.path) === true;
  return isAllowed ? storeForm(storage, folder, request, settings) : request.permission!.refuse();
}

function put(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): MaybePromise<HttpResponse> {
  if (!isFolderPath(raw)) return store(storage, request, raw, settings);
  return plainText("A folder cannot be put; name the file behind the slash.\n", 409);
}

function store(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): MaybePromise<HttpResponse> {
  const name = ObjectName.parse(raw, settings.rules);
  return name instanceof ObjectName ? storeBody(storage, name, request, settings) : newNameRefused(name);
}

async function remove(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const name = isFolderPath(raw) ? ObjectName.parseFolder(raw, settings.rules) : ObjectName.parse(raw, settings.rules);
  if (!(name instanceof ObjectName)) return nameRefused(name);
  const refused = unpermitted(request, "delete", name);
  if (refused !== null) return refused;
  if (isFolderPath(raw)) {
    const there = await storage.stat(name, request.peer);
    return typeof there === "string" || there.type === "file" ? notFound() : folderStays();
  }
  const fault = await storage.remove(name, conditionOf(request.method, request.fields), request.peer);
  if (fault === null) return new HttpResponse(204);
  return fault === "is-directory" ? folderStays() : writeRefused(fault);
}

function folderStays(): HttpResponse {
  return plainText("This is a folder; only files can be deleted.\n", 409);
}
