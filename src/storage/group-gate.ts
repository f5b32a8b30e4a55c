// What readers pass before they open a name: they see all of a group or nothing of it.

import { type Coordinator, whileLocked } from "./coordinator.ts";

/** Lets nobody see the middle of a group's commit. */
export interface GroupGate {
  /** True while some group is being made visible. */
  readonly isActive: boolean;
  /** Another number once one more has begun. */
  readonly begun: number;
  /** Waits until no group changes what has this real path. */
  pass(realPath: string): Promise<void>;
  /** The same, and keeps groups from it during the act. */
  during<T>(realPath: string, act: () => Promise<T>): Promise<T>;
}

/** The gate of those who write through this coordinator. */
export function gateOf(coordinator: Coordinator): GroupGate {
  return {
    get isActive() {
      return coordinator.hasGroups;
    },
    get begun() {
      return coordinator.groupsBegun;
    },
    pass: async (path) => (await coordinator.lock([path]))(),
    during: (path, act) => whileLocked(coordinator, path, act),
  };
}
