// Where an answer leads, always as seen from what was asked for (RFC 9110 10.2.2): so it stays right behind a proxy that
// serves this server below another path or under another name.

import { type HttpRequest, HttpResponse } from "../http/message.ts";

/** The folder that was asked for itself. */
export const SAME_FOLDER = "./";

/** True for a path below the folder, as it was sent, that asks for a folder. */
export function isFolderPath(rawPath: string): boolean {
  return rawPath === "" || rawPath.endsWith("/");
}

/** A file by the segments of its path below the folder of what was asked for. */
export function locationBelow(segments: readonly string[]): string {
  return segments.map(encodeURIComponent).join("/");
}

/**
 * Sends the reader of a folder's name to the folder. RFC 9110 15.4.9: the method stays what it was. Asked again each
 * time: browsers keep a 308 for ever, and a file may take the folder's name (RFC 9111 4.2.2).
 */
export function redirectToFolder({ rawPath, query }: HttpRequest): HttpResponse {
  const name = rawPath.slice(rawPath.lastIndexOf("/") + 1);
  // A first segment with a colon would read as a scheme (RFC 3986 4.2).
  const reference = name.includes(":") ? SAME_FOLDER + name : name;
  const location = reference + "/" + (query === "" ? "" : "?" + query);
  return new HttpResponse(308).append("Location", location).append("Cache-Control", "no-cache");
}
