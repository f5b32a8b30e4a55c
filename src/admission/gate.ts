// What the gates share. The router asks them before a handler of a private path, in order; the first that answers decides.
// What goes on every answer, whoever gave it, is added on the way out.

import { changeReplies } from "../http/changed-replies.ts";
import type { Dispatch, HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** Adds fields to an answer. */
export type Finish = (request: HttpRequest, response: HttpResponse) => void;

/** Tells the person who runs the server, in a sentence. */
export type Warn = (line: string) => void;

/** A refusal that most often means a setting: the client's answer says which, and so does the log, the first time. */
export function createAdvice(warn: Warn, status: number): (line: string) => HttpResponse {
  let isSaid = false;
  return (line) => {
    if (!isSaid) warn(`A request was refused with ${status}: ${line}`);
    isSaid = true;
    return plainText(line + "\n", status);
  };
}

/** The dispatch with something to add to all that it answers, and to what others answer for it. */
export function finishDispatch(dispatch: Dispatch, finish: Finish): Dispatch {
  const finishRefusal = (request: HttpRequest, response: HttpResponse): void => {
    dispatch.finish?.(request, response);
    finish(request, response);
  };
  const finishReply = (request: HttpRequest, response: HttpResponse): HttpResponse => {
    finish(request, response);
    return response;
  };
  return changeReplies(dispatch, finishReply, finishRefusal);
}
