// What one request may do below the served folder. Admission decides it, handlers ask it.

/** "create" makes what is not there yet; "write" replaces what is. */
export type Right = "read" | "create" | "write" | "delete";

/** Paths are decoded names below the folder, with "/" between their segments; "" is the folder itself. */
export interface Permission {
  may(right: Right, path: string): boolean;
  /** True when something below the path is allowed, whatever of the path itself is: a way that one may go. */
  leadsOn(path: string): boolean;
}

/** Of a server that was told nothing else. */
export const EVERYTHING: Permission = { may: () => true, leadsOn: () => true };
