// A connection without a network: the test is its socket, its kernel and its clock.

import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import type { Dispatch } from "../../src/http/message.ts";
import { RequestHeadParser } from "../../src/http/request-head.ts";
import { BufferBudget } from "../../src/net/buffer-budget.ts";
import { Connection, type ConnectionContext } from "../../src/net/connection.ts";
import { LoopTurn } from "../../src/net/loop-turn.ts";
import type { ConnectionSocket } from "../../src/net/socket-peer.ts";
import { HandClock } from "./hand-clock.ts";
import { protocolRoutes, RecordingObserver } from "./start-server.ts";

/** A socket whose kernel has as much room as the test says. */
export class HandDrivenSocket {
  /** What was sent, one char per byte. */
  sent = "";
  /** Bytes that the kernel takes until there is more. */
  room = Infinity;
  isPaused = false;
  readonly calls: string[] = [];
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localAddress = "127.0.0.1";

  readonly write = ((bytes: Uint8Array, start: number, length: number): number => {
    const taken = Math.min(this.room, length);
    this.room -= taken;
    this.sent += Buffer.from(bytes.subarray(start, start + taken)).toString("latin1");
    return taken;
  }) as ConnectionSocket["write"];

  readonly pause = (): void => {
    this.isPaused = true;
  };
  readonly resume = (): void => {
    this.isPaused = false;
  };
  readonly shutdown = (): void => void this.calls.push("shutdown");
  readonly close = (): void => void this.calls.push("close");
  readonly terminate = (): void => void this.calls.push("terminate");
}

/** What connections share, with a clock that stands still. */
export class HandDrivenServer implements ConnectionContext {
  readonly limits: Limits;
  readonly parser: RequestHeadParser;
  readonly clock = new HandClock();
  readonly observer = new RecordingObserver();
  readonly dispatch: Dispatch;
  readonly budget: BufferBudget;
  readonly turn = new LoopTurn();
  isDraining = false;
  readonly connections: Connection[] = [];

  constructor(limits: Partial<Limits> = {}, dispatch: Dispatch = protocolRoutes) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.parser = new RequestHeadParser(this.limits);
    this.dispatch = dispatch;
    this.budget = new BufferBudget(this.limits.maxBuffered);
  }

  ended(connection: Connection): void {
    this.connections.splice(this.connections.indexOf(connection), 1);
  }

  connect(): { readonly connection: Connection; readonly socket: HandDrivenSocket } {
    const socket = new HandDrivenSocket();
    const connection = new Connection(socket as unknown as ConnectionSocket, this);
    this.connections.push(connection);
    return { connection, socket };
  }

  /** Lets time pass, and each connection learn of its deadline. */
  pass(ms: number): void {
    this.clock.now += ms;
    for (const connection of [...this.connections]) if (connection.deadline <= this.clock.now) connection.expired();
  }
}
