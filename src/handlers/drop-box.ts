// The folder as a drop box: people get a page that sends, programs a line that says how. Nothing tells what is in it.

import { type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";
import { SMALL_PAGE_POLICY } from "../pages/small-page.ts";
import { redirectToFolder } from "./location.ts";

const FOLDER = "/files/";

/** GET of anything in the folder: its own address has the page, and nothing below it can be read. */
export function createDropBox(maxBodyBytes: number): Handler {
  return (request) => {
    if (!isForPeople(request)) return closed();
    if (request.decodedPath === FOLDER) return dropBoxReply("./", maxBodyBytes);
    if (request.decodedPath !== FOLDER.slice(0, -1)) return closed();
    // Programs get the line here (RFC 9110 12.5.5).
    return redirectToFolder(request).append("Vary", "Accept");
  };
}

/** The page; `base` is the relative address of the folder. Loaded when it is asked for first. */
export async function dropBoxReply(base: string, maxBodyBytes: number): Promise<HttpResponse> {
  const { DROP_BOX_POLICY, dropBoxPage } = await import("../pages/drop-box-page.ts");
  return pageReply(200, dropBoxPage(base, maxBodyBytes), DROP_BOX_POLICY);
}

/** The answer to a form of so many files, sent to the folder that lies `depth` folders below the drop box. */
export async function sentReply(request: HttpRequest, files: number, depth: number): Promise<HttpResponse> {
  if (!isForPeople(request)) return plainText("Stored.\n", 201).append("Vary", "Accept");
  const { sentPage } = await import("../pages/drop-box-page.ts");
  return pageReply(201, sentPage(files, "../".repeat(depth) || "./"), SMALL_PAGE_POLICY);
}

function isForPeople({ fields }: HttpRequest): boolean {
  return preferredType(fields.get("accept"), ["text/plain", "text/html"]) === "text/html";
}

function pageReply(status: number, page: string, policy: string): HttpResponse {
  return new HttpResponse(status, Buffer.from(page))
    .append("Content-Type", "text/html; charset=utf-8")
    .append("Content-Security-Policy", policy)
    .append("Vary", "Accept");
}

function closed(): HttpResponse {
  return plainText("This is a drop box: files can be sent here with PUT or POST, and not be read.\n", 403);
}
