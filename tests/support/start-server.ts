// A server in the test's own process, on a port of the system's choice.

import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import { type Dispatch, HttpResponse } from "../../src/http/message.ts";
import { Server } from "../../src/net/server.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import type { ExchangeRecord, Observer } from "../../src/observe/observer.ts";
import { createRouter } from "../../src/router.ts";
import { echoBody, echoPath } from "../../src/handlers/echo.ts";

/** Keeps what it is told. */
export class RecordingObserver implements Observer {
  readonly verbose = true;
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
  received(record: ExchangeRecord): void {
    this.records.push(record);
  }
  disconnected(): void {
    this.disconnections += 1;
  }
  refused(_address: string, _port: number, _status: number, name: string): void {
    this.refusals.push(name);
  }
  fault(error: unknown): void {
    this.faults.push(error);
  }
  limitMet(status: number, limit: string): void {
    this.limits.push(`${status} ${limit}`);
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

/** Starts one; limits given override the defaults. */
export function startServer(
  dispatch: Dispatch = protocolRoutes,
  limits: Partial<Limits> = {},
  { addresses = ["127.0.0.1"], port = 0 }: { readonly addresses?: readonly string[]; readonly port?: number } = {},
): StartedServer {
  const observer = new RecordingObserver();
  const listener = new TcpListener({ host: "127.0.0.1", addresses, port });
  const server = new Server({
    listeners: [listener],
    limits: { ...DEFAULT_LIMITS, ...limits },
    maxTurnedAway: 8,
    dispatch,
    observer,
    lifecycle: new Lifecycle(),
  });
  server.listen();
  return { server, listener, port: listener.port, observer, stop: () => server.drain(0) };
}
