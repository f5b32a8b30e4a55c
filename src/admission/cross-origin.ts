// A web page of another origin cannot write through its visitor's browser, which sends such requests without asking.

import type { HttpRequest } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { type Gate, requestAuthority } from "./gate.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** `writeOrigins` may write all the same, in the form in which browsers send them. */
export function createCrossOriginGate(writeOrigins: readonly string[]): Gate {
  const trusted = new Set(writeOrigins);
  return (request) => {
    if (SAFE_METHODS.has(request.method)) return null;
    if (isOwnPage(request) || trusted.has(request.fields.get("origin") ?? "")) return null;
    return plainText("A page of another origin may not write here; --cors-write ORIGIN allows it.\n", 403);
  };
}

/** No browser, or a page of ours. Browsers say where a request comes from in Sec-Fetch-Site; older ones in Origin. */
function isOwnPage(request: HttpRequest): boolean {
  const site = request.fields.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = request.fields.get("origin");
  if (origin === undefined) return true;
  const scheme = request.peer.secure ? "https://" : "http://";
  return origin.toLowerCase() === scheme + requestAuthority(request).replace(/:80$/, "");
}
