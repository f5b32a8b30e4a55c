// `/user-agent`: the client's own name for itself.

import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** The value of User-Agent, empty if absent. */
export function userAgent(request: HttpRequest): HttpResponse {
  return plainText(request.fields.get("user-agent") ?? "");
}
