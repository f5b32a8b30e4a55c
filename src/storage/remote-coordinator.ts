// The coordinator of a worker: it asks the one of its parent. What a worker holds when it dies, its desk gives back.

import { add, type Coordinator, NOTHING, type Release, subtract, type Usage } from "./coordinator.ts";

/** From a worker to its parent. `id` names the question, and a lock until its release. */
export type CoordinatorRequest =
  | { readonly ask: "lock"; readonly id: number; readonly names: readonly string[] }
  | { readonly ask: "release"; readonly id: number }
  | { readonly ask: "reserve"; readonly id: number; readonly wanted: Usage }
  | { readonly ask: "settle"; readonly reserved: Usage; readonly change: Usage };

/** From the parent to a worker. */
export interface CoordinatorAnswer {
  readonly id: number;
  readonly isGranted: boolean;
}

const PARENT_GONE = "The parent process is gone; nothing can be written any more.";

/** The worker's end. */
export class RemoteCoordinator implements Coordinator {
  readonly hasLimits: boolean;
  readonly #send: (request: CoordinatorRequest) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>();
  #lastId = 0;
  #isParentGone = false;

  constructor(hasLimits: boolean, send: (request: CoordinatorRequest) => void) {
    this.hasLimits = hasLimits;
    this.#send = send;
  }

  /** Takes an answer of the parent. */
  receive({ id, isGranted }: CoordinatorAnswer): void {
    const question = this.#waiting.get(id);
    this.#waiting.delete(id);
    question?.resolve(isGranted);
  }

  /** There is nobody to ask any more: what waits for an answer fails, and so does every later question. */
  parentGone(): void {
    this.#isParentGone = true;
    for (const { reject } of this.#waiting.values()) reject(new Error(PARENT_GONE));
    this.#waiting.clear();
  }

  async lock(names: readonly string[]): Promise<Release> {
    const id = ++this.#lastId;
    await this.#ask({ ask: "lock", id, names });
    return () => this.#send({ ask: "release", id });
  }

  reserve(wanted: Usage): true | Promise<boolean> {
    return this.hasLimits ? this.#ask({ ask: "reserve", id: ++this.#lastId, wanted }) : true;
  }

  settle(reserved: Usage, change: Usage): void {
    if (this.hasLimits) this.#send({ ask: "settle", reserved, change });
  }

  #ask(request: Extract<CoordinatorRequest, { ask: "lock" | "reserve" }>): Promise<boolean> {
    if (this.#isParentGone) return Promise.reject(new Error(PARENT_GONE));
    const question = Promise.withResolvers<boolean>();
    this.#waiting.set(request.id, question);
    this.#send(request);
    return question.promise;
  }
}

/** The parent's end for one worker. */
export class CoordinatorDesk {
  readonly #coordinator: Coordinator;
  readonly #answer: (answer: CoordinatorAnswer) => void;
  readonly #locks = new Map<number, Release>();
  #reserved: Usage = NOTHING;
  #isClosed = false;

  constructor(coordinator: Coordinator, answer: (answer: CoordinatorAnswer) => void) {
    this.#coordinator = coordinator;
    this.#answer = answer;
  }

  /** Takes a request of the worker. Never rejects for what the worker asked. */
  async receive(request: CoordinatorRequest): Promise<void> {
    switch (request.ask) {
      case "lock":
        return this.#lock(request.id, request.names);
      case "release":
        this.#locks.get(request.id)?.();
        this.#locks.delete(request.id);
        return;
      case "reserve":
        return this.#reserve(request.id, request.wanted);
      case "settle":
        this.#reserved = subtract(this.#reserved, request.reserved);
        this.#coordinator.settle(request.reserved, request.change);
    }
  }

  /** The worker is gone: what it held is free. */
  close(): void {
    this.#isClosed = true;
    for (const release of this.#locks.values()) release();
    this.#locks.clear();
    this.#coordinator.settle(this.#reserved, NOTHING);
    this.#reserved = NOTHING;
  }

  async #lock(id: number, names: readonly string[]): Promise<void> {
    const release = await this.#coordinator.lock(names);
    if (this.#isClosed) {
      release();
      return;
    }
    this.#locks.set(id, release);
    this.#answer({ id, isGranted: true });
  }

  async #reserve(id: number, wanted: Usage): Promise<void> {
    const isGranted = await this.#coordinator.reserve(wanted);
    if (isGranted && this.#isClosed) {
      this.#coordinator.settle(wanted, NOTHING);
      return;
    }
    if (isGranted) this.#reserved = add(this.#reserved, wanted);
    this.#answer({ id, isGranted });
  }
}
