// Writes lines where nobody waits for it. Whatever happens at the other end, `add` returns at once, memory stays bounded
// and the process can exit.

import { close, writeSync, writev } from "node:fs";
import type { AsciiLine } from "./ascii-line.ts";
import { LineQueue } from "./line-queue.ts";
import type { LogOutput } from "./log-output.ts";

/** A line waits at most that long for company. */
const FLUSH_DELAY_MS = 50;
/** Between two attempts at an output that takes nothing: a busy reader needs a moment, an absent one is asked rarely. */
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 50;
/** A thread of the pool comes back once per turn of the event loop: a disk gets more than one batch for the trip. */
const BATCHES_PER_TRIP = 64;
/** And waits for so many, as long as no line has waited its time: a trip costs as much as the lines of several batches. */
const BATCHES_WORTH_A_TRIP = 16;
/** How long the last lines may hold up the end of the process. */
const END_PATIENCE_MS = 200;
const END_POLL_MS = 5;
/** What a write in a thread of the pool gets, blindly, when the process ends at once. */
const BLIND_WAIT_MS = 20;

/** The reader is gone for good; silence is the only answer, unless there is another output. */
const GONE: ReadonlySet<unknown> = new Set(["EPIPE", "EBADF", "ECONNRESET", "ENOTCONN"]);
const TRY_LATER: ReadonlySet<unknown> = new Set(["EAGAIN", "EINTR"]);

/** What a sink asks of whoever has it, and tells him. None of it may throw. */
export interface LogSinkOwner {
  /** Makes the line that stands for `dropped` missing ones. */
  noticeOf(dropped: number): string;
  /** Adds what is in the making: before what waits is written though it is not much, and before the sink ends. */
  gather?(): void;
  /** The output has not taken lines, as a full disk does: said each time, and before there is another line to tell it in. */
  lost?(): void;
  /** Nobody reads the output any more. */
  gone?(): void;
}

/** Lines in, writes out: one at a time, in order. */
export class LogSink {
  #output: LogOutput;
  /** Takes the place of the output as soon as no batch is half written to that. */
  #nextOutput: LogOutput | null = null;
  readonly #queue: LineQueue;
  #state: "idle" | "writing" | "blocked" | "gone" | "closed" = "idle";
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** A line has waited its time: a batch that is not full goes out too. */
  #due = false;
  /** What a thread of the pool writes, while the state is "writing". */
  #inHand: readonly Uint8Array[] = [];
  #retryMs = FIRST_RETRY_MS;
  readonly #owner: LogSinkOwner;
  /** When the end of the process may wait no longer; set by whoever ends it first. */
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(output: LogOutput, owner: LogSinkOwner) {
    this.#owner = owner;
    this.#output = output;
    this.#queue = new LineQueue((dropped) => owner.noticeOf(dropped));
  }

  /** True when lines are pointless: nobody will ever read them, unless the sink is reopened. */
  get closed(): boolean {
    return this.#state === "gone" || this.#state === "closed";
  }

