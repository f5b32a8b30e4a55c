// The one place where a refusal becomes a page: for clients that would rather have HTML. All others get its line.

import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { reasonPhrase } from "../http/status.ts";
import { errorPage, type WayOn } from "../pages/error-page.ts";
import type { FolderOffer } from "../pages/home-page.ts";
import { SMALL_PAGE_POLICY } from "../pages/small-page.ts";

const LINE_TYPE = "Content-Type: text/plain\r\n";

/** A refusal, of 400 and above, as it suits who asked; all else as it is. `folder` is what a visitor can do with the folder. */
export function suitRefusal(request: HttpRequest, response: HttpResponse, folder: FolderOffer): HttpResponse {
  if (response.status < 400) return response;
  const { status, body, fieldLines } = response;
  // 406 is the answer to who takes no form of ours: there is no other to choose.
  if (status === 406 || typeof body !== "string" || !fieldLines.includes(LINE_TYPE)) return response;
  // The line, too, is one of two forms (RFC 9110 12.5.5).
  response.append("Vary", "Accept");
  if (preferredType(request.fields.get("accept"), ["text/plain", "text/html"]) !== "text/html") return response;
  const page = errorPage(reasonPhrase(status), body.trim(), waysOn(request, folder));
  const reply = new HttpResponse(status, Buffer.from(page));
  reply.fieldLines = response.fieldLines;
  reply.ownLimit = response.ownLimit;
  return reply.set("Content-Type", "text/html; charset=utf-8").append("Content-Security-Policy", SMALL_PAGE_POLICY);
}

const FOLDER = "/files/";

/** The folder above, the shared folder and the landing page, as far as they are other places than this and open. */
function waysOn({ method, rawPath }: HttpRequest, folder: FolderOffer): WayOn[] {
  const depth = rawPath.split("/").length - 2;
  const root = "../".repeat(Math.max(0, depth)) || "./";
  const home = { address: root, text: "Home" };
  if (folder === "none") return [home];
  const shared = { address: root + FOLDER.slice(1), text: folder === "read" ? "The shared folder" : "The drop box" };
  if (folder === "drop-box" || !rawPath.startsWith(FOLDER)) return [shared, home];
  // A form is sent to the folder that it is shown in.
  const isOwn = !rawPath.endsWith("/") || method === "POST";
  const above = rawPath.slice(0, rawPath.lastIndexOf("/", isOwn ? rawPath.length : rawPath.length - 2) + 1);
  if (above === FOLDER || above === "/") return rawPath === FOLDER && !isOwn ? [home] : [shared, home];
  return [{ address: isOwn ? "./" : "../", text: isOwn ? "This folder" : "The folder above" }, shared, home];
}
