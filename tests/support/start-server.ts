// A server in the test's own process, on a port of the system's choice.

import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import { type Dispatch, HttpResponse } from "../../src/http/message.ts";
import { type Clock, SystemClock } from "../../src/net/clock.ts";
import { Server } from "../../src/net/server.ts";
import type { Wiretap } from "../../src/http/wiretap.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import type { ExchangeRecord, Observer } from "../../src/observe/observer.ts";
import { createRouter } from "../../src/router.ts";
import { echoBody, echoPath } from "../../src/handlers/echo.ts";

/** Keeps what it is told. */
export class RecordingObserver implements Observer {
  readonly wantsAll = true;
  /** All of them. */
  readonly exchanges: ExchangeRecord[] = [];
  /** Those that were answered, or cut off on the way. */
  readonly records: ExchangeRecord[] = [];
  readonly refusals: string[] = [];
  readonly faults: unknown[] = [];
  readonly limits: string[] = [];
  connections = 0;
  disconnections = 0;

  started(): void {}
  connected(): void {
    this.connections += 1;
  }
  exchange(record: ExchangeRecord): void {
    this.exchanges.push(record);
    const { refusal, ownLimit, status, cutOff } = record;
    if (refusal !== null) this.refusals.push(refusal.name);
    if (refusal === null || cutOff) this.records.push(record);
    if (ownLimit !== null) this.limits.push(`${status} ${ownLimit}`);
  }
  disconnected(): void {
    this.disconnections += 1;
  }
  fault(error: unknown): void {
    this.faults.push(error);
  }
  warning(): void {}
  stopped(): void {}
}

/** A started server and what a test asks of it. */
export interface StartedServer {
  readonly server: Server;
  readonly listener: TcpListener;
  readonly port: number;
  readonly observer: RecordingObserver;
  stop(): Promise<void>;
}

/** The protocol's own routes: enough for tests of `net/`. */
export const protocolRoutes: Dispatch = createRouter({
  "/": { GET: () => new HttpResponse(200) },
  "/echo/{text}": { rest: "decoded", GET: echoPath },
  "/echo": { POST: echoBody, PUT: echoBody },
});

/** Where and when a test's server is. */
export interface ServerPlace {
  readonly wiretap?: Wiretap;
  readonly addresses?: readonly string[];
  readonly port?: number;
  readonly clock?: Clock;
}

/** Starts one; limits given override the defaults. */
export function startServer(
  dispatch: Dispatch = protocolRoutes,
  limits: Partial<Limits> = {},
  { addresses = ["127.0.0.1"], port = 0, clock = new SystemClock(), wiretap }: ServerPlace = {},
): StartedServer {
  const observer = new RecordingObserver();
  const listener = new TcpListener({ hosts: [{ host: "127.0.0.1", addresses }], port });
  const server = new Server({
    listeners: [listener],
    limits: { ...DEFAULT_LIMITS, ...limits },
    maxTurnedAway: 8,
    dispatch,
    observer,
    clock,
    lifecycle: new Lifecycle(),
    wiretap,
  });
  server.listen();
  return { server, listener, port: listener.port, observer, stop: () => server.drain(0) };
}
