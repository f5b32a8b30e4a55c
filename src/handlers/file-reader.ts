// Reads of the shared folder: a small file from memory or into it, another from the disk, a folder as its list or its index.

import { ContentChanged, type MaybePromise } from "../http/byte-source.ts";
import { mediaType } from "../http/media-type.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { OpenedFile, ReadFault, Storage } from "../storage/storage.ts";
import type { Act } from "../pages/directory-list.ts";
import type { UploadTerms } from "../pages/upload-panel.ts";
import { isUndecided, readContentType } from "./content-type.ts";
import type { FileResponseSettings } from "./file-representation.ts";
import { fileResponse } from "./file-response.ts";
import { HotFile } from "./hot-file.ts";
import { HOT_FILE_BYTES, HotFiles } from "./hot-files.ts";
import { isFolderPath, redirectToFolder } from "./location.ts";
import { isOnTheWay, unpermitted, unpermittedFolder, writeTerms } from "./permitted.ts";
import { nameRefused, notFound, readRefused, unsteady } from "./replies.ts";
import { findStoredForms, NOTHING_STORED } from "./stored-forms.ts";
import type { UploadSettings } from "./uploads.ts";

/** Tries to read a small file that changes under the reader. */
const MOST_TRIES = 3;
/** Small files that may not be kept in memory are read whole up to here: a broken read can be tried again then. */
const WHOLE_READ_BYTES = 64 * 1024;
/** The same for files that do not tell their size, such as those of the kernel. */
const MOST_SIZELESS_BYTES = 16 * 1024 * 1024;

/** How files and folders are read. */
export interface FileReaderSettings extends FileResponseSettings, UploadSettings {
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
  /** Told whether a file was in memory; null when nobody counts. */
  readonly onHotFile: ((isHit: boolean) => void) | null;
}

/** A file, and the same where it is in memory. */
interface Opened {
  readonly file: OpenedFile;
  readonly hot: HotFile | null;
}

/** Answers reads of files and folders. */
export class FileReader {
  readonly #storage: Storage;
  readonly #settings: FileReaderSettings;
  readonly #hotFiles: HotFiles;

  constructor(storage: Storage, settings: FileReaderSettings) {
    this.#storage = storage;
    this.#settings = settings;
    this.#hotFiles = new HotFiles(storage, settings.onHotFile);
  }

