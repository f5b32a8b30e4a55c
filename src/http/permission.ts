// What one request may do below the served folder. Admission decides it, handlers ask it.

import type { HttpResponse } from "./message.ts";

/** "create" makes what is not there yet; "write" replaces what is. */
export type Right = "read" | "create" | "write" | "delete";

/** Paths are decoded names below the folder, with "/" between their segments; "" is the folder itself. */
export interface Rights {
  may(right: Right, path: string): boolean;
  /** True when `may` is true of a folder and of every name below it. */
  mayAllBelow(right: Right, path: string): boolean;
  /** True for a folder on the way to something that is allowed by its own rule, and for that one's own path. */
  leadsTo(path: string): boolean;
}

/** The rights of a request, whose they are, and what it is told where they do not reach. */
export interface Permission extends Rights {
  /** Empty for whoever has not said who he is. */
  readonly user: string;
  /** A name and a password would be taken of whoever has not said who he is. */
  readonly mayLogIn: boolean;
  /**
   * Names the right that is missing, and says nothing of what is there: 401 for whoever has not said who he is, 403 for
   * whoever has.
   */
  refuse(right: Right): HttpResponse;
}
