// The file descriptors that storage may hold at once. Past them it says "try again later" itself, before the system
// would, because the sockets need descriptors too.

import { SystemError } from "./system-fault.ts";

/** Counts what is open. */
export class DescriptorBudget {
  /** How many there may be. */
  readonly most: number;
  #taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** One more; false when there is none left. */
  take(): boolean {
    if (this.#taken >= this.most) return false;
    this.#taken += 1;
    return true;
  }

  /** One more; throws as the system does when there is none left. */
  takeOrThrow(): void {
    if (!this.take()) throw new SystemError("EMFILE", "the share of the files is used up");
  }

  /** One less; for each `take` that was granted, once. */
  giveBack(): void {
    this.#taken -= 1;
  }
}
