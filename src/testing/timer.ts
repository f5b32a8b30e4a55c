// How time passes for the endpoints that wait; tests let it pass by hand.

import type { Peer } from "../http/message.ts";

/** Calls once, later. */
export interface Timer {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Gives what keeps the call from being made. */
  start(ms: number, call: () => void): () => void;
}

/** The system's. */
export const SYSTEM_TIMER: Timer = {
  get now() {
    return Date.now();
  },
  start(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** How long a wait goes on for a client that has left. */
const LOOK_MS = 500;

/** Waits, but not to the end for a client that has left meanwhile. */
export async function pause(timer: Timer, ms: number, peer: Peer): Promise<void> {
  for (let left = ms; left > 0 && !peer.hasLeft; left -= LOOK_MS) {
    await new Promise<void>((resolve) => void timer.start(Math.min(left, LOOK_MS), resolve));
  }
}
