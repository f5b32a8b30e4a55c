// The response that most answers are: some text/plain.

import { HttpResponse } from "./message.ts";

/** A response whose body is ASCII text. */
export function plainText(text: string, status = 200): HttpResponse {
  return new HttpResponse(status, text).append("Content-Type", "text/plain");
}
