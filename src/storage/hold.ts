// What one commit keeps from the others: its names, and of a group what readers must not see the middle of.

import type { Coordinator, Release } from "./coordinator.ts";
import { placesAbove } from "./locked-names.ts";

/** Names that are locked; `end` ends it. */
export class Hold {
  readonly names: readonly string[];
  readonly #release: Release;
  #isHeld = true;

  private constructor(names: readonly string[], release: Release) {
    this.names = names;
    this.#release = release;
  }

  /** Of a single file: waits until nobody else holds any of the names. */
  static async take(coordinator: Coordinator, names: readonly string[]): Promise<Hold> {
    return new Hold(names, await coordinator.lock(names));
  }

  /** Of a group: readers wait for its names until its end, and nobody moves these folders, or what they lie in. */
  static async takeGroup(
    coordinator: Coordinator,
    names: readonly string[],
    folderPaths: Iterable<string>,
  ): Promise<Hold> {
    const unlock = await coordinator.lock(names, placesAbove(folderPaths));
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
