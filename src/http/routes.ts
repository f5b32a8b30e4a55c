// What a server answers, as data: the router reads everything off it.

import type { Handler, PathAccess } from "./message.ts";

/**
 * How a row gets the rest of the path, slashes and all, as its one parameter, which stands at the end: "decoded" to one
 * char per byte, or "raw" as it was sent, for whoever has to tell an encoded slash from another.
 */
export type RestForm = "decoded" | "raw";

/**
 * What a path leads to: its handlers by their methods. "*" answers all methods that are known, less those that have a
 * handler of their own, OPTIONS and TRACE.
 */
export interface Resource {
  /** Private when it does not say so. */
  readonly access?: PathAccess;
  /** Without one each parameter is one segment of the path, decoded and never empty. */
  readonly rest?: RestForm;
  /** HEAD is GET's unless it has a handler of its own; OPTIONS is answered for all rows alike, unless it has one. */
  readonly [method: Uppercase<string>]: Handler;
}

/**
 * Resources by their paths, in no order: the longest beginning that fits decides. `/echo/{text}` with a rest form,
 * `/links/{n}/{offset}` without one.
 */
export type Routes = Readonly<Record<string, Resource>>;