  /** The answer to a path below the folder, as it was sent. */
  answer(request: HttpRequest, raw: string): MaybePromise<HttpResponse> {
    // Only a name without escapes is its own decoded form, and only names that passed the gate are in memory. Rights are
    // asked of names that were taken apart.
    const isWayward = this.#settings.precompressed || raw.includes("%") || request.permission !== null;
    const hot = isWayward ? null : this.#hotFiles.find(raw, request.peer);
    if (hot instanceof Promise) return hot.then((file) => this.#answerRaw(request, raw, file));
    return this.#answerRaw(request, raw, hot);
  }

  #answerRaw(request: HttpRequest, raw: string, hot: HotFile | null): MaybePromise<HttpResponse> {
    if (hot !== null) return this.#answerHot(request, hot);
    const path = ObjectName.withoutDots(raw);
    if (isFolderPath(path)) return this.#answerFolder(request, ObjectName.parseFolder(path, this.#settings.rules));
    const name = ObjectName.parse(path, this.#settings.rules);
    if (!(name instanceof ObjectName)) return nameRefused(name);
    if (isOnTheWay(request, name)) return redirectToFolder(request);
    return unpermitted(request, "read", name) ?? this.#answerName(request, name);
  }

  /** What was answered before is asked for first: it takes no more than to look at the request. */
  #answerHot(request: HttpRequest, hot: HotFile): MaybePromise<HttpResponse> {
    const prepared = hot.answer(request, null, false);
    if (prepared !== null) return prepared;
    const { name, type } = hot;
    return fileResponse(request, { name, type, file: hot, hot, storedCoding: null, varies: false }, this.#settings);
  }

  async #answerName(request: HttpRequest, name: ObjectName): Promise<HttpResponse> {
    const { precompressed } = this.#settings;
    const { forms, varies } = precompressed ? await findStoredForms(this.#storage, request, name) : NOTHING_STORED;
    for (const { name: formName, coding } of forms) {
      const form = await this.#open(formName, request);
      // One that may not be read, or is gone by now, is no reason to refuse the file.
      if (typeof form === "string") continue;
      const prepared = form.hot?.answer(request, coding, varies) ?? null;
      if (prepared !== null) return prepared;
      const type = await this.#typeOfPlain(request, name);
      return fileResponse(request, { ...form, name: name.base, type, storedCoding: coding, varies }, this.#settings);
    }
    const opened = await this.#open(name, request);
    if (opened === "directory") return redirectToFolder(request);
    if (opened === "unsteady") return unsteady();
    if (typeof opened === "string") return readRefused(opened);
    const prepared = opened.hot?.answer(request, null, varies) ?? null;
    if (prepared !== null) return prepared;
    const type = await typeOfOpen(name, opened);
    return fileResponse(request, { ...opened, name: name.base, type, storedCoding: null, varies }, this.#settings);
  }

  /** The type of a file of which a coded form is sent: only its own text can say its charset. */
  async #typeOfPlain(request: HttpRequest, name: ObjectName): Promise<string> {
    const type = mediaType(name.base);
    const opened = type.startsWith("text/") || isUndecided(name.base) ? await this.#open(name, request) : "missing";
    if (typeof opened === "string") return type;
    return typeOfOpen(name, opened).finally(() => opened.file.close());
  }

  /** A small file comes from memory, or into it. */
  async #open(name: ObjectName, { method, peer }: HttpRequest): Promise<Opened | ReadFault | "unsteady"> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const hot = await this.#hotFiles.find(name.path, peer);
      if (hot !== null) return { file: hot, hot };
      const file = await this.#storage.open(name, peer);
      if (typeof file === "string") return file;
      const most = file.version === null || method === "HEAD" ? WHOLE_READ_BYTES : HOT_FILE_BYTES;
      // What is said to be empty, or a page long, may be a file of the kernel's, which has no size before it is read:
      // HEAD must not tell another length than GET has (RFC 9110 8.6).
      if (file.size > most) return { file, hot: null };
      const read = await this.#readWhole(name, file);
      if (read !== null) return read;
    }
    return "unsteady";
  }

  /** Null when it changed meanwhile. */
  async #readWhole(name: ObjectName, file: OpenedFile): Promise<Opened | ReadFault | null> {
    try {
      const bytes = await file.content(MOST_SIZELESS_BYTES);
      if (typeof bytes === "string") return bytes;
      const read = new HotFile(name.base, file, bytes);
      this.#hotFiles.keep(name.path, read);
      return { file: read, hot: read };
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
    const words = searchedWords(request.query);
    // Loaded when they are asked for first: with its page it would cost a tenth of the memory of a server at rest.
    if (words !== null) {
      const { searchFolder } = await import("./folder-search.ts");
      return searchFolder(request, this.#storage, folder, words, rules);
    }
    const { directoryListing } = await import("./directory-listing.ts");
    const offer = { upload: this.#uploadTerms(request, folder), acts: this.#acts(request, folder) };
    return directoryListing(request, this.#storage, folder, offer, rules);
  }

  /** What the page may offer beside uploads; what a name in the folder is said to allow may be less. */
  #acts(request: HttpRequest, folder: ObjectName): readonly Act[] {
    const { readOnly, allowDelete } = this.#settings;
    if (readOnly) return [];
    const mayMake = writeTerms(request, folder, this.#settings)?.mayCreate === true;
    const mayDelete = allowDelete && unpermitted(request, "delete", folder) === null;
    return [...(mayMake ? (["folder"] as const) : []), ...(mayDelete ? (["delete"] as const) : [])];
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

/** The words of a search; null when the query asks for none. */
function searchedWords(query: string): string | null {
  return query.includes("search") ? new URLSearchParams(query).get("search") : null;
}

/** True when the query asks for a list, whatever else the folder could answer with. */
function asksForList(query: string): boolean {
  const parameters = new URLSearchParams(query);
  return parameters.has("json") || parameters.has("simple") || parameters.has("search");
}

/** The default for a file that changes just now: it is about to be cut. */
async function typeOfOpen(name: ObjectName, { file, hot }: Opened): Promise<string> {
  return hot?.type ?? readContentType(name.base, file).catch(() => mediaType(name.base));
}
