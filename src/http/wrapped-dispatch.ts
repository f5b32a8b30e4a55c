// A dispatch around another one.

import type { Dispatch, HttpRequest } from "./message.ts";

/** What stands around a dispatch passes on what is added to the answers that others give for it. */
export function withFinish(
  answer: (request: HttpRequest) => ReturnType<Dispatch>,
  finish: Dispatch["finish"],
): Dispatch {
  return Object.assign(answer, finish === undefined ? {} : { finish });
}
