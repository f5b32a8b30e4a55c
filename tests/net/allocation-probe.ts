// Prints the bytes of heap that one request costs which is answered in the turn that it came in. A process of its own:
// in a heap that others have used, new objects fill old gaps, and nothing would be seen.

import { heapStats } from "bun:jsc";
import { createCoordinator, createDispatch } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { RequestHeadParser } from "../../src/http/request-head.ts";
import { BufferBudget } from "../../src/net/buffer-budget.ts";
import { SystemClock } from "../../src/net/clock.ts";
import { NOTHING } from "../../src/storage/coordinator.ts";
import { Connection, type ConnectionContext } from "../../src/net/connection.ts";
import { LoopTurn } from "../../src/net/loop-turn.ts";
import type { ConnectionSocket } from "../../src/net/socket-peer.ts";
import type { Observer } from "../../src/observe/observer.ts";

const WARM_UP = 20_000;
const REQUESTS = 1000;
const ROUNDS = 9;

const nothing = (): void => {};
const fail = (...what: unknown[]): void => {
  throw new Error("the probe's request went wrong: " + what.map(String).join(" "));
};
const observer: Observer = {
  wantsAll: false,
  started: nothing,
  connected: nothing,
  exchange: fail,
  disconnected: nothing,
  fault: fail,
  warning: fail,
  stopped: nothing,
};
const socket: ConnectionSocket = {
  write: ((_bytes: Uint8Array, _start: number, length: number) => length) as ConnectionSocket["write"],
  shutdown: nothing,
  close: nothing,
  terminate: nothing,
  pause: nothing,
  resume: nothing,
  remoteAddress: "127.0.0.1",
  remotePort: 1,
  localAddress: "127.0.0.1",
};

const intent = parseConfig([], {});
if (intent.kind !== "serve") throw new Error("the probe's settings are wrong");
const context: ConnectionContext = {
  limits: DEFAULT_LIMITS,
  parser: new RequestHeadParser(DEFAULT_LIMITS),
  clock: new SystemClock(),
  dispatch: createDispatch(
    intent.config,
    1,
    createCoordinator(intent.config, async () => NOTHING),
    { isDraining: false },
    () => {},
  ),
  observer,
  budget: new BufferBudget(DEFAULT_LIMITS.maxBuffered),
  turn: new LoopTurn(),
  isDraining: false,
  ended: fail,
};
const connection = new Connection(socket, context);
const request = "GET /echo/abc HTTP/1.1\r\nHost: localhost:4221\r\nUser-Agent: probe\r\nAccept: */*\r\n\r\n";
const reads = Array.from({ length: REQUESTS }, () => Buffer.from(request));
for (let i = 0; i < WARM_UP; i++) connection.receive(reads[i % REQUESTS]!);

const costs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  Bun.gc(true);
  const before = heapStats().heapCapacity;
  for (const read of reads) connection.receive(read);
  costs.push((heapStats().heapCapacity - before) / REQUESTS);
}
console.log(costs.sort((a, b) => a - b)[ROUNDS >> 1]);
process.exit(0);
