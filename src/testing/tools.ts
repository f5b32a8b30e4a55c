// What the endpoints, the recorder and the faults of one process share, and where they stand in the way of a request.

import type { Dispatch } from "../http/message.ts";
import type { Routes } from "../http/routes.ts";
import { createFaultRoutes } from "./fault-routes.ts";
import type { FaultBook } from "./fault-book.ts";
import { faultDispatch } from "./faults.ts";
import { recordDispatch } from "./recording.ts";
import type { ExchangeStore } from "./recorder.ts";
import { createRecorderRoutes } from "./recorder-routes.ts";
import { createTestingRoutes } from "./routes.ts";
import { SYSTEM_TIMER } from "./timer.ts";

/** One set for a process. */
export interface TestingTools {
  readonly recorder: ExchangeStore;
  readonly faults: FaultBook;
}

/** All rows that `--testing` adds. `allowedHosts` are those that redirects may lead to beside loopback names. */
export function createToolRoutes({ recorder, faults }: TestingTools, allowedHosts: readonly string[]): Routes {
  return {
    ...createTestingRoutes({ allowedHosts }),
    ...createRecorderRoutes(recorder, SYSTEM_TIMER),
    ...createFaultRoutes(faults),
  };
}

/** The dispatch with faults in front of it, and the recorder behind all. `tell` is for the log. */
export function toolDispatch(
  dispatch: Dispatch,
  { recorder, faults }: TestingTools,
  tell: (line: string) => void,
): Dispatch {
  return recordDispatch(faultDispatch(dispatch, faults, SYSTEM_TIMER, tell), recorder, SYSTEM_TIMER);
}
