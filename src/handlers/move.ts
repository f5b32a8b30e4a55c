// MOVE (RFC 4918 9.9): a file or a folder gets another name below the shared folder.

import { originOf, requestAuthority, requestScheme } from "../http/authority.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { Storage, WriteFault } from "../storage/storage.ts";
import { isFolderPath } from "./location.ts";
import { folderNameOf } from "./new-folder.ts";
import { unpermitted, unpermittedBelow, writeTerms } from "./permitted.ts";
import { nameRefused, newNameRefused, writeRefused } from "./replies.ts";
import { conditionOf, type UploadSettings } from "./uploads.ts";

/** Where names begin that can be moved to. */
const FOLDER = "/files/";
const TAKEN = "Something has this name already.\n";

/** Where it is to go: the path below the folder, as it was sent. */
interface Destination {
  readonly raw: string;
}

/** What a request would move where. */
interface Names {
  readonly from: ObjectName;
  readonly to: ObjectName;
  /** One of them was given as a folder's. */
  readonly isFolder: boolean;
}

/** How a request may move to a name. */
interface MoveTerms {
  /** RFC 4918 10.6. */
  readonly overwrite: "T" | "F";
  /** The refusal of a name that nothing has; null: it may be made. */
  readonly uncreatable: HttpResponse | null;
  /** The refusal of a file's place, if only the right is missing; null otherwise. */
  readonly unwritable: HttpResponse | null;
  readonly mayReplace: boolean;
}

/** Answers a MOVE, where names may be taken away at all. */
export async function moveEntry(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const names = namesOf(request, raw, settings);
  if (names instanceof HttpResponse) return names;
  const terms = termsOf(request, names.to, settings);
  if (terms instanceof HttpResponse) return terms;
  if (request.body !== null) return plainText("MOVE takes no body.\n", 415);
  const { uncreatable, mayReplace } = terms;
  const condition = conditionOf(request.method, request.fields);
  const order = { ...names, condition, mayCreate: uncreatable === null, mayReplace };
  const moved = await storage.move(order, request.peer);
  if (typeof moved === "string") return moveRefused(moved, terms);
  const reply = new HttpResponse(moved.isNew ? 201 : 204);
  return moved.etag === "" ? reply : reply.append("ETag", moved.etag);
}

function namesOf(request: HttpRequest, raw: string, settings: UploadSettings): Names | HttpResponse {
  const from = folderNameOf(raw, settings);
  if (!(from instanceof ObjectName)) return nameRefused(from);
  // What moves is gone from here, and shows there: of a folder that is all that is in it.
  const untakeable = unpermittedBelow(request, "read", from) ?? unpermittedBelow(request, "delete", from);
  if (untakeable !== null) return untakeable;
  const destination = destinationOf(request);
  if (destination instanceof HttpResponse) return destination;
  const to = folderNameOf(destination.raw, settings);
  if (!(to instanceof ObjectName)) return newNameRefused(to);
  if (from.base === "" || to.base === "") return plainText("The served folder itself stays.\n", 403);
  return { from, to, isFolder: isFolderPath(raw) || isFolderPath(destination.raw) };
}

/** A name that nothing has takes one right, and a file's place another, as for PUT; which it is shows later. */
function termsOf(request: HttpRequest, to: ObjectName, settings: UploadSettings): MoveTerms | HttpResponse {
  const overwrite = request.fields.get("overwrite") ?? "T";
  if (overwrite !== "T" && overwrite !== "F") return plainText("Overwrite is T or F.\n", 400);
  const terms = writeTerms(request, to, settings);
  const uncreatable = unpermittedBelow(request, "create", to);
  if (uncreatable !== null && terms?.mayReplace !== true) return uncreatable;
  // Whoever may not see what is there would learn it by its being taken.
  if (terms === null || terms.settings.uploadOnly) return request.permission!.refuse("read");
  const isReplacement = overwrite === "T" && settings.onDuplicate === "overwrite";
  const unwritable = isReplacement ? unpermitted(request, "write", to) : null;
  return { overwrite, uncreatable, unwritable, mayReplace: isReplacement && terms.mayReplace };
}

function moveRefused(fault: WriteFault, { overwrite, uncreatable, unwritable }: MoveTerms): HttpResponse {
  if (fault === "absent" && uncreatable !== null) return uncreatable;
  if (fault === "exists" && unwritable !== null) return unwritable;
  // RFC 4918 9.9.4: 412 where Overwrite is what forbids it.
  if (fault === "exists") return plainText(TAKEN, overwrite === "F" ? 412 : 409);
  return writeRefused(fault);
}

/**
 * RFC 4918 10.3: a URL of this server, or a path of it. A relative reference is taken, too, as seen from what is moved: it
 * stays right behind a proxy that serves this server below another path.
 */
function destinationOf(request: HttpRequest): Destination | HttpResponse {
  const sent = request.fields.get("destination");
  const own = originOf(requestScheme(request), requestAuthority(request));
  // Raw bytes and white space are none of a URL, and parsers differ in what they make of them.
  const url =
    sent === undefined || !/^[!-~]+$/.test(sent) || sent.includes("\\") ? null : parse(sent, own + request.rawPath);
  if (url === null) return plainText("MOVE needs a Destination: a URL or a path of this server.\n", 400);
  if (url.origin !== parse("/", own + "/")?.origin) return plainText("Destination names another server.\n", 502);
  if (url.search !== "" || url.hash !== "") return plainText("Destination has no query and no fragment.\n", 400);
  if (!url.pathname.startsWith(FOLDER)) return plainText("Destination lies outside of the shared folder.\n", 403);
  return { raw: url.pathname.slice(FOLDER.length) };
}

function parse(reference: string, base: string): URL | null {
  return URL.parse(reference, base);
}
