// What the gates share. The router asks them before a handler of a private path, in order; the first that answers decides.
// What goes on every answer, whoever gave it, is added on the way out.

import type { Dispatch, HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { withFinish } from "../http/wrapped-dispatch.ts";

/** Gives an answer as it suits who asked: the same one, or another in its place. */
export type Suit = (request: HttpRequest, response: HttpResponse) => HttpResponse;

/** Adds fields to an answer. */
export type Finish = (request: HttpRequest, response: HttpResponse) => void;

/** All of these in order, those that are there; one alone is itself, because every request goes through it. */
export function allOf(finishes: readonly (Finish | null | undefined)[]): Finish {
  const steps = finishes.filter((finish) => finish !== null && finish !== undefined);
  const [first, ...others] = steps;
  if (first !== undefined && others.length === 0) return first;
  return (request, response) => {
    for (const finish of steps) finish(request, response);
  };
}

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

/**
 * The dispatch whose answers are suited, and with something to add to all of them, and to what others answer for it. One
 * step for both: every request goes through it.
 */
export function finishDispatch(dispatch: Dispatch, suit: Suit, finish: Finish): Dispatch {
  const finished = (request: HttpRequest, given: HttpResponse): HttpResponse => {
    const response = suit(request, given);
    finish(request, response);
    return response;
  };
  const answer = (request: HttpRequest): ReturnType<Dispatch> => {
    const reply = dispatch(request);
    return reply instanceof Promise ? reply.then((given) => finished(request, given)) : finished(request, reply);
  };
  return withFinish(answer, (request, response) => {
    dispatch.finish?.(request, response);
    finish(request, response);
  });
}
