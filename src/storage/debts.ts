// What could not be cleaned up when it should have been, because somebody moved the folder at that moment or the disk
// failed: tried again until it is done.

const PAUSE_MS = 1000;
/** Then the next start has to do it. */
const MOST_TRIES = 3600;
/** More than these come from an attack that goes on; the sweep of the next start finds them. */
const MOST_DEBTS = 10_000;

interface Debt {
  readonly pay: () => Promise<void>;
  tries: number;
}

/** Retries in the background; the process does not wait for it. */
export class Debts {
  #open: Debt[] = [];
  #timer: Timer | null = null;

  /** `pay` rejects while it cannot be done. */
  add(pay: () => Promise<void>): void {
    if (this.#open.length >= MOST_DEBTS) return;
    this.#open.push({ pay, tries: 0 });
    this.#timer ??= setTimeout(() => void this.#payAll(), PAUSE_MS).unref();
  }

  async #payAll(): Promise<void> {
    const due = this.#open;
    this.#open = [];
    for (const debt of due) {
      try {
        await debt.pay();
      } catch {
        debt.tries += 1;
        if (debt.tries < MOST_TRIES) this.#open.push(debt);
      }
    }
    this.#timer = this.#open.length === 0 ? null : setTimeout(() => void this.#payAll(), PAUSE_MS).unref();
  }
}
