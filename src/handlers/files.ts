// `/files/{path}`: the shared folder. Here requests find their name and what may be done with it.

import type { MaybePromise } from "../http/byte-source.ts";
import { type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import type { Resource, Routes } from "../http/routes.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { Storage, WriteFault } from "../storage/storage.ts";
import { createDropBox } from "./drop-box.ts";
import { FileReader, type FileReaderSettings } from "./file-reader.ts";
import { forbiddenBy, type WriteMethod } from "./forbidden-writes.ts";
import { folderNameOf, makeFolder } from "./new-folder.ts";
import { moveEntry } from "./move.ts";
import { isFolderPath, redirectToFolder } from "./location.ts";
import { unpermitted, writeTerms } from "./permitted.ts";
import { nameRefused, newNameRefused, writeRefused } from "./replies.ts";
import { conditionOf, storeBody, storeForm, type UploadSettings } from "./uploads.ts";

/** How the folder is served. */
export interface FileHandlerSettings extends FileReaderSettings, UploadSettings {}

type Writer = (
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
) => MaybePromise<HttpResponse>;

/** Where the folder is; `/files` without its slash leads there. */
const FOLDER = "/files";
const NAMES = FOLDER + "/{path}";

/** The routes over a storage; null when no directory is served. */
export function createFileHandlers(storage: Storage | null, settings: FileHandlerSettings): Routes {
  if (storage === null) {
    const refuse = (status: number) => () =>
      plainText("No directory is served; start mini-http with --directory DIR.\n", status);
    const [read, write] = [refuse(404), refuse(403)];
    return folderRoutes(read, { GET: read, POST: write, PUT: write, DELETE: write, MKCOL: write, MOVE: write });
  }
  const reader = new FileReader(storage, settings);
  const dropBox = settings.uploadOnly ? createDropBox(settings.maxBodyBytes) : null;
  const writer = (method: WriteMethod, write: Writer): Handler => {
    const line = forbiddenBy(settings, method);
    return line === null ? (request, raw) => write(storage, request, raw, settings) : () => plainText(line + "\n", 403);
  };
  return folderRoutes(dropBox ?? redirectToFolder, {
    GET: dropBox ?? ((request, raw) => reader.answer(request, raw)),
    POST: writer("POST", post),
    PUT: writer("PUT", put),
    DELETE: writer("DELETE", remove),
    MKCOL: writer("MKCOL", makeFolder),
    MOVE: writer("MOVE", moveEntry),
  });
}

/** The raw path counts, since an encoded slash is no separator. */
function folderRoutes(redirect: Handler, handlers: Resource): Routes {
  return { [FOLDER]: { access: "private", GET: redirect }, [NAMES]: { access: "private", rest: "raw", ...handlers } };
}

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
  return isAllowed ? storeForm(storage, folder, request, settings) : request.permission!.refuse("create");
}

function put(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): MaybePromise<HttpResponse> {
  if (!isFolderPath(raw)) return store(storage, request, raw, settings);
  return plainText("A folder cannot be put; MKCOL makes one, and a file is named behind the slash.\n", 409);
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
  const name = folderNameOf(raw, settings);
  if (!(name instanceof ObjectName)) return nameRefused(name);
  const refused = unpermitted(request, "delete", name);
  if (refused !== null) return refused;
  if (name.base === "") return plainText("The served folder itself stays.\n", 403);
  const condition = conditionOf(request.method, request.fields);
  const fault = await storage.remove({ name, isFolder: isFolderPath(raw), condition }, request.peer);
  return fault === null ? new HttpResponse(204) : removalRefused(fault);
}

/** Only a link to a folder is left to be one. */
function removalRefused(fault: WriteFault): HttpResponse {
  if (fault === "is-directory") return plainText("This is a link to a folder; it is not for clients to delete.\n", 409);
  return writeRefused(fault);
}
