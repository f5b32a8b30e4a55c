// May this request come in? Gates are asked before the router, in order; the first that answers decides. What goes on
// every answer, whoever gave it, is added on the way out.

import type { Dispatch, HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** The refusal of a request, or null: come in. */
export type Gate = (request: HttpRequest) => HttpResponse | null;

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

/** The dispatch behind the gates, which stand before the private paths only. */
export function guardDispatch(gates: readonly Gate[], dispatch: Dispatch): Dispatch {
  return (request) => {
    if (!isPrivatePath(request.decodedPath)) return dispatch(request);
    for (const gate of gates) {
      const refused = gate(request);
      if (refused !== null) return refused;
    }
    return dispatch(request);
  };
}

/** The dispatch with something to add to all that it answers. */
export function finishDispatch(dispatch: Dispatch, finish: Finish): Dispatch {
  return (request) => {
    const reply = dispatch(request);
    if (reply instanceof Promise) return reply.then((response) => finished(request, response));
    return finished(request, reply);
  };

  function finished(request: HttpRequest, response: HttpResponse): HttpResponse {
    finish(request, response);
    return response;
  }
}

/** True for the paths that hold something of the user's: the folder, and what tells about the server. */
export function isPrivatePath(decodedPath: string): boolean {
  return decodedPath.startsWith("/files") || decodedPath.startsWith("/-/");
}

/**
 * The host and port that the request names: the authority of an absolute target, otherwise Host (RFC 9112 3.3). Lower
 * case; empty when there is neither.
 */
export function requestAuthority(request: HttpRequest): string {
  const absolute = request.target.startsWith("/") ? null : /^http:\/\/([^/?]*)/i.exec(request.target);
  return (absolute?.[1] ?? request.fields.get("host") ?? "").toLowerCase();
}