  /** Takes one line: ASCII, with its line end. Drops and counts it when too much is waiting. */
  add(line: string | AsciiLine): void {
    if (this.closed) return;
    this.#queue.add(line);
    if (this.#state === "idle" && this.#queue.fullBatches >= this.#worthWriting) this.#pump();
    this.expect();
  }

  /** A line is in the making: `gather` is called for it in 50 ms at the latest. */
  expect(): void {
    if (this.#timer === null && !this.closed) this.#wakeIn(FLUSH_DELAY_MS);
  }

  /** Goes on in another output, which is ours to close as the last one was. No line is lost, and none is in both. */
  reopen(output: LogOutput): void {
    this.#owner.gather?.();
    if (this.#nextOutput !== null) close(this.#nextOutput.fd, () => {});
    this.#nextOutput = output;
    if (this.#state === "gone") this.#state = "idle";
    if (this.#state === "idle" || this.#state === "blocked") this.#changeOutput();
    if (this.#state === "closed") close(output.fd, () => {});
  }

  get #worthWriting(): number {
    return this.#output.writes === "on disk" ? BATCHES_WORTH_A_TRIP : 1;
  }

  #changeOutput(): void {
    if (this.#nextOutput === null || this.#queue.isWithinBatch) return;
    close(this.#output.fd, () => {});
    this.#output = this.#nextOutput;
    this.#nextOutput = null;
    this.#queue.beginOutput();
  }

  /** Resolves when all lines so far are written, or cannot be, but after 200 ms at the latest. */
  async settle(): Promise<void> {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + END_PATIENCE_MS);
    this.#owner.gather?.();
    // No line comes any more, behind which the last gap would be told.
    this.#queue.noteDropped();
    this.#wake();
    while (this.#queue.pendingBytes > 0 && performance.now() < this.#endsAt) await Bun.sleep(END_POLL_MS);
  }

  /** Writes what is left and takes nothing more. Ends 200 ms after the first of `settle` and `close` at the latest. */
  close(): void {
    if (this.#state === "closed") return;
    this.#owner.gather?.();
    this.#endsAt = Math.min(this.#endsAt, performance.now() + END_PATIENCE_MS);
    const isWriting = this.#state === "writing";
    this.#state = "closed";
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.noteDropped();
    if (this.#output.writes === "any time") this.#writeBlindly(isWriting);
    else this.#writeRest(isWriting);
    this.#queue.clear();
  }

  /** Writes until nothing is left, nothing more is taken, or a thread of the pool has the next batches. */
  #pump(): void {
    while (this.#state === "idle") {
      this.#changeOutput();
      if (!this.#due && this.#queue.fullBatches < this.#worthWriting) return;
      const batches = this.#queue.front(this.#due, this.#output.writes === "on disk" ? BATCHES_PER_TRIP : 1);
      const [batch] = batches;
      if (batch === undefined) {
        this.#due = false;
        return;
      }
      if (this.#output.writes === "at once") this.#finishWrite(1, ...writeNow(this.#output.fd, batch));
      else this.#startWrite(batches);
    }
  }

  #startWrite(batches: readonly Uint8Array[]): void {
    this.#state = "writing";
    this.#inHand = batches;
    writev(this.#output.fd, batches, (error, taken) => {
      if (this.#state === "closed") return;
      this.#state = "idle";
      this.#finishWrite(batches.length, error, taken);
      this.#pump();
    });
  }

  #finishWrite(batches: number, error: unknown, taken: number): void {
    const code = codeOf(error);
    if (code === null) {
      this.#queue.took(taken);
      this.#retryMs = FIRST_RETRY_MS;
    } else if (TRY_LATER.has(code)) {
      this.#state = "blocked";
      this.#wakeIn(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
    } else if (GONE.has(code)) {
      this.#state = "gone";
      this.#queue.clear();
      this.#owner.gone?.();
    } else {
      this.#queue.drop(batches); // a full disk, say: the next lines may find room
      this.#owner.lost?.();
    }
  }

  /** The timer holds no process alive: whoever ends the process settles or closes the log first. */
  #wakeIn(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), delayMs).unref();
  }

  #wake(): void {
    // Before the timer is forgotten: what comes needs no other.
    this.#owner.gather?.();
    this.#timer = null;
    this.#due = true;
    if (this.#state === "blocked") this.#state = "idle";
    this.#pump();
  }

  /** For outputs that take bytes at once or always end. */
  #writeRest(isWriting: boolean): void {
    if (isWriting) {
      // What a thread has in hand comes before ours. It cannot tell us that it is done, so it gets a moment.
      Bun.sleepSync(BLIND_WAIT_MS);
      for (const batch of this.#inHand) this.#queue.took(batch.length);
    }
    for (let [batch] = this.#queue.front(true, 1); batch !== undefined; [batch] = this.#queue.front(true, 1)) {
      const [error, taken] = writeNow(this.#output.fd, batch);
      const code = codeOf(error);
      if (code !== null && !TRY_LATER.has(code)) return;
      this.#queue.took(taken);
      if (taken === batch.length) continue;
      if (performance.now() > this.#endsAt) return;
      Bun.sleepSync(END_POLL_MS);
    }
  }

  /** A write here could wait forever, so a thread of the pool does it, and its result is not waited for. */
  #writeBlindly(isWriting: boolean): void {
    if (isWriting) return; // the reader is late already
    const rest = this.#queue.front(true, Number.POSITIVE_INFINITY);
    if (rest.length === 0) return;
    writev(this.#output.fd, rest, () => {});
    Bun.sleepSync(BLIND_WAIT_MS);
  }
}

function writeNow(fd: number, bytes: Uint8Array): [error: unknown, taken: number] {
  try {
    return [null, writeSync(fd, bytes)];
  } catch (error) {
    return [error, 0];
  }
}

function codeOf(error: unknown): string | null {
  if (error === null) return null;
  return (error as NodeJS.ErrnoException).code ?? "";
}
