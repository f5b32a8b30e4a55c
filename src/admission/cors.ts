// Pages of other origins: what their browser has to be told (the Fetch standard, "CORS protocol" and
// "Cross-Origin-Resource-Policy"). Those of a named origin may use the folder; all others may not so much as run a script
// of it or measure its images, for which browsers ask nobody.

import { type Gate, type HttpRequest, HttpResponse } from "../http/message.ts";
import { isSafe } from "../http/method.ts";
import type { Finish } from "./gate.ts";

/** What such a page may send, and what it may see. */
const REQUEST_FIELDS = "Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Range";
const RESPONSE_FIELDS = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location";
const PREFLIGHT_SECONDS = 600;
/** On every answer of the folder, so it is not made anew for each. */
const CROSS_ORIGIN = "Cross-Origin-Resource-Policy: cross-origin\r\n";
const EVERYONE = "*";
const SAME_ORIGIN_ONLY = "Cross-Origin-Resource-Policy: same-origin\r\n";

/** A gate that answers preflights, and what goes on every other answer. */
export interface Cors {
  readonly gate: Gate;
  readonly finish: Finish;
}

/** Who may use the folder from another origin, in the form in which browsers send origins. */
export interface CorsOrigins {
  readonly writers: readonly string[];
  /** `*` for all. */
  readonly readers: readonly string[];
}

/** `writers` may read too. */
export function createCors(origins: CorsOrigins): Cors {
  const [writers, readers] = [new Set(origins.writers), new Set(origins.readers)];
  const isOpen = readers.has(EVERYONE);
  const varies = writers.size > 0 || (readers.size > 0 && !isOpen);
  /** What the browser is told of the origin; null for one that may nothing. */
  const allowedOrigin = ({ fields }: HttpRequest): string | null => {
    const origin = writers.size + readers.size === 0 ? undefined : fields.get("origin");
    if (origin === undefined) return null;
    return writers.has(origin) || readers.has(origin) ? origin : isOpen ? EVERYONE : null;
  };
  return {
    gate: (request) => {
      const origin = request.method === "OPTIONS" ? allowedOrigin(request) : null;
      if (origin === null || request.fields.get("access-control-request-method") === undefined) return null;
      const methods = request.route?.methods ?? [];
      const reply = new HttpResponse(204)
        .append("Access-Control-Allow-Methods", (writers.has(origin) ? methods : methods.filter(isSafe)).join(", "))
        // Whoever is one of many may not guess passwords.
        .append(
          "Access-Control-Allow-Headers",
          origin === EVERYONE ? REQUEST_FIELDS : `Authorization, ${REQUEST_FIELDS}`,
        )
        .append("Access-Control-Max-Age", PREFLIGHT_SECONDS);
      // A page of the open web asks before it reaches into a private network.
      return request.fields.get("access-control-request-private-network") === "true"
        ? reply.append("Access-Control-Allow-Private-Network", "true")
        : reply;
    },
    finish: (request, response) => {
      if (request.access === "public") return;
      if (varies) response.append("Vary", "Origin");
      const origin = allowedOrigin(request);
      if (origin !== null) {
        response.append("Access-Control-Allow-Origin", origin).append("Access-Control-Expose-Headers", RESPONSE_FIELDS);
        return;
      }
      // What needs a login is nobody's picture.
      response.appendLines(isOpen && request.user === "" ? CROSS_ORIGIN : SAME_ORIGIN_ONLY);
    },
  };
}
