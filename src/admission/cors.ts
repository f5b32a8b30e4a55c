// Pages of other origins: what their browser has to be told (the Fetch standard, "CORS protocol" and
// "Cross-Origin-Resource-Policy"). Those of a named origin may use the folder; all others may not so much as run a script
// of it or measure its images, for which browsers ask nobody.

import { type Gate, type HttpRequest, HttpResponse } from "../http/message.ts";
import type { Finish } from "./gate.ts";

/** What such a page may send, and what it may see. */
const REQUEST_FIELDS = "Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Range";
const RESPONSE_FIELDS = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location";
const PREFLIGHT_SECONDS = 600;
/** On every answer of the folder, so it is not made anew for each. */
const SAME_ORIGIN_ONLY = "Cross-Origin-Resource-Policy: same-origin\r\n";

/** A gate that answers preflights, and what goes on every other answer. */
export interface Cors {
  readonly gate: Gate;
  readonly finish: Finish;
}

/** `origins` are those that may, in the form in which browsers send them. */
export function createCors(origins: readonly string[]): Cors {
  const trusted = new Set(origins);
  const trustedOrigin = (request: HttpRequest): string | null => {
    const origin = trusted.size === 0 ? undefined : request.fields.get("origin");
    return origin !== undefined && trusted.has(origin) ? origin : null;
  };
  return {
    gate: (request) => {
      const origin = request.method === "OPTIONS" ? trustedOrigin(request) : null;
      if (origin === null || request.fields.get("access-control-request-method") === undefined) return null;
      const reply = new HttpResponse(204)
        .append("Access-Control-Allow-Methods", (request.route?.methods ?? []).join(", "))
        .append("Access-Control-Allow-Headers", REQUEST_FIELDS)
        .append("Access-Control-Max-Age", PREFLIGHT_SECONDS);
      // A page of the open web asks before it reaches into a private network.
      return request.fields.get("access-control-request-private-network") === "true"
        ? reply.append("Access-Control-Allow-Private-Network", "true")
        : reply;
    },
    finish: (request, response) => {
      if (request.access === "public") return;
      if (trusted.size > 0) response.append("Vary", "Origin");
      const origin = trustedOrigin(request);
      if (origin === null) {
        response.appendLines(SAME_ORIGIN_ONLY);
        return;
      }
      response.append("Access-Control-Allow-Origin", origin).append("Access-Control-Expose-Headers", RESPONSE_FIELDS);
    },
  };
}
