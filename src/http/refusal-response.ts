// What a client gets whose message is refused: the status and the line of the refusal's row.

import { HttpResponse } from "./message.ts";
import { plainText } from "./plain-text.ts";
import type { Refusal } from "./refusal.ts";

/** The answer to a refused message; its connection closes behind it. */
export function refusalResponse({ status, reason }: Refusal): HttpResponse {
  const response = plainText(reason + "\n", status);
  return status === 503 ? response.set("Retry-After", 1) : response;
}
