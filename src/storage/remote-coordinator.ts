// The coordinator of a worker: it asks the one of its parent. What a worker holds when it dies, its desk gives back.

import {
  addClaim,
  type Claim,
  type Coordinator,
  NO_CLAIM,
  NOTHING,
  type Refused,
  type Release,
  type Request,
  subtractClaim,
  type Usage,
} from "./coordinator.ts";
import type { Lack, Ledger } from "./ledger.ts";
import { SystemError } from "./system-fault.ts";

/** From a worker to its parent. `id` names the question, and a lock until its release. */
export type CoordinatorRequest =
  | { readonly ask: "lock"; readonly id: number; readonly names: readonly string[]; readonly shared: readonly string[] }
  | { readonly ask: "try-lock"; readonly id: number; readonly name: string }
  | { readonly ask: "release"; readonly id: number }
  | { readonly ask: "reserve"; readonly id: number; readonly request: Request }
  | { readonly ask: "read"; readonly paths: readonly string[] }
  | { readonly ask: "changed"; readonly id: number; readonly paths: readonly string[] }
  | { readonly ask: "moved"; readonly id: number; readonly from: string; readonly to: string }
  | { readonly ask: "run-short"; readonly id: number; readonly lack: Lack }
  | { readonly ask: "settle"; readonly claim: Claim; readonly change: Usage };

/** From the parent to a worker. */
export interface CoordinatorAnswer {
  readonly id: number;
  readonly refused: Refusal;
}

/** Why there is no such claim, or lock; null: there is. */
type Refusal = Refused | "held";

/** How many groups all workers are making visible: in memory that they share, so that readers need not ask. */
export interface GroupCount {
  readonly total: number;
  /** Changes with each that begins. */
  readonly begun: number;
  add(change: 1 | -1): void;
}

const PARENT_GONE = "The parent process is gone; nothing can be written any more.";

/** The worker's end. */
export class RemoteCoordinator implements Coordinator {
  readonly hasLimits: boolean;
  readonly ledger: Ledger | null;
  readonly #send: (request: CoordinatorRequest) => void;
  readonly #groups: GroupCount;
  readonly #waiting = new Map<number, PromiseWithResolvers<Refusal>>();
  #lastId = 0;
  #isParentGone = false;

  /** `isWatched`: the parent keeps a ledger. */
  constructor(hasLimits: boolean, groups: GroupCount, send: (request: CoordinatorRequest) => void, isWatched = false) {
    this.hasLimits = hasLimits;
    this.ledger = isWatched ? this.#createLedger() : null;
    this.#groups = groups;
    this.#send = send;
  }

  /** Takes an answer of the parent. */
  receive({ id, refused }: CoordinatorAnswer): void {
    const question = this.#waiting.get(id);
    this.#waiting.delete(id);
    question?.resolve(refused);
  }

  get hasGroups(): boolean {
    return this.#groups.total > 0;
  }

  get groupsBegun(): number {
    return this.#groups.begun;
  }

  beginGroup(): void {
    this.#groups.add(1);
  }

  endGroup(): void {
    this.#groups.add(-1);
  }

