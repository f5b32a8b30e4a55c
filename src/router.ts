// From a path and a method to a handler. A handler is called only for a method that its row lists, and only when the gates
// let the request in. What `Allow` says, which methods are known and who guards a path is read off the rows.

import type { MaybePromise } from "./http/byte-source.ts";
import {
  type Dispatch,
  type Gate,
  type Handler,
  type HttpRequest,
  HttpResponse,
  type PathAccess,
  type Route,
} from "./http/message.ts";
import { STANDARD_METHODS } from "./http/method.ts";
import { PathPattern } from "./http/path-pattern.ts";
import { plainText } from "./http/plain-text.ts";
import type { Resource, Routes } from "./http/routes.ts";
import { withFinish } from "./http/wrapped-dispatch.ts";

/** Makes the dispatch of these routes behind gates, which are asked in order: 404, 405 with Allow, 501 where nothing fits. */
export function createRouter(routes: Routes, gates: readonly Gate[] = []): Dispatch {
  const known = knownMethods(routes);
  const rows = Object.entries(routes).map(([path, resource]) => new Row(path, resource, gates, known));
  const table = new RowTable(rows);
  // What some row answers; the asterisk form asks about the server as a whole (RFC 9110 9.3.7).
  const serverAllow = allowOf(rows.flatMap(({ methods }) => methods));
  const dispatch = (request: HttpRequest): MaybePromise<HttpResponse> => {
    const row = table.find(request);
    if (row !== null) return row.answer(request);
    if (request.method === "OPTIONS" && request.rawPath === "*")
      return new HttpResponse(204).append("Allow", serverAllow);
    if (!known.has(request.method)) return unknownMethod();
    return plainText(
      "There is nothing here; a shared folder is at /files/, and GET / says what this server offers.\n",
      404,
    );
  };
  const finish = (request: HttpRequest): void => {
    request.route ??= table.find(request);
  };
  return withFinish(dispatch, finish);
}

/** Methods that are 405 and not 501 where a row has no handler for them. */
function knownMethods(routes: Routes): ReadonlySet<string> {
  const named = Object.values(routes).flatMap(methodsOf);
  return new Set([...STANDARD_METHODS, ...named]);
}

const ANY_METHOD = "*";

/** The methods that a resource names, with HEAD behind the GET that answers it. */
function methodsOf(resource: Resource): readonly string[] {
  const named = Object.keys(resource).filter((key) => key === key.toUpperCase() && key !== ANY_METHOD);
  return named.flatMap((method) => (method === "GET" && !named.includes("HEAD") ? ["GET", "HEAD"] : method));
}

/** The value of Allow; OPTIONS stands last. */
function allowOf(methods: readonly string[]): string {
  return [...new Set([...methods.filter((method) => method !== "OPTIONS"), "OPTIONS"])].join(", ");
}

/** A path, and what it leads to. */
class Row implements Route {
  readonly path: string;
  readonly access: PathAccess;
  readonly allow: string;
  /** OPTIONS only where it has a handler. */
  readonly methods: readonly string[];
  readonly pattern: PathPattern;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #gates: readonly Gate[];
  readonly #known: ReadonlySet<string>;

  constructor(path: string, resource: Resource, gates: readonly Gate[], known: ReadonlySet<string>) {
    const { access = "private", rest = null } = resource;
    this.path = path;
    this.access = access;
    this.pattern = new PathPattern(path, rest);
    this.#handlers = handlersOf(resource, known);
    this.methods = [...this.#handlers.keys()];
    this.allow = allowOf(this.methods);
    this.#gates = access === "public" ? [] : gates;
    this.#known = known;
  }

  /** The answer to a request whose path fits. */
  answer(request: HttpRequest): MaybePromise<HttpResponse> {
    request.route = this;
    const refused = this.#gates.length === 0 ? null : askGates(this.#gates, 0, request);
    if (refused === null) return this.#run(request);
    return refused instanceof Promise ? this.#runAfter(refused, request) : refused;
  }

  async #runAfter(verdict: Promise<HttpResponse | null>, request: HttpRequest): Promise<HttpResponse> {
    return (await verdict) ?? this.#run(request);
  }

  #run(request: HttpRequest): MaybePromise<HttpResponse> {
    const { method } = request;
    const handler = this.#handlers.get(method);
    if (handler !== undefined) return this.pattern.call(handler, request);
    if (method === "OPTIONS") return new HttpResponse(204).append("Allow", this.allow);
    if (!this.#known.has(method)) return unknownMethod();
    return plainText("This resource does not have that method; Allow names those it has.\n", 405).append(
      "Allow",
      this.allow,
    );
  }
}

/** What each method is answered by. */
function handlersOf(resource: Resource, known: ReadonlySet<string>): ReadonlyMap<string, Handler> {
  const any = resource[ANY_METHOD];
  // OPTIONS is answered for all rows alike. TRACE would give away what a browser adds unseen (RFC 9110 9.3.8), so a row
  // that wants it has to name it.
  const others = any === undefined ? [] : [...known].filter((method) => method !== "OPTIONS" && method !== "TRACE");
  const handlers = new Map<string, Handler>();
  for (const method of [...methodsOf(resource), ...others]) {
    const own = resource[method as Uppercase<string>] ?? (method === "HEAD" ? resource["GET"] : undefined) ?? any;
    if (own !== undefined) handlers.set(method, own);
  }
  return handlers;
}

/** The refusal of the first gate that has one, from that of this index on; a promise only where a gate takes its time. */
function askGates(gates: readonly Gate[], first: number, request: HttpRequest): MaybePromise<HttpResponse | null> {
  for (let i = first; i < gates.length; i++) {
    const refused = gates[i]!(request);
    if (refused instanceof Promise) return askTheRest(refused, gates, i + 1, request);
    if (refused !== null) return refused;
  }
  return null;
}

async function askTheRest(
  verdict: Promise<HttpResponse | null>,
  gates: readonly Gate[],
  next: number,
  request: HttpRequest,
): Promise<HttpResponse | null> {
  return (await verdict) ?? askGates(gates, next, request);
}

const CHARS = 256;

/** Rows by what their paths begin with: a look at a few of them is enough, however many there are, and makes nothing. */
class RowTable {
  /** By the first char behind the slash, 0 where there is none; those that say most of a path first. */
  readonly #rows: readonly (readonly Row[])[];

  constructor(rows: readonly Row[]) {
    const sorted = rows.toSorted((a, b) => PathPattern.compare(a.pattern, b.pattern));
    this.#rows = Array.from({ length: CHARS }, (_, code) =>
      sorted.filter(({ pattern: { prefix, isExact } }) => firstChar(prefix) === code || (prefix === "/" && !isExact)),
    );
  }

  find(request: HttpRequest): Row | null {
    for (const row of this.#rows[firstChar(request.decodedPath)]!) if (row.pattern.fits(request)) return row;
    return null;
  }
}

function firstChar(path: string): number {
  return path.length > 1 ? path.charCodeAt(1) : 0;
}

function unknownMethod(): HttpResponse {
  return plainText("This method is not known here.\n", 501);
}
