// MOVE (RFC 4918 9.9): a file or a folder gets another name below the shared folder.

import { originOf, requestAuthority, requestScheme } from "../http/authority.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { Storage, WriteFault } from "../storage/storage.ts";
import { isFolderPath } from "./location.ts";
import { folderNameOf } from "./new-folder.ts";
import { unpermittedBelow, writeTerms } from "./permitted.ts";
import { nameRefused, newNameRefused, writeRefused } from "./replies.ts";
import { conditionOf, type UploadSettings } from "./uploads.ts";

/** Where names begin that can be moved to. */
const FOLDER = "/files/";
const TAKEN = "Something has this name already.\n";

/** Where it is to go: the path below the folder, as it was sent. */
interface Destination {
  readonly raw: string;
}

/** Answers a MOVE, where names may be taken away at all. */
export async function moveEntry(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const from = folderNameOf(raw, settings);
  if (!(from instanceof ObjectName)) return nameRefused(from);
  // What moves is gone from here, and shows there: of a folder that is all that is in it.
  const untakeable = unpermittedBelow(request, "read", from) ?? unpermittedBelow(request, "delete", from);
  if (untakeable !== null) return untakeable;
  const overwrite = request.fields.get("overwrite") ?? "T";
  if (overwrite !== "T" && overwrite !== "F") return plainText("Overwrite is T or F.\n", 400);
  const destination = destinationOf(request);
  if (destination instanceof HttpResponse) return destination;
  const to = folderNameOf(destination.raw, settings);
  if (!(to instanceof ObjectName)) return newNameRefused(to);
  if (from.base === "" || to.base === "") return plainText("The served folder itself stays.\n", 403);
  const unmakeable = unpermittedBelow(request, "create", to);
  if (unmakeable !== null) return unmakeable;
  const terms = writeTerms(request, to, settings);
  // Whoever may not see what is there would learn it by its being taken.
  if (terms === null || terms.settings.uploadOnly) return request.permission!.refuse("read");
  if (request.body !== null) return plainText("MOVE takes no body.\n", 415);
  const mayReplace = overwrite === "T" && terms.mayReplace && settings.onDuplicate === "overwrite";
  const isFolder = isFolderPath(raw) || isFolderPath(destination.raw);
  const condition = conditionOf(request.method, request.fields);
  const moved = await storage.move({ from, to, isFolder, condition, mayReplace }, request.peer);
  if (typeof moved === "string") return moveRefused(moved, overwrite);
  const reply = new HttpResponse(moved.isNew ? 201 : 204);
  return moved.etag === "" ? reply : reply.append("ETag", moved.etag);
}

function moveRefused(fault: WriteFault, overwrite: "T" | "F"): HttpResponse {
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
