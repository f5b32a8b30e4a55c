// `/-/health`: whether new work may come here, for load balancers and container engines.

import type { Handler } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** What the process knows of its end. */
export interface Lifecycle {
  /** It was told to stop, and only finishes what it has in hand. */
  readonly isDraining: boolean;
}

/** GET: 200, or 503 as soon as the server was told to stop. */
export function createHealth(lifecycle: Lifecycle): Handler {
  return () => {
    const reply = lifecycle.isDraining ? plainText("draining\n", 503) : plainText("ok\n");
    return reply.append("Cache-Control", "no-store");
  };
}
