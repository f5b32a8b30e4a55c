// The steps of one commit, to be taken back. What cannot be taken back at once is tried again, and nobody sees half of
// it meanwhile.

import type { Debts } from "./debts.ts";
import type { Hold } from "./hold.ts";
import type { Journal } from "./journal.ts";
import type { RecoveryGround } from "./recovery.ts";
import { systemCode } from "./system-fault.ts";

/** Takes one step back. Throws the system's error. */
type Undo = () => Promise<void>;

/** Of a commit that is refused, or may be. */
export class RollBack {
  #steps: Undo[] = [];

  /** One more step was made. */
  add(undo: Undo): void {
    this.#steps.push(undo);
  }

  /**
   * Takes all steps back, the last first, and ends the journal and the hold: now, or later if the system does not let
   * it. The names stay locked until it is done, as long as `Debts` allows. Never rejects.
   */
  async run(
    journal: Journal | null,
    hold: Hold,
    ground: Omit<RecoveryGround, "hold" | "waits">,
    debts: Debts,
  ): Promise<void> {
    // Whoever finds the journal from now on takes the group back.
    if (journal !== null && this.#steps.length > 0) await journal.turnBack().catch(later);
    await this.#takeBack().catch(later);
    const isWhole = this.#steps.length === 0;
    if (isWhole && (journal === null || (await journal.remove()))) return hold.end();
    const pay = journal === null ? () => this.#takeBack() : () => journal.takeBack({ ...ground, hold, waits: true });
    void debts.addHeld(pay, () => hold.end()).then(() => journal?.leave());
  }

  /** Rejects with the last error when some steps stay. */
  async #takeBack(): Promise<void> {
    const left: Undo[] = [];
    let lastError: unknown = null;
    for (const undo of this.#steps.toReversed()) {
      try {
        await undo();
      } catch (error) {
        // What is gone cannot be taken back any more.
        if (systemCode(error) === "ENOENT") continue;
        left.unshift(undo);
        lastError = error;
      }
    }
    this.#steps = left;
    if (left.length > 0) throw lastError;
  }
}

/** It is tried again. */
function later(): void {}
