// A dispatch around another one: every answer of the inner one passes through a function.

import type { Dispatch, HttpRequest, HttpResponse } from "./message.ts";

/** The dispatch whose answers are changed, or replaced, on their way out; `finish` is for those that others give for it. */
export function changeReplies(
  dispatch: Dispatch,
  change: (request: HttpRequest, response: HttpResponse) => HttpResponse,
  finish = dispatch.finish,
): Dispatch {
  return withFinish((request) => {
    const reply = dispatch(request);
    return reply instanceof Promise ? reply.then((response) => change(request, response)) : change(request, reply);
  }, finish);
}

/** What stands around a dispatch passes on what is added to the answers that others give for it. */
export function withFinish(
  answer: (request: HttpRequest) => ReturnType<Dispatch>,
  finish: Dispatch["finish"],
): Dispatch {
  return Object.assign(answer, finish === undefined ? {} : { finish });
}
