// Everybody to HTTPS: `--https-redirect` and `--hsts`.

import { hostOf, requestAuthority, requestScheme } from "../http/authority.ts";
import { withFinish } from "../http/wrapped-dispatch.ts";
import { type Dispatch, fieldValue, type HttpRequest, HttpResponse } from "../http/message.ts";
import type { Finish } from "./gate.ts";

const HTTPS_PORT = 443;

/** The dispatch for secure connections; others are sent to the same path on this port, but for the paths that are open. */
export function redirectToHttps(dispatch: Dispatch, port: number, open: ReadonlySet<string>): Dispatch {
  const secured = (request: HttpRequest): ReturnType<Dispatch> => {
    if (requestScheme(request) === "https" || request.peer.secure || open.has(request.decodedPath))
      return dispatch(request);
    const host = hostOf(requestAuthority(request)) || "localhost";
    const query = request.query === "" ? "" : "?" + request.query;
    const authority = port === HTTPS_PORT ? host : `${host}:${port}`;
    return new HttpResponse(308).append("Location", fieldValue(`https://${authority}${request.rawPath}${query}`));
  };
  return withFinish(secured, dispatch.finish);
}

/** Tells browsers to use nothing but HTTPS for so long (RFC 6797 6.1), on secure connections only (7.2). */
export function createHsts(ms: number): Finish {
  const line = `Strict-Transport-Security: max-age=${Math.floor(ms / 1000)}\r\n`;
  return (request, response) => {
    if (requestScheme(request) === "https") response.appendLines(line);
  };
}
