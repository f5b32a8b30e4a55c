// The paths that a route stands for, and the parameters that stand in them. An encoded slash separates nothing
// (RFC 3986 2.2); all else counts decoded, so that no other spelling of a path leads elsewhere.

import type { MaybePromise } from "./byte-source.ts";
import type { Handler, HttpRequest, HttpResponse } from "./message.ts";
import type { RestForm } from "./routes.ts";
import { decodePercent } from "./target.ts";

const PARAMETER = /^\{[a-z][a-z_-]*\}$/;

/** The paths of one row, as `Routes` spells them. */
export class PathPattern {
  /** What the decoded path begins with; all of it where there is no parameter. */
  readonly prefix: string;
  /** There is no parameter. */
  readonly isExact: boolean;
  readonly #rest: RestForm | null;
  /** Segments as they must be, decoded; null for a parameter. Null when the prefix says it all. */
  readonly #segments: readonly (string | null)[] | null;
  /** How much of its paths is fixed, for patterns with one prefix: segments, and none of what the rest form takes. */
  readonly #fixed: number;

  /** Throws when no path could fit, or some would in two ways: a fault of ours. */
  constructor(path: string, rest: RestForm | null) {
    const brace = path.indexOf("{");
    const segments = path.split("/").map((segment) => (PARAMETER.test(segment) ? null : segment));
    const isWhole = segments.every((segment) => segment === null || !/[{}]/.test(segment));
    if (!path.startsWith("/") || !isWhole) throw new Error(`no route's path: ${path}`);
    if (rest !== null && segments.indexOf(null) !== segments.length - 1)
      throw new Error(`the one parameter must stand at the end of ${path}`);
    this.prefix = brace < 0 ? path : path.slice(0, brace);
    this.isExact = brace < 0;
    this.#rest = rest;
    this.#segments = brace < 0 || rest !== null ? null : segments;
    this.#fixed = rest === null ? segments.filter((segment) => segment !== null).length : 0;
  }

  /** Sorts first the one that says more of a path, where two fit one: the longer prefix, then the more that is fixed. */
  static compare(a: PathPattern, b: PathPattern): number {
    return b.prefix.length - a.prefix.length || b.#fixed - a.#fixed;
  }

  /** True when the path is one of those. */
  fits({ decodedPath, rawPath }: HttpRequest): boolean {
    if (this.isExact) return decodedPath === this.prefix;
    if (!decodedPath.startsWith(this.prefix)) return false;
    return this.#segments === null || this.#find(this.#segments, rawPath) !== null;
  }

  /** Lets the handler answer a request whose path fits, with its parameters. */
  call(handler: Handler, request: HttpRequest): MaybePromise<HttpResponse> {
    if (this.isExact) return handler(request);
    if (this.#segments === null) return handler(request, this.#restOf(request));
    return handler(request, ...(this.#find(this.#segments, request.rawPath) ?? []));
  }

  #restOf({ decodedPath, rawPath }: HttpRequest): string {
    const { length } = this.prefix;
    if (this.#rest === "decoded" || rawPath === decodedPath) return decodedPath.slice(length);
    return rawPath.slice(rawEnd(rawPath, length));
  }

  /** Null when the path is none of those. */
  #find(segments: readonly (string | null)[], rawPath: string): readonly string[] | null {
    const sent = rawPath.split("/");
    if (sent.length !== segments.length) return null;
    const parameters: string[] = [];
    for (const [i, segment] of segments.entries()) {
      const decoded = decodePercent(sent[i]!);
      if (segment === null ? decoded === "" : decoded !== segment) return null;
      if (segment === null) parameters.push(decoded);
    }
    return parameters;
  }
}

/**
 * Where so many decoded chars of a path, the last of them a slash, end in it as it was sent. A slash that was encoded is
 * none: it is left to what follows.
 */
function rawEnd(rawPath: string, length: number): number {
  let at = 0;
  for (let decoded = 1; decoded < length; decoded++) at += rawPath[at] === "%" ? 3 : 1;
  return rawPath[at] === "%" ? at : at + 1;
}
