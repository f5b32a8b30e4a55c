// What could not be cleaned up when it should have been, because somebody moved the folder at that moment or the disk
// failed: tried again until it is done.

const PAUSE_MS = 1000;
/** Then the next start has to do it. */
const MOST_TRIES = 3600;
/** More than these come from an attack that goes on; the sweep of the next start finds them. */
const MOST_DEBTS = 10_000;
/** So long others wait for what a debt holds. After that they see what there is. */
const HELD_MS = 60_000;
/** Past these a debt holds nothing: what is held takes memory, and makes others wait. */
const MOST_HELD = 16;

interface Debt {
  readonly pay: () => Promise<void>;
  /** It is paid, or given up. */
  readonly end: () => void;
  tries: number;
}

/** Retries in the background; the process does not wait for it. */
export class Debts {
  #open: Debt[] = [];
  #count = 0;
  #held = 0;
  #timer: Timer | null = null;

  /** `pay` rejects while it cannot be done. Resolves when it is paid, or given up. */
  async add(pay: () => Promise<void>): Promise<void> {
    if (this.#count >= MOST_DEBTS) return;
    this.#count += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.push({ pay, end: resolve, tries: 0 });
    this.#timer ??= setTimeout(() => void this.#payAll(), PAUSE_MS).unref();
    await promise;
    this.#count -= 1;
  }

  /**
   * The same for a debt that keeps something from others. `letGo` is called once: when the debt is paid or given up,
   * when it has held for a minute, or at once where too many hold already.
   */
  async addHeld(pay: () => Promise<void>, letGo: () => void): Promise<void> {
    if (this.#held >= MOST_HELD) {
      letGo();
      return this.add(pay);
    }
    this.#held += 1;
    let isHeld = true;
    const end = (): void => {
      if (isHeld) this.#held -= 1;
      if (isHeld) letGo();
      isHeld = false;
    };
    const late = setTimeout(end, HELD_MS).unref();
    await this.add(pay);
    clearTimeout(late);
    end();
  }

  async #payAll(): Promise<void> {
    const due = this.#open;
    this.#open = [];
    for (const debt of due) {
      try {
        await debt.pay();
        debt.end();
      } catch {
        debt.tries += 1;
        if (debt.tries < MOST_TRIES) this.#open.push(debt);
        else debt.end();
      }
    }
    this.#timer = this.#open.length === 0 ? null : setTimeout(() => void this.#payAll(), PAUSE_MS).unref();
  }
}
