// What one commit keeps from the others: its names, and of a group what readers must not see the middle of.

import type { Coordinator, Release } from "./coordinator.ts";

/** Names that are locked; `end` ends it. */
export class Hold {
  readonly names: readonly string[];
  readonly #release: Release;
  #isHeld = true;

  private constructor(names: readonly string[], release: Release) {
    this.names = names;
    this.#release = release;
  }

  /** Waits until nobody else holds any of the names. Readers wait for those of a group until its end. */
  static async take(coordinator: Coordinator, names: readonly string[], isGroup: boolean): Promise<Hold> {
    const unlock = await coordinator.lock(names);
    if (!isGroup) return new Hold(names, unlock);
    coordinator.beginGroup();
    return new Hold(names, () => {
      coordinator.endGroup();
      unlock();
    });
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Only the first call counts. */
  end(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#release();
  }
}
