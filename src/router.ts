// From a path and a method to a handler. A handler is called only for a method that its row lists.

import type { MaybePromise } from "./http/byte-source.ts";
import { type Dispatch, type Handler, type HttpRequest, HttpResponse } from "./http/message.ts";
import { plainText } from "./http/plain-text.ts";

/** `"/echo/{text}": { GET: echo }`. A parameter stands at the end and takes the rest of the path, slashes too. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

interface Row {
  readonly route: string;
  /** What the path starts with; the whole path for a row without a parameter. */
  readonly prefix: string;
  readonly takesRest: boolean;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly allow: string;
}

/** The methods of RFC 9110 section 9 and PATCH (RFC 5789), less CONNECT, which only a proxy can serve. */
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]);

/** Every method that some row answers. */
const SERVER_ALLOW = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

/** Makes the dispatch of these routes: HEAD wherever GET is, OPTIONS everywhere, 404, 405 with Allow, 501. */
export function createRouter(routes: Routes): Dispatch {
  const rows = Object.entries(routes).map(([route, handlers]) => createRow(route, handlers));
  const exact = new Map(rows.filter((row) => !row.takesRest).map((row) => [row.prefix, row]));
  const open = rows.filter((row) => row.takesRest);
  return (request) => {
    const path = request.decodedPath;
    for (const row of open) if (path.startsWith(row.prefix)) return run(row, request, path.slice(row.prefix.length));
    const row = exact.get(path);
    if (row !== undefined) return run(row, request, "");
    return answerWithoutRow(request);
  };
}

function createRow(route: string, methods: Readonly<Record<string, Handler>>): Row {
  const handlers = new Map(Object.entries(methods));
  const get = handlers.get("GET");
  if (get !== undefined) handlers.set("HEAD", get);
  const brace = route.indexOf("{");
  return {
    route,
    prefix: brace < 0 ? route : route.slice(0, brace),
    takesRest: brace >= 0,
    handlers,
    allow: [...handlers.keys(), "OPTIONS"].join(", "),
  };
}

function run(row: Row, request: HttpRequest, parameter: string): MaybePromise<HttpResponse> {
  request.route = row.route;
  const handler = row.handlers.get(request.method);
  if (handler !== undefined) return handler(request, parameter);
  if (request.method === "OPTIONS") return new HttpResponse(204).set("Allow", row.allow);
  if (!KNOWN_METHODS.has(request.method)) return unknownMethod();
  return plainText("This resource does not have that method; Allow names those it has.\n", 405).set("Allow", row.allow);
}

function answerWithoutRow(request: HttpRequest): HttpResponse {
  // The asterisk form asks about the server as a whole (RFC 9110 9.3.7).
  if (request.method === "OPTIONS" && request.rawPath === "*") return new HttpResponse(204).set("Allow", SERVER_ALLOW);
  if (!KNOWN_METHODS.has(request.method)) return unknownMethod();
  return plainText("There is nothing here; GET / says what this server offers.\n", 404);
}

function unknownMethod(): HttpResponse {
  return plainText("This method is not known here.\n", 501);
}
