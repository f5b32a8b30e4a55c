// MKCOL (RFC 4918 9.3): a new folder in one that is there.

import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { ObjectName } from "../storage/object-name.ts";
import type { Condition, Storage } from "../storage/storage.ts";
import { isFolderPath, locationBelow, SAME_FOLDER } from "./location.ts";
import { writeTerms } from "./permitted.ts";
import { newNameRefused, writeRefused } from "./replies.ts";
import { conditionOf, type UploadSettings } from "./uploads.ts";

/** The path may end in a slash, and need not. */
export async function makeFolder(
  storage: Storage,
  request: HttpRequest,
  raw: string,
  settings: UploadSettings,
): Promise<HttpResponse> {
  const name = folderNameOf(raw, settings);
  if (!(name instanceof ObjectName)) return newNameRefused(name);
  const terms = writeTerms(request, name, settings);
  if (terms?.mayCreate !== true) return request.permission!.refuse("create");
  // Whoever may not see what is there would learn it by its being taken.
  if (terms.settings.uploadOnly) return request.permission!.refuse("read");
  if (request.body !== null) return plainText("A new folder takes no body.\n", 415);
  const fault = await storage.makeFolder(name, folderCondition(request), request.peer);
  if (fault === "exists") return taken(request);
  if (fault !== null) return writeRefused(fault);
  const location = isFolderPath(raw) ? SAME_FOLDER : locationBelow([name.base]) + "/";
  return new HttpResponse(201).append("Location", location);
}

/** A name that is a folder's with and without a slash at its end. */
export function folderNameOf(raw: string, { rules }: UploadSettings): ReturnType<typeof ObjectName.parse> {
  return isFolderPath(raw) ? ObjectName.parseFolder(raw, rules) : ObjectName.parse(raw, rules);
}

/** Here a folder is something that is there, too: `If-None-Match: *` asks for a name that nothing has. */
function folderCondition({ method, fields }: HttpRequest): Condition | null {
  const condition = conditionOf(method, fields);
  return condition === null ? null : (now) => condition(now === null ? null : { ...now, type: "file" });
}

/** RFC 4918 9.3.1; Allow says what can be done with what is there (RFC 9110 15.5.6). */
function taken({ route }: HttpRequest): HttpResponse {
  const others = (route?.methods ?? []).filter((method) => method !== "MKCOL");
  return plainText("Something has this name already.\n", 405).append("Allow", [...others, "OPTIONS"].join(", "));
}
