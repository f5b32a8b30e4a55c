// A worker's end of the line to its parent. Signals of the terminal reach the whole group, so a worker waits for its
// parent's word; when the parent is gone, the worker goes too.

import { hasLimits } from "../storage/coordinator.ts";
import { type CoordinatorRequest, RemoteCoordinator } from "../storage/remote-coordinator.ts";
import { Census, PAGE_DESCRIPTOR } from "./census.ts";
import type { ParentMessage, WorkerMessage, WorkerOrders } from "./messages.ts";
import { outliveSignals } from "./signals.ts";

/** What a worker does for its parent. */
export interface WorkerDuties {
  /** Begins to serve, with the coordinator that asks the parent; gives the URLs, or throws a line that says why not. */
  start(orders: WorkerOrders, coordinator: RemoteCoordinator, census: Census): readonly string[];
  /** Finishes what is in hand, and ends the process. */
  drain(): void;
}

/** True when this process was started as a worker. */
export function isWorker(argv: readonly string[], word: string): boolean {
  return argv[0] === word && process.send !== undefined;
}

/** Does what the parent says until the end. */
export function followParent(duties: WorkerDuties): void {
  let coordinator: RemoteCoordinator | null = null;
  process.on("message", (message: ParentMessage) => {
    switch (message.kind) {
      case "start": {
        const { quotaBytes: bytes, maxFiles: files, minFreeBytes: minFree } = message.orders.config.files;
        const census = new Census(PAGE_DESCRIPTOR, message.orders.number);
        const ask = (request: CoordinatorRequest): void => tell({ kind: "ask", request });
        coordinator = new RemoteCoordinator(hasLimits({ bytes, files, minFree }), census, ask);
        try {
          tell({ kind: "listening", urls: duties.start(message.orders, coordinator, census) });
        } catch (error) {
          tell({ kind: "failed", line: error instanceof Error ? error.message : String(error) });
        }
        return;
      }
      case "answer":
        coordinator?.receive(message.answer);
        return;
      case "drain":
        duties.drain();
    }
  });
  process.on("disconnect", () => {
    coordinator?.parentGone();
    duties.drain();
  });
  outliveSignals();
}

/** A parent that is gone is told nothing; `disconnect` comes. */
function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}
