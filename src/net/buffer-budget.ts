// One bound on the bytes that all connections of a process keep in memory: what they have read and not yet handed on, and
// what their clients have not yet taken. Past it bodies wait in the kernels' buffers, and everything else goes on.

/** What one read of a socket brings at most, so what a body that may go on costs before it can be stopped again. */
const READ_BYTES = 512 * 1024;
/** Past the budget by this part of it, nothing waits any more: what would add to it is refused. */
const EXHAUSTED_PARTS = 4;

/** Whoever holds a share. */
export interface BufferHolder {
  /** Whether its body may be read has changed: ask `mayTake` again. */
  memoryChanged(): void;
}

/** The sum, and who waits for it to fall. */
export class BufferBudget {
  readonly #most: number;
  #held = 0;
  /** Promised to those that were told to go on and have brought nothing yet. */
  #granted = 0;
  readonly #takers = new Set<BufferShare>();
  /** In the order in which they came. */
  readonly #waiting = new Set<BufferShare>();
  /** How often each buffer is kept: a file in memory that a thousand clients read costs once. */
  readonly #kept = new Map<ArrayBufferLike, number>();

  /** `most` in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** More is held than should be. */
  get isShort(): boolean {
    return this.#held > this.#most;
  }

  /** More is held than waiting can mend. */
  get isExhausted(): boolean {
    return this.#held > this.#most + this.#most / EXHAUSTED_PARTS;
  }

  /** Every half second: a promise that nobody used is void. */
  sweep(): void {
    this.#granted = 0;
    for (const share of this.#takers) share.isGranted = false;
    this.#wake();
  }

  /** See `BufferShare.settle`. */
  settle(share: BufferShare, held: number, kept: ArrayBufferLike | null): void {
    const wasShort = this.isShort;
    this.#held += held - share.held;
    share.held = held;
    if (kept !== share.kept) {
      if (kept !== null) this.#keep(kept);
      if (share.kept !== null) this.#release(share.kept);
      share.kept = kept;
    }
    if (!this.isShort) {
      if (this.#waiting.size > 0) this.#wake();
    } else if (!wasShort) for (const taker of [...this.#takers]) taker.holder.memoryChanged();
  }

  /** See `BufferShare.mayTake`. */
  mayTake(share: BufferShare): boolean {
    if (this.#waiting.has(share)) return false;
    if (!share.isGranted && (this.isShort || this.#waiting.size > 0)) {
      this.#takers.delete(share);
      this.#waiting.add(share);
      return false;
    }
    this.#takers.add(share);
    return true;
  }

  /** See `BufferShare.leave`. */
  leave(share: BufferShare): void {
    this.#takers.delete(share);
    this.#waiting.delete(share);
    this.useGrant(share);
  }

  /** What was promised has come, and is counted as held from now on. */
  useGrant(share: BufferShare): void {
    if (!share.isGranted) return;
    share.isGranted = false;
    this.#granted -= READ_BYTES;
  }

  /** Lets as many go on as there is room for; one always, so that a small budget is slow and not a stop. */
  #wake(): void {
    for (const share of this.#waiting) {
      const used = this.#held + this.#granted;
      if (used > 0 && used + READ_BYTES > this.#most) return;
      this.#waiting.delete(share);
      this.#takers.add(share);
      this.#granted += READ_BYTES;
      share.isGranted = true;
      share.holder.memoryChanged();
    }
  }

  #keep(buffer: ArrayBufferLike): void {
    const times = this.#kept.get(buffer) ?? 0;
    this.#kept.set(buffer, times + 1);
    if (times === 0) this.#held += buffer.byteLength;
  }

  #release(buffer: ArrayBufferLike): void {
    const times = this.#kept.get(buffer)!;
    if (times > 1) {
      this.#kept.set(buffer, times - 1);
      return;
    }
    this.#kept.delete(buffer);
    this.#held -= buffer.byteLength;
  }
}

/** What one connection holds of the budget. */
export class BufferShare {
  readonly holder: BufferHolder;
  readonly #budget: BufferBudget;
  /** Bytes of its own. */
  held = 0;
  /** What its client has yet to take, which others may keep too. */
  kept: ArrayBufferLike | null = null;
  /** It was told to go on, and has brought nothing since. */
  isGranted = false;
  #waitingSince = Infinity;
  #isEnrolled = false;

  constructor(budget: BufferBudget, holder: BufferHolder) {
    this.#budget = budget;
    this.holder = holder;
  }

  /** `Clock.now` since when its body waits; Infinity when it does not. */
  get waitingSince(): number {
    return this.#waitingSince;
  }

  /** Tells what is held now; true when that is more than before. Others may be told of the change before it returns. */
  settle(held: number, kept: ArrayBufferLike | null): boolean {
    const grows = held > this.held || (kept !== null && kept !== this.kept);
    this.#budget.useGrant(this);
    this.#budget.settle(this, held, kept);
    return grows;
  }

  /** Whether more of a body may be read; when not, the holder is told when it may. */
  mayTake(now: number): boolean {
    this.#isEnrolled = true;
    const may = this.#budget.mayTake(this);
    if (may) this.#waitingSince = Infinity;
    else if (this.#waitingSince === Infinity) this.#waitingSince = now;
    return may;
  }

  /** No body is being read any more; harmless when none was. */
  leave(): void {
    if (!this.#isEnrolled) return;
    this.#isEnrolled = false;
    this.#waitingSince = Infinity;
    this.#budget.leave(this);
  }
}