  /**
   * There is nobody to ask any more: what waits for an answer fails, and so does every later question. Clients hear that
   * they may try again: it is no fault of theirs, nor one of ours.
   */
  parentGone(): void {
    this.#isParentGone = true;
    for (const { reject } of this.#waiting.values()) reject(new SystemError("EAGAIN", PARENT_GONE));
    this.#waiting.clear();
  }

  async lock(names: readonly string[], shared: readonly string[] = []): Promise<Release> {
    const id = ++this.#lastId;
    await this.#ask({ ask: "lock", id, names, shared });
    return () => this.#send({ ask: "release", id });
  }

  async tryLock(name: string): Promise<Release | null> {
    const id = ++this.#lastId;
    if ((await this.#ask({ ask: "try-lock", id, name })) === "held") return null;
    return () => this.#send({ ask: "release", id });
  }

  reserve(request: Request): null | Promise<Refused> {
    if (!this.hasLimits) return null;
    return this.#ask({ ask: "reserve", id: ++this.#lastId, request }) as Promise<Refused>;
  }

  settle(claim: Claim, change: Usage): void {
    if (this.hasLimits) this.#send({ ask: "settle", claim, change });
  }

  #createLedger(): Ledger {
    return {
      read: (paths) => this.#send({ ask: "read", paths }),
      // Without a parent there is nobody to make room.
      changed: (paths) => this.#ask({ ask: "changed", id: ++this.#lastId, paths }).then(ignore, ignore),
      moved: (from, to) => this.#ask({ ask: "moved", id: ++this.#lastId, from, to }).then(ignore, ignore),
      runShort: (lack) => this.#ask({ ask: "run-short", id: ++this.#lastId, lack }).then(ignore, ignore),
    };
  }

  #ask(
    request: Extract<CoordinatorRequest, { ask: "lock" | "try-lock" | "reserve" | "changed" | "moved" | "run-short" }>,
  ): Promise<Refusal> {
    if (this.#isParentGone) return Promise.reject(new SystemError("EAGAIN", PARENT_GONE));
    const question = Promise.withResolvers<Refusal>();
    this.#waiting.set(request.id, question);
    this.#send(request);
    return question.promise;
  }
}

function ignore(): void {}

/** A lock of the worker. */
interface Held {
  readonly names: readonly string[];
  readonly release: Release;
}

/** The parent's end for one worker. */
export class CoordinatorDesk {
  readonly #coordinator: Coordinator;
  readonly #answer: (answer: CoordinatorAnswer) => void;
  readonly #locks = new Map<number, Held>();
  #claimed: Claim = NO_CLAIM;
  #isClosed = false;

  constructor(coordinator: Coordinator, answer: (answer: CoordinatorAnswer) => void) {
    this.#coordinator = coordinator;
    this.#answer = answer;
  }

  /** Takes a request of the worker. Never rejects for what the worker asked. */
  async receive(request: CoordinatorRequest): Promise<void> {
    switch (request.ask) {
      case "lock":
        return this.#lock(request);
      case "try-lock":
        return this.#tryLock(request.id, request.name);
      case "release":
        this.#locks.get(request.id)?.release();
        this.#locks.delete(request.id);
        return;
      case "reserve":
        return this.#reserve(request.id, request.request);
      case "read":
        this.#coordinator.ledger?.read(request.paths);
        return;
      case "changed":
        await this.#coordinator.ledger?.changed(request.paths);
        return this.#answer({ id: request.id, refused: null });
      case "moved":
        await this.#coordinator.ledger?.moved(request.from, request.to);
        return this.#answer({ id: request.id, refused: null });
      case "run-short":
        await this.#coordinator.ledger?.runShort(request.lack);
        return this.#answer({ id: request.id, refused: null });
      case "settle":
        this.#claimed = subtractClaim(this.#claimed, request.claim);
        this.#coordinator.settle(request.claim, request.change);
    }
  }

  /** The names that the worker holds alone; with those of a group it holds the places of its folders, too. */
  get heldNames(): readonly string[] {
    return [...this.#locks.values()].flatMap(({ names }) => names);
  }

  /** The worker is gone: what it held is free. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { release } of this.#locks.values()) release();
    this.#locks.clear();
    this.#coordinator.settle(this.#claimed, NOTHING);
    this.#claimed = NO_CLAIM;
  }

  async #lock({ id, names, shared }: Extract<CoordinatorRequest, { ask: "lock" }>): Promise<void> {
    this.#give(id, { names, release: await this.#coordinator.lock(names, shared) });
  }

  async #tryLock(id: number, name: string): Promise<void> {
    const release = await this.#coordinator.tryLock(name);
    if (release === null) this.#answer({ id, refused: "held" });
    else this.#give(id, { names: [name], release });
  }

  #give(id: number, held: Held): void {
    if (this.#isClosed) return held.release();
    this.#locks.set(id, held);
    this.#answer({ id, refused: null });
  }

  async #reserve(id: number, request: Request): Promise<void> {
    const refused = await this.#coordinator.reserve(request);
    if (refused === null && this.#isClosed) {
      this.#coordinator.settle(request.claim, NOTHING);
      return;
    }
    if (refused === null) this.#claimed = addClaim(this.#claimed, request.claim);
    this.#answer({ id, refused });
  }
}
