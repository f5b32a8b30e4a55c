// `/-/metrics`: how the server does, in numbers, for the programs that collect them.

import { type Handler, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";

/** In which of two formats. */
export type MetricsFormat = "openmetrics" | "0.0.4";

const OPEN = "application/openmetrics-text";
const PLAIN = "text/plain";
/** They say which version of a format is wanted; there is one of each. */
const PARAMETERS = /;\s*(?:version|escaping)=[^;,]*/gi;

/** GET, in the format that the client prefers. */
export function createMetricsPage(format: (format: MetricsFormat) => string): Handler {
  return (request) => {
    const accept = request.fields.get("accept")?.replace(PARAMETERS, "");
    const isPlain = preferredType(accept, [OPEN, PLAIN]) === PLAIN;
    const type = isPlain ? `${PLAIN}; version=0.0.4; charset=utf-8` : `${OPEN}; version=1.0.0; charset=utf-8`;
    return new HttpResponse(200, Buffer.from(format(isPlain ? "0.0.4" : "openmetrics")))
      .append("Content-Type", type)
      .append("Vary", "Accept")
      .append("Cache-Control", "no-store");
  };
}
